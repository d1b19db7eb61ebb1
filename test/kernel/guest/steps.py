"""Takes one step after the other and brings back what the watching program saw of each (test/kernel/steps.ts).

plan.json: what watch.Watch takes, "setup" (shell), "device" to send frames on, "steps" (each {"at": seconds, "frame":
hex} or {"at": seconds, "run": shell}).
report.json: "times", of each step when it began and when it was over, in seconds.
"""
import json
import os
import socket
import subprocess
import sys
import time

sys.path.insert(0, ".")
import watch  # noqa: E402

# A frame that no filter is asked about is waited for this long.
PATIENCE = 0.02


def take(step, sender, seen):
    if "run" in step:
        subprocess.run(["/bin/bash", "-c", step["run"]], check=False)
        return
    sender.send(bytes.fromhex(step["frame"]))
    late = time.monotonic() + PATIENCE
    while not seen() and time.monotonic() < late:
        pass


def main():
    with open("plan.json") as file:
        plan = json.load(file)
    watch.private_network()
    subprocess.run(["/bin/bash", "-ec", plan["setup"]], check=True)
    watching = watch.Watch(plan)
    # A filter's timer is deferrable: it runs late on a processor that sleeps. This one never does.
    os.sched_setaffinity(0, {0})
    sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    sender.bind((plan["device"], 0))
    times = []
    start = time.monotonic()
    for index, step in enumerate(plan["steps"], 1):
        while time.monotonic() - start < step["at"]:
            pass
        watching.put("frame", index)
        began = time.monotonic() - start
        take(step, sender, lambda: watching.get("seen") == index)
        times.append([began, time.monotonic() - start])
        watching.put("frame", 0)
    watching.end()
    with open("report.json", "w") as file:
        json.dump({"times": times}, file)


main()

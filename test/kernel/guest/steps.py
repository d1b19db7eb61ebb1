"""Takes one step after the other and brings back what the watching program saw of each (test/kernel/watch.ts).

plan.json: "setup" (shell), "device" to send frames on, "steps" (each {"at": seconds, "frame": hex} or {"at": seconds,
"run": shell}), "maps" ([entry bytes, entries]), "function" (BTF number), "control" (offsets). program: BPF.
report.json: "times", of each step when it began and when it was over, in seconds.
"""
import json
import os
import socket
import struct
import subprocess
import sys
import time

sys.path.insert(0, ".")
import bpf  # noqa: E402

NEW_NETWORK = 0x40000000
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
    with open("program", "rb") as file:
        program = file.read()
    if bpf.libc.unshare(NEW_NETWORK) != 0:
        raise OSError("unshare")
    for each in ("default", "all"):
        with open(f"/proc/sys/net/ipv6/conf/{each}/disable_ipv6", "w") as file:
            file.write("1")
    subprocess.run(["/bin/bash", "-ec", plan["setup"]], check=True)
    maps = [bpf.Map(*sizes) for sizes in plan["maps"]]
    control, visits, packets = maps
    at = plan["control"]
    for name, address in bpf.secrets().items():
        struct.pack_into("=Q", control.memory, at[name], address)
    link = bpf.attach(program, maps, "cls_flow", plan["function"])
    # A filter's timer is deferrable: it runs late on a processor that sleeps. This one never does.
    os.sched_setaffinity(0, {0})
    sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    sender.bind((plan["device"], 0))
    times = []
    start = time.monotonic()
    for index, step in enumerate(plan["steps"], 1):
        while time.monotonic() - start < step["at"]:
            pass
        struct.pack_into("=Q", control.memory, at["frame"], index)
        began = time.monotonic() - start
        take(step, sender, lambda: struct.unpack_from("=Q", control.memory, at["seen"])[0] == index)
        times.append([began, time.monotonic() - start])
        struct.pack_into("=Q", control.memory, at["frame"], 0)
    os.close(link)
    count = struct.unpack_from("=Q", control.memory, at["visits"])[0]
    for name, content in (
        ("control", control.memory[: control.entry]),
        ("visits", visits.memory[: count * visits.entry]),
        ("packets", packets.memory[: plan["maps"][2][1] * packets.entry]),
    ):
        with open(name, "wb") as file:
            file.write(content)
    with open("report.json", "w") as file:
        json.dump({"times": times}, file)


main()

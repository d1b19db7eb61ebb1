"""Sends frames through filters and brings back what the watching program saw (test/kernel/classify.ts).

plan.json: what watch.Watch takes, "links" (lines for ip -batch), "filters" (lines for tc -batch), "device" to send on,
"sockets" ([uid, gid] of the openers). frames: as watch.frames reads them.
"""
import itertools
import json
import os
import subprocess
import sys
import time

sys.path.insert(0, ".")
import watch  # noqa: E402

# Sent behind all others: the key of the flow hash is drawn when the first packet needs it, and read at a packet's first visit.
LAST_FRAME = 0, 0, 0, bytes(12) + b"\x08\x00" + bytes(46)
# A frame that the kernel throws away before any classifier is waited for this long.
PATIENCE = 0.05


def batch(program, lines):
    done = subprocess.run([*program, "-batch", "-"], input="\n".join(lines).encode() + b"\n", capture_output=True)
    return done.stderr.decode()


def send_all(plan, watching, sockets):
    errors, unseen = [], []
    for index, (mark, priority, number, frame) in enumerate(itertools.chain(watch.frames("frames"), [LAST_FRAME]), 1):
        sender = sockets[number]
        watch.marked(sender, mark, priority)
        watching.put("frame", index)
        try:
            sender.sendto(frame, (plan["device"], 0))
        except OSError as error:
            errors.append([index, error.errno])
        late = None
        while watching.get("seen") != index:
            now = time.monotonic()
            late = late or now + PATIENCE
            if now > late:
                unseen.append(index)
                break
        watching.put("frame", 0)
    return errors, unseen


def main():
    with open("plan.json") as file:
        plan = json.load(file)
    watch.private_network()
    start = time.monotonic()
    said = batch(["ip"], plan["links"]) + batch(["tc", "-force"], plan["filters"])
    filtered = time.monotonic()
    watching = watch.Watch(plan)
    attached = time.monotonic()
    os.sched_setaffinity(0, {0})
    sockets = [watch.opened_by(*ids) for ids in plan["sockets"]]
    errors, unseen = send_all(plan, watching, sockets)
    sent = time.monotonic()
    watching.end()
    seconds = {"filters": filtered - start, "attach": attached - filtered, "send": sent - attached, "write": time.monotonic() - sent}
    with open("report.json", "w") as file:
        json.dump({"said": said, "errors": errors, "unseen": unseen, "seconds": seconds}, file)


main()

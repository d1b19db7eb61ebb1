"""Puts frames past whole setups of filters and actions and brings back what the watching programs saw of each
(test/kernel/chains.ts).

plan.json: what watch.Watch takes, "sockets" ([uid, gid] of the openers), "cases": each {"device": to send on,
"copies": device to count on, "requests": netlink datagrams in hex, "frames": how many of the
frames are its own, "after": datagrams sent when they are through}. frames: as watch.frames reads them.
report.json: of each case "port", "answers" and "after" as control.ask gives them, "copies", and "unseen" frames.
"""
import itertools
import json
import os
import sys
import time

sys.path.insert(0, ".")
import control  # noqa: E402
import watch  # noqa: E402

# Without an address nothing on lo is answered.
DEVICES = (
    control.up(1),
    control.without_address(1, "127.0.0.1", 8),
    control.dummy(b"d0", 7),
    control.dummy(b"d1", 8),
    control.veth(b"v0", 20, b"v1", 21),
    control.up(20),
    control.up(21),
)
# Closing a packet socket waits for all processors, and so would the next setup.
kept = []
# A frame that the kernel throws away before any filter is waited for this long.
PATIENCE = 0.02


def send_all(numbered, device, watching, sockets):
    unseen = []
    for index, (mark, priority, number, frame) in numbered:
        sender = sockets[number]
        watch.marked(sender, mark, priority)
        watching.put("frame", index)
        try:
            sender.sendto(frame, (device, 0))
        except OSError:
            pass
        late = None
        while watching.get("answered") != index:
            now = time.monotonic()
            late = late or now + PATIENCE
            if now > late:
                unseen.append(index)
                break
        watching.put("frame", 0)
    return unseen


def sent_on(device):
    """Packets that a device of this network namespace has sent."""
    with open("/proc/self/net/dev") as file:
        for line in file:
            name, _, figures = line.partition(":")
            if name.strip() == device:
                return int(figures.split()[9])
    raise OSError(f"no device {device}")


def run(case, numbered, watching, owners):
    watch.private_network()
    with control.netlink() as port:
        control.obey(port, *DEVICES)
        answers = [control.ask(port, bytes.fromhex(each)) for each in case["requests"]]
        sockets = [watch.opened_by(*ids) for ids in owners]
        before = sent_on(case["copies"])
        unseen = send_all(itertools.islice(numbered, case["frames"]), case["device"], watching, sockets)
        copies = sent_on(case["copies"]) - before
        kept.extend(sockets)
        after = [control.ask(port, bytes.fromhex(each)) for each in case["after"]]
        return {"port": port.getsockname()[0], "answers": answers, "after": after, "copies": copies, "unseen": unseen}


def main():
    with open("plan.json") as file:
        plan = json.load(file)
    watching = watch.Watch(plan)
    os.sched_setaffinity(0, {0})
    numbered = enumerate(watch.frames("frames"), 1)
    report = [run(case, numbered, watching, plan["sockets"]) for case in plan["cases"]]
    watching.end()
    with open("report.json", "w") as file:
        json.dump(report, file)


main()


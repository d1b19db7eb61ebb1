"""Plays scenes and brings back what the watching programs noted of each step (test/kernel/trace.ts).

plan.json: "scenes" (each {"links": lines for ip -batch, "commands": lines for tc -batch, "steps": [{"frame": hex,
"device", "mark", "priority"} or {"run": shell}], "after": lines for tc -batch}), "attach" (each {"module", "function":
BTF number, "entry", "program": file}), "maps" ([entry bytes, entries]), "control" (offsets).
report.json: of each scene what tc said, what "after" printed, and the errno or exit code of each step.
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
SO_PRIORITY, SO_MARK = 12, 36
# What is sent on lo is received a little later.
ARRIVAL = 0.003


def batch(program, lines):
    """A program is slow to start here: one for all lines."""
    done = subprocess.run([*program, "-batch", "-"], input="\n".join(lines) + "\n", capture_output=True, text=True)
    return done.stdout, done.stderr


def send(step, sender):
    sender.setsockopt(socket.SOL_SOCKET, SO_MARK, struct.pack("=I", step["mark"]))
    sender.setsockopt(socket.SOL_SOCKET, SO_PRIORITY, struct.pack("=I", step["priority"]))
    try:
        sender.sendto(bytes.fromhex(step["frame"]), (step["device"], 0))
    except OSError as error:
        return error.errno
    finally:
        if step["device"] == "lo":
            time.sleep(ARRIVAL)
    return 0


def take(step, sender):
    if "run" in step:
        return subprocess.run(["/bin/bash", "-c", step["run"]], check=False).returncode
    return send(step, sender)


def play(scene, under_way):
    if bpf.libc.unshare(NEW_NETWORK) != 0:
        raise OSError("unshare")
    for each in ("default", "all"):
        with open(f"/proc/sys/net/ipv6/conf/{each}/disable_ipv6", "w") as file:
            file.write("1")
    _, wrong = batch(["ip"], scene["links"])
    if wrong:
        raise OSError(wrong)
    _, said = batch(["tc", "-force"], scene["commands"])
    errnos = []
    # One processor: what it notes is in order, and one call lies wholly in another or beside it.
    os.sched_setaffinity(0, {0})
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as sender:
        for step in scene["steps"]:
            under_way(True)
            errnos.append(take(step, sender))
            under_way(False)
    os.sched_setaffinity(0, range(os.cpu_count()))
    after, _ = batch(["tc"], scene["after"])
    return {"said": said, "errnos": errnos, "after": after}


def main():
    with open("plan.json") as file:
        plan = json.load(file)
    maps = [bpf.Map(*sizes) for sizes in plan["maps"]]
    control, events, packets = maps
    at = plan["control"]
    for name, address in bpf.secrets().items():
        struct.pack_into("=Q", control.memory, at[name], address)
    for each in plan["attach"]:
        with open(each["program"], "rb") as file:
            bpf.attach(file.read(), maps, each["module"], each["function"], each["entry"])
    count = 0

    def under_way(begins):
        nonlocal count
        count += begins
        struct.pack_into("=Q", control.memory, at["frame"], count if begins else 0)

    report = [play(scene, under_way) for scene in plan["scenes"]]
    # The maps count entries that found no room, too.
    noted, copied = (struct.unpack_from("=Q", control.memory, at[name])[0] for name in ("visits", "seen"))
    if noted > events.count or copied >= packets.count:
        raise OverflowError(f"{noted} notes, {copied} packets: more than there is room for")
    for name, content in (
        ("control", control.memory[: control.entry]),
        ("events", events.memory[: noted * events.entry]),
        ("packets", packets.memory[: (copied + 1) * packets.entry]),
    ):
        with open(name, "wb") as file:
            file.write(content)
    with open("report.json", "w") as file:
        json.dump({"scenes": report}, file)


main()

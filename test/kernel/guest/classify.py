"""Sends frames through filters and brings back what the watching program saw (test/kernel/watch.ts).

plan.json: "links" (lines for ip -batch), "filters" (lines for tc -batch), "device" to send on, "sockets" ([uid, gid]
of the openers), "maps" ([entry bytes, entries]), "function" (BTF number), "control" (offsets). program: BPF.
frames: of each its length, mark, priority and socket (four words), then its bytes.
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
# Sent behind all others: the key of the flow hash is drawn when the first packet needs it, and read at a packet's first visit.
LAST_FRAME = bytes(12) + b"\x08\x00" + bytes(46)
# A frame that the kernel throws away before any classifier is waited for this long.
PATIENCE = 0.05


def batch(program, lines):
    done = subprocess.run([*program, "-batch", "-"], input="\n".join(lines).encode() + b"\n", capture_output=True)
    return done.stderr.decode()


def opened_by(uid, gid):
    """A packet socket whose file belongs to somebody: the credentials of the file system count."""
    bpf.libc.setfsgid(gid)
    bpf.libc.setfsuid(uid)
    made = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    bpf.libc.setfsuid(0)
    bpf.libc.setfsgid(0)
    return made


def frames():
    with open("frames", "rb") as file:
        data = file.read()
    at = 0
    while at < len(data):
        length, mark, priority, number = struct.unpack_from("=4I", data, at)
        yield mark, priority, number, data[at + 16 : at + 16 + length]
        at += 16 + length
    yield 0, 0, 0, LAST_FRAME


def send_all(plan, control, sockets):
    at = plan["control"]
    memory = control.memory
    errors, unseen = [], []
    for index, (mark, priority, number, frame) in enumerate(frames(), 1):
        sender = sockets[number]
        sender.setsockopt(socket.SOL_SOCKET, SO_MARK, struct.pack("=I", mark))
        sender.setsockopt(socket.SOL_SOCKET, SO_PRIORITY, struct.pack("=I", priority))
        struct.pack_into("=Q", memory, at["frame"], index)
        try:
            sender.sendto(frame, (plan["device"], 0))
        except OSError as error:
            errors.append([index, error.errno])
        late = None
        while struct.unpack_from("=Q", memory, at["seen"])[0] != index:
            now = time.monotonic()
            late = late or now + PATIENCE
            if now > late:
                unseen.append(index)
                break
        struct.pack_into("=Q", memory, at["frame"], 0)
    return errors, unseen


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
    start = time.monotonic()
    said = batch(["ip"], plan["links"]) + batch(["tc", "-force"], plan["filters"])
    filtered = time.monotonic()
    maps = [bpf.Map(*sizes) for sizes in plan["maps"]]
    control, visits, packets = maps
    at = plan["control"]
    for name, address in bpf.secrets().items():
        struct.pack_into("=Q", control.memory, at[name], address)
    link = bpf.attach(program, maps, "cls_flow", plan["function"])
    attached = time.monotonic()
    os.sched_setaffinity(0, {0})
    sockets = [opened_by(*ids) for ids in plan["sockets"]]
    errors, unseen = send_all(plan, control, sockets)
    sent = time.monotonic()
    os.close(link)
    count = struct.unpack_from("=Q", control.memory, at["visits"])[0]
    for name, content in (
        ("control", control.memory[: control.entry]),
        ("visits", visits.memory[: count * visits.entry]),
        ("packets", packets.memory[: plan["maps"][2][1] * packets.entry]),
    ):
        with open(name, "wb") as file:
            file.write(content)
    seconds = {"filters": filtered - start, "attach": attached - filtered, "send": sent - attached, "write": time.monotonic() - sent}
    with open("report.json", "w") as file:
        json.dump({"said": said, "errors": errors, "unseen": unseen, "seconds": seconds}, file)


main()

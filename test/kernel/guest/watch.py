"""Watching programs at work (test/kernel/watch.ts), and the private network that they watch."""
import os
import socket
import struct

import bpf

NEW_NETWORK = 0x40000000
SO_PRIORITY, SO_MARK = 12, 36


def private_network():
    """A network namespace of our own in which nothing is sent but by us."""
    if bpf.libc.unshare(NEW_NETWORK) != 0:
        raise OSError("unshare")
    for each in ("default", "all"):
        with open(f"/proc/sys/net/ipv6/conf/{each}/disable_ipv6", "w") as file:
            file.write("1")


def opened_by(uid, gid):
    """A packet socket whose file belongs to somebody: the credentials of the file system count."""
    bpf.libc.setfsgid(gid)
    bpf.libc.setfsuid(uid)
    made = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    bpf.libc.setfsuid(0)
    bpf.libc.setfsgid(0)
    return made


def marked(sender, mark, priority):
    sender.setsockopt(socket.SOL_SOCKET, SO_MARK, struct.pack("=I", mark))
    sender.setsockopt(socket.SOL_SOCKET, SO_PRIORITY, struct.pack("=I", priority))


def frames(name):
    """Of each frame its length, mark, priority and socket (four words), then its bytes."""
    with open(name, "rb") as file:
        data = file.read()
    at = 0
    while at < len(data):
        length, mark, priority, number = struct.unpack_from("=4I", data, at)
        yield mark, priority, number, data[at + 16 : at + 16 + length]
        at += 16 + length


class Watch:
    """plan: "maps" (of each its name, bytes of an entry, entries), "programs" (of each its "file", the "module" it is
    attached in, the "function", and whether at its "entry"), "control" (offsets in the first map)."""

    def __init__(self, plan):
        self.names = [name for name, _, _ in plan["maps"]]
        self.maps = [bpf.Map(*sizes) for _, *sizes in plan["maps"]]
        self.at = plan["control"]
        for name, address in bpf.secrets().items():
            self.put(name, address)
        self.links = [self.attach(**program) for program in plan["programs"]]

    def attach(self, file, module, function, entry):
        with open(file, "rb") as program:
            return bpf.attach(program.read(), self.maps, module, function, entry)

    def put(self, name, value):
        struct.pack_into("=Q", self.maps[0].memory, self.at[name], value)

    def get(self, name):
        return struct.unpack_from("=Q", self.maps[0].memory, self.at[name])[0]

    def end(self):
        """Nothing more is watched; every map becomes a file, that of visits as far as it was written."""
        for link in self.links:
            os.close(link)
        for name, each in zip(self.names, self.maps):
            count = self.get("visits") if name == "visits" else each.count
            with open(name, "wb") as file:
                file.write(each.memory[: count * each.entry])

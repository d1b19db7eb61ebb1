"""Prints, in hex, what the kernel lists of the devices and parents given: `dumps.py d1 1: 1:10 d2 ffff:fff2`.

One line a message, in order: qdiscs and classes of each device, then the filters of each of its parents. Sequence
numbers and ports are left out: type, flags and payload only.
"""
import socket
import struct
import sys

SOL_NETLINK, NETLINK_EXT_ACK = 270, 11
GETQDISC, GETTCLASS, GETTFILTER = 38, 42, 46
REQUEST, DUMP = 1, 0x300
ERROR, DONE = 2, 3


def dump(port, kind, index, parent):
    payload = struct.pack("=BxHiIII", 0, 0, index, 0, parent, 0)
    port.send(struct.pack("=IHHII", 16 + len(payload), kind, REQUEST | DUMP, 1, 0) + payload)
    while True:
        data = port.recv(1 << 18)
        while data:
            length, type_, flags = struct.unpack_from("=IHH", data)
            if type_ in (ERROR, DONE):
                return
            if struct.unpack_from("=i", data, 20)[0] == index:
                print(kind, type_, flags, data[16:length].hex())
            data = data[(length + 3) & ~3:]


def classid(text):
    major, minor = text.split(":")
    return int(major, 16) << 16 | int(minor or "0", 16)


with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as port:
    port.setsockopt(SOL_NETLINK, NETLINK_EXT_ACK, 1)
    index = 0
    for word in sys.argv[1:]:
        if ":" in word:
            dump(port, GETTFILTER, index, classid(word))
        else:
            index = socket.if_nametoindex(word)
            dump(port, GETQDISC, index, 0)
            dump(port, GETTCLASS, index, 0)

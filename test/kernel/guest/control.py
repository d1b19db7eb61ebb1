"""Sends netlink datagrams, each session in a network namespace of its own, and brings back what was answered.

sessions.json: lists of datagrams in hex. There are lo, and two dummy devices d0 (index 7) and d1 (index 8), all up.
answers.json: "ports", the sender's netlink port in each session, and "answers": of each datagram, in hex, or the number
of the error if it could not be sent.
"""
import json
import socket
import struct

import ctypes

NEW_NETWORK = 0x40000000
SOL_NETLINK, NETLINK_EXT_ACK = 270, 11
NEWLINK, REQUEST, ACK, EXCL, CREATE = 16, 1, 4, 0x200, 0x400
IFF_UP = 1
IFLA_IFNAME, IFLA_LINKINFO, IFLA_INFO_KIND = 3, 18, 1
libc = ctypes.CDLL(None, use_errno=True)


def attribute(number, payload):
    return struct.pack("=HH", len(payload) + 4, number) + payload + bytes(-len(payload) % 4)


def link(flags, index, attributes=b""):
    payload = struct.pack("=BxHiII", 0, 0, index, IFF_UP, IFF_UP) + attributes
    return struct.pack("=IHHII", len(payload) + 16, NEWLINK, REQUEST | ACK | flags, 1, 0) + payload


def dummy(name, index):
    info = attribute(IFLA_LINKINFO, attribute(IFLA_INFO_KIND, b"dummy"))
    return link(CREATE | EXCL, index, attribute(IFLA_IFNAME, name + b"\0") + info)


def netlink():
    made = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
    made.setsockopt(SOL_NETLINK, NETLINK_EXT_ACK, 1)
    made.bind((0, 0))
    return made


def ask(port, datagram):
    """Everything is answered while it is sent, and what a dump has left while the rest is received."""
    try:
        port.send(datagram)
    except OSError as error:
        return error.errno
    answers = []
    while True:
        try:
            answers.append(port.recv(1 << 18, socket.MSG_DONTWAIT).hex())
        except BlockingIOError:
            return answers


def session(datagrams):
    if libc.unshare(NEW_NETWORK) != 0:
        raise OSError("unshare")
    with netlink() as port:
        for request in (link(0, 1), dummy(b"d0", 7), dummy(b"d1", 8)):
            port.send(request)
            if struct.unpack_from("=i", port.recv(65536), 16)[0] != 0:
                raise OSError("a device cannot be made")
        return port.getsockname()[0], [ask(port, bytes.fromhex(each)) for each in datagrams]


def main():
    with open("sessions.json") as file:
        done = [session(datagrams) for datagrams in json.load(file)]
    with open("answers.json", "w") as file:
        json.dump({"ports": [port for port, _ in done], "answers": [answers for _, answers in done]}, file)


main()

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
NEWLINK, DELADDR, REQUEST, ACK, EXCL, CREATE = 16, 21, 1, 4, 0x200, 0x400
IFF_UP = 1
IFLA_IFNAME, IFLA_LINKINFO, IFLA_INFO_KIND, IFLA_INFO_DATA, VETH_INFO_PEER, IFA_LOCAL = 3, 18, 1, 2, 1, 2
libc = ctypes.CDLL(None, use_errno=True)


def attribute(number, payload):
    return struct.pack("=HH", len(payload) + 4, number) + payload + bytes(-len(payload) % 4)


def message(kind, flags, payload):
    return struct.pack("=IHHII", len(payload) + 16, kind, REQUEST | ACK | flags, 1, 0) + payload


def interface(index, flags=IFF_UP):
    return struct.pack("=BxHiII", 0, 0, index, flags, flags)


def up(index):
    return message(NEWLINK, 0, interface(index))


def device(header, name, kind, data=b""):
    info = attribute(IFLA_LINKINFO, attribute(IFLA_INFO_KIND, kind) + data)
    return message(NEWLINK, CREATE | EXCL, header + attribute(IFLA_IFNAME, name + b"\0") + info)


def dummy(name, index):
    return device(interface(index), name, b"dummy")


def veth(name, index, peer, peer_index):
    """Both ends are down: neither can be up before the other is there."""
    other = interface(peer_index, 0) + attribute(IFLA_IFNAME, peer + b"\0")
    return device(interface(index, 0), name, b"veth", attribute(IFLA_INFO_DATA, attribute(VETH_INFO_PEER, other)))


def without_address(index, address, prefix):
    payload = struct.pack("=BBBBI", socket.AF_INET, prefix, 0, 0, index)
    return message(DELADDR, 0, payload + attribute(IFA_LOCAL, socket.inet_aton(address)))


def netlink():
    made = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
    made.setsockopt(SOL_NETLINK, NETLINK_EXT_ACK, 1)
    made.bind((0, 0))
    return made


def obey(port, *requests):
    for request in requests:
        port.send(request)
        errno = -struct.unpack_from("=i", port.recv(65536), 16)[0]
        if errno != 0:
            raise OSError(errno, f"refused: {request.hex()}")


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
        obey(port, up(1), dummy(b"d0", 7), dummy(b"d1", 8))
        return port.getsockname()[0], [ask(port, bytes.fromhex(each)) for each in datagrams]


def main():
    with open("sessions.json") as file:
        done = [session(datagrams) for datagrams in json.load(file)]
    with open("answers.json", "w") as file:
        json.dump({"ports": [port for port, _ in done], "answers": [answers for _, answers in done]}, file)


if __name__ == "__main__":
    main()

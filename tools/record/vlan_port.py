#!/usr/bin/env python3
"""One access port of a VLAN switch: `vlan_port.py TRUNK ACCESS VID`.

Frames that come in on ACCESS leave on TRUNK with an 802.1Q tag; frames with that tag on TRUNK leave on ACCESS without.
A program, because many small kernels have neither VLAN devices nor VLAN filtering in the bridge.
"""
import select
import socket
import struct
import sys

ETH_P_ALL = 3
ETH_P_8021Q = 0x8100
SOL_PACKET, PACKET_AUXDATA = 263, 8
TP_STATUS_VLAN_VALID = 0x10
AUXDATA = struct.Struct("=IIIHHHH")  # struct tpacket_auxdata: status len snaplen mac net vlan_tci vlan_tpid


def open_port(name: str) -> socket.socket:
    port = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    port.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
    port.bind((name, ETH_P_ALL))
    return port


def receive(port: socket.socket) -> tuple[bytes, int | None]:
    """A frame without its outermost tag, and that tag's VLAN; no frame when it is one that we sent."""
    frame, ancillary, _, sender = port.recvmsg(2048, 64)
    if sender[2] == socket.PACKET_OUTGOING:
        return b"", None
    for level, kind, data in ancillary:  # the kernel takes the tag out of the frame on reception
        if (level, kind) == (SOL_PACKET, PACKET_AUXDATA):
            status, _, _, _, _, tci, _ = AUXDATA.unpack(data[: AUXDATA.size])
            if status & TP_STATUS_VLAN_VALID:
                return frame, tci & 0xFFF
    return frame, None


def main() -> None:
    trunk, access, vid = open_port(sys.argv[1]), open_port(sys.argv[2]), int(sys.argv[3])
    tag = struct.pack("!HH", ETH_P_8021Q, vid)
    while True:
        for port in select.select([trunk, access], [], [])[0]:
            frame, vlan = receive(port)
            if frame and port is access and vlan is None:
                trunk.send(frame[:12] + tag + frame[12:])
            elif frame and port is trunk and vlan == vid:
                access.send(frame)


main()

"""Runs each case of cases.json (a list of {"setup": [command…], "commands": [{"command", "batch": lines, if it reads
any}…]}) in a network namespace of its own, with the dummy devices d0 (index 7) and d1 (8) up.

answers.json: of each case [exit, stdout, stderr, netlink] of each command, where netlink is what a tap saw: ["send" or
"recv", hex] in order, without the questions for names of devices.
"""
import ctypes
import json
import shlex
import socket
import struct
import subprocess

NEW_NETWORK = 0x40000000
LINKS = "".join(
    f"link add {name} index {index} type {kind}\nlink set {name} up\n"
    for name, index, kind in (("d0", 7, "dummy"), ("d1", 8, "dummy"), ("tap", 1000, "nlmon"))
)
ETH_P_ALL = 3
# NLM_F_REQUEST: only what is sent has it, and it is all that tells; a packet socket calls both ways outgoing.
REQUEST = 1
GETLINK = 18
libc = ctypes.CDLL(None, use_errno=True)


def tap():
    made = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    made.bind(("tap", ETH_P_ALL))
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    made.setblocking(False)
    return made


def tapped(port):
    found, wanted = [], False
    while True:
        try:
            data = port.recv(1 << 18)
        except BlockingIOError:
            return found
        kind, flags = struct.unpack_from("=HH", data, 4)
        if flags & REQUEST:
            wanted = kind != GETLINK
        if wanted:
            found.append(["send" if flags & REQUEST else "recv", data.hex()])


def tc(told, port):
    lines = "".join(f"{line}\n" for line in told.get("batch", []))
    done = subprocess.run(shlex.split(told["command"]), input=lines, capture_output=True, text=True)
    return [done.returncode, done.stdout, done.stderr, tapped(port)]


def answers(case):
    if libc.unshare(NEW_NETWORK) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    # Nothing may pass that nobody sent.
    with open("/proc/sys/net/ipv6/conf/default/disable_ipv6", "w") as file:
        file.write("1")
    subprocess.run(["ip", "-batch", "-"], input=LINKS, text=True, check=True)
    for command in case["setup"]:
        subprocess.run(shlex.split(command), check=True)
    with tap() as port:
        return [tc(command, port) for command in case["commands"]]


with open("cases.json") as file:
    done = [answers(case) for case in json.load(file)]
with open("answers.json", "w") as file:
    json.dump(done, file)

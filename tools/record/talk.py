#!/usr/bin/env python3
"""The small talkers of the household: an IRC client that chats, a time server and a client that asks it.

talk.py chat SERVER NICK LINES SECONDS-BETWEEN | talk.py time-server ADDRESS | talk.py time SERVER
"""
import select
import socket
import struct
import sys
import time

NTP_PORT = 123
NTP_EPOCH = 2208988800  # 1900 to 1970, RFC 5905
SAYINGS = ["good morning", "is there any tea left?", "yes", "the cat sleeps on the router again", "ok", "see you at noon"]


def chat(server: str, nick: str, lines: str, pause: str) -> None:
    """Joins #household, says LINES things and leaves; answers the server's PING (RFC 1459)."""
    with socket.create_connection((server, 6667)) as irc:
        irc.sendall(f"NICK {nick}\r\nUSER {nick} 0 * :{nick}\r\n".encode())
        listen(irc, 0.5)
        irc.sendall(b"JOIN #household\r\n")
        listen(irc, 0.5)
        for number in range(int(lines)):
            irc.sendall(f"PRIVMSG #household :{SAYINGS[(number + len(nick)) % len(SAYINGS)]}\r\n".encode())
            listen(irc, float(pause))
        irc.sendall(b"QUIT :bye\r\n")
        listen(irc, 0.5)


def listen(irc: socket.socket, seconds: float) -> None:
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        if not select.select([irc], [], [], left)[0]:
            continue
        heard = irc.recv(4096)
        if not heard:
            return
        for line in heard.split(b"\r\n"):
            if line.startswith(b"PING "):
                irc.sendall(b"PONG " + line[5:] + b"\r\n")


def ntp_now() -> bytes:
    seconds, fraction = divmod(time.time_ns(), 10**9)
    return struct.pack("!II", seconds + NTP_EPOCH, (fraction << 32) // 10**9)


def time_server(address: str) -> None:
    """RFC 5905 mode 4, stratum 1, reference LOCL."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as clock:
        clock.bind((address, NTP_PORT))
        while True:
            question, asker = clock.recvfrom(512)
            now = ntp_now()
            head = struct.pack("!BBbbII4s", 0x24, 1, 6, -20, 0, 0, b"LOCL")
            clock.sendto(head + now + question[40:48] + now + now, asker)


def ask_time(server: str) -> None:
    """RFC 5905 mode 3, four times, from port 123 as the old daemons do: two hosts at once make the router change a port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        asker.bind(("", NTP_PORT))
        asker.settimeout(2)
        for _ in range(4):
            asker.sendto(struct.pack("!B39x", 0x23) + ntp_now(), (server, NTP_PORT))
            asker.recv(512)
            time.sleep(1)


{"chat": chat, "time-server": time_server, "time": ask_time}[sys.argv[1]](*sys.argv[2:])

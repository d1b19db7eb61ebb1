"""Real programs' traffic: `talk.py serve` answers whatever comes to the ports below; `talk.py JSON` says something.

JSON: {"protocol": "udp" or "tcp", "to": address, "port", and where wanted "from": address, "fromPort", "uid", "gid",
"mark", "priority", "bytes"}. One answer is waited for.
"""
import json
import os
import selectors
import socket
import sys

SO_PRIORITY, SO_MARK = 12, 36
TCP_PORTS, UDP_PORTS = [80], [53, 9999]
PATIENCE = 1.0


def serve():
    ready = selectors.DefaultSelector()
    for kind, ports in ((socket.SOCK_STREAM, TCP_PORTS), (socket.SOCK_DGRAM, UDP_PORTS)):
        for port in ports:
            listener = socket.socket(socket.AF_INET6, kind)
            listener.bind(("::", port))
            if kind == socket.SOCK_STREAM:
                listener.listen()
            ready.register(listener, selectors.EVENT_READ)
    while True:
        for key, _ in ready.select():
            answer(key.fileobj)


def answer(listener):
    if listener.type == socket.SOCK_DGRAM:
        data, sender = listener.recvfrom(1 << 16)
        listener.sendto(data, sender)
        return
    connection, _ = listener.accept()
    with connection:
        connection.sendall(connection.recv(1 << 16))


def talk(told):
    os.setgroups([])
    os.setegid(told.get("gid", 0))
    os.seteuid(told.get("uid", 0))
    family = socket.AF_INET6 if ":" in told["to"] else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM if told["protocol"] == "tcp" else socket.SOCK_DGRAM)
    os.seteuid(0)
    made.setsockopt(socket.SOL_SOCKET, SO_MARK, told.get("mark", 0))
    made.setsockopt(socket.SOL_SOCKET, SO_PRIORITY, told.get("priority", 0))
    made.settimeout(PATIENCE)
    if "from" in told or "fromPort" in told:
        made.bind((told.get("from", ""), told.get("fromPort", 0)))
    try:
        made.connect((told["to"], told["port"]))
        made.send(b"x" * told.get("bytes", 20))
        made.recv(1 << 16)
    except OSError:
        pass  # nobody answers, or somebody says so: that is what was wanted


if sys.argv[1] == "serve":
    serve()
else:
    talk(json.loads(sys.argv[1]))

"""One TCP connection at a time, as fast as it goes.

throughput.py sink DEV COUNT          takes COUNT connections; prints what came by the device each time, in bits per second
throughput.py send HOST SECONDS COUNT makes them
"""

import socket
import sys
import time

PORT = 5000
# What a connection needs to come up to speed, and what the bucket holds at first, are not counted.
SETTLING = 1.0


def received(dev):
    with open(f"/sys/class/net/{dev}/statistics/rx_bytes") as file:
        return int(file.read())


def sink(dev, count):
    listener = socket.create_server(("0.0.0.0", PORT))
    print("listening", file=sys.stderr, flush=True)
    for _ in range(count):
        connection, _ = listener.accept()
        start = first = time.monotonic()
        bytes_before = None
        last, bytes_last = first, 0
        while connection.recv(1 << 16):
            now = time.monotonic()
            if bytes_before is None and now - start >= SETTLING:
                first, bytes_before = now, received(dev)
            last, bytes_last = now, received(dev)
        connection.close()
        print(round(8 * (bytes_last - (bytes_before or 0)) / (last - first)), flush=True)


def send(host, seconds, count):
    for _ in range(count):
        with socket.create_connection((host, PORT)) as connection:
            # What is written when the time is over has to pass, too.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 16)
            end = time.monotonic() + SETTLING + seconds
            while time.monotonic() < end:
                connection.sendall(bytes(1 << 14))


if sys.argv[1] == "sink":
    sink(sys.argv[2], int(sys.argv[3]))
else:
    send(sys.argv[2], float(sys.argv[3]), int(sys.argv[4]))

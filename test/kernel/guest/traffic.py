"""Sends a UDP datagram from each port FIRST … FIRST + COUNT - 1 to ADDRESS: `traffic.py ADDRESS FIRST COUNT`."""
import socket
import sys

address, first, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
for port in range(first, first + count):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.bind(("", port))
        sender.sendto(b"x" * (port % 100), (address, 9))

"""Runs a command with a terminal of 80 x 40 as its standard output, which is kept in a file: `pty_run.py FILE COMMAND…`."""
import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios

ours, its = pty.openpty()
fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 80, 0, 0))
child = subprocess.Popen(sys.argv[2:], stdout=its, stderr=its)
os.close(its)
with open(sys.argv[1], "wb", buffering=0) as screen:
    while True:
        try:
            data = os.read(ours, 1 << 16)
        except OSError:
            break
        if not data:
            break
        screen.write(data)
sys.exit(child.wait())

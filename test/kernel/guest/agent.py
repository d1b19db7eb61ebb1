"""The guest's only program of its own: takes jobs on the second serial port and says when each is done.

A line "NAME SECONDS" asks for the job in /run/share/NAME: its file "job" is run there, as Python if it starts like
that, else by the shell, with its output in "stdout" and "stderr". The answer is "done NAME EXIT".
"""
import os
import runpy
import signal
import subprocess
import sys
import traceback
import tty

# Loaded once, here: every job of ours needs them, and reading them through the shared root takes its time.
import ctypes, json, mmap, socket, struct, time  # noqa: E401, F401

SHARE = "/run/share"
TIMED_OUT = 124


def run(name, seconds):
    folder = os.path.join(SHARE, name)
    pid = os.fork()
    if pid == 0:
        os.setsid()
        os.chdir(folder)
        sys.stdout = open("stdout", "w", buffering=1)
        sys.stderr = open("stderr", "w", buffering=1)
        os.dup2(sys.stdout.fileno(), 1)
        os.dup2(sys.stderr.fileno(), 2)
        os._exit(code_of(job))
    signal.signal(signal.SIGALRM, lambda *_: os.killpg(pid, signal.SIGKILL))
    signal.alarm(seconds)
    _, status = os.waitpid(pid, 0)
    left = signal.alarm(0)
    if os.WIFSIGNALED(status) and left == 0:
        return TIMED_OUT
    return os.waitstatus_to_exitcode(status)


def job():
    with open("job") as file:
        python = file.readline().startswith('"""')
    if python:
        runpy.run_path("job", run_name="__main__")
        return 0
    return subprocess.run(["/bin/sh", "job"]).returncode


def code_of(work):
    try:
        code = work()
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    return code


def main():
    port = os.open("/dev/ttyS1", os.O_RDWR | os.O_NOCTTY)
    tty.setraw(port)
    lines = os.fdopen(port, "r+b", buffering=0)
    lines.write(b"ready\n")
    while True:
        words = lines.readline().decode().split()
        if len(words) == 2:
            code = run(words[0], int(words[1]))
            lines.write(f"done {words[0]} {code}\n".encode())


main()

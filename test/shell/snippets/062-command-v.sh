#!/bin/sh
if command -v tc >/dev/null 2>&1; then
  TC=$(command -v tc)
else
  echo "no tc" >&2; exit 1
fi
"$TC" qdisc add dev eth0 root handle 1: htb
$(command -v no-such-shaper) tc class show dev eth0
command -v start >/dev/null || start() { tc class add dev eth0 parent 1: classid 1:1 htb rate 1mbit; }
start
command -v start && tc qdisc show dev eth0

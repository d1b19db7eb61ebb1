#!/bin/sh
# Every call is counted and goes on.
calls=0
tc() {
  calls=$((calls + 1))
  command tc "$@" || echo "tc $* failed" >&2
}
tc qdisc del dev eth0 root
tc qdisc add dev eth0 root handle 1: htb
tc class add dev eth0 parent 1: classid 1:$calls htb rate 1mbit
ip() { command ip -4 "$@"; }
ip link set eth0 up

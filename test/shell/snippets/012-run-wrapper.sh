#!/bin/sh
# args: -v
VERBOSE=0
[ "$1" = "-v" ] && VERBOSE=1
run() {
  [ $VERBOSE -eq 1 ] && echo "+ $*"
  "$@"
}
run tc qdisc add dev eth0 root handle 1: prio
run tc filter add dev eth0 parent 1: protocol ip prio 1 u32 match ip tos 0x10 0xff flowid "1:1"
run ip link set dev eth0 txqueuelen 100

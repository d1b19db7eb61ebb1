#!/bin/sh
DEV=eth0
RATE=8
tc -batch - <<EOF
qdisc add dev $DEV root handle 1: htb default 10
class add dev $DEV parent 1: classid 1:10 htb rate ${RATE}mbit ceil $((RATE * 2))mbit
# the leaf
qdisc add dev $DEV parent 1:10 handle 10: $(echo fq_codel)
EOF

#!/bin/sh
DEV=eth0
tc qdisc del dev $DEV root >/dev/null 2>&1 && echo gone || tc qdisc show dev $DEV
tc qdisc add dev $DEV root handle 1: htb && tc class add dev $DEV parent 1: classid 1:1 htb rate 5mbit || exit 1
true && ! false && tc class show dev $DEV
false && tc class del dev $DEV classid 1:1
! tc qdisc del dev $DEV ingress && { tc qdisc add dev $DEV handle ffff: ingress; echo "status $?"; }

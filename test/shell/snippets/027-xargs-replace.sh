#!/bin/sh
# The same line for every band, then for every host.
DEV=eth0
seq 1 3 | xargs -I{} tc qdisc add dev $DEV parent 1:{} handle {}0: pfifo limit 50
printf '%s\n' '10.1.0.1' '10.1.0.2' | xargs -I % tc filter add dev $DEV parent 1: protocol ip prio 1 u32 match ip dst %/32 flowid 1:1

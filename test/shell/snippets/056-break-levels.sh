#!/bin/bash
for dev in eth0 eth1 eth2; do
  for id in 1 2 3; do
    [ $dev-$id = eth0-2 ] && continue 2
    [ $dev-$id = eth1-3 ] && break 2
    tc class add dev $dev parent 1: classid 1:$id htb rate ${id}mbit
  done
  tc qdisc show dev $dev
done
while :; do while true; do break 5; done; tc class show dev eth0; done
tc filter show dev $dev

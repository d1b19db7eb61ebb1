#!/bin/sh
# One leaf for each class of an htb tree.
DEV=eth0
tc qdisc add dev $DEV root handle 1: htb default 30
for id in 10 20 30; do
  tc class add dev $DEV parent 1: classid 1:$id htb rate ${id}mbit
  tc qdisc add dev $DEV parent 1:$id handle $id: sfq perturb 10
done
tc filter add dev $DEV parent 1: protocol ip prio 1 u32 match ip dport 22 0xffff flowid 1:10

#!/bin/bash
# A u32 hash table: one bucket for each host of 10.0.3.0/28.
DEV=eth0 NET=10.0.3
tc filter add dev $DEV parent 1: prio 5 protocol ip u32
tc filter add dev $DEV parent 1: prio 5 handle 2: protocol ip u32 divisor 16
for host in $(seq 0 15); do
  [ $(( host % 5 )) -eq 0 ] || continue
  bucket=$(printf '%x' "$host")
  tc filter add dev $DEV parent 1: protocol ip prio 5 u32 ht 2:$bucket: match ip src $NET.$host flowid 1:$(( host + 1 ))
done
tc filter add dev $DEV parent 1: protocol ip prio 5 u32 ht 800:: match ip src $NET.0/28 hashkey mask 0x0f at 12 link 2:

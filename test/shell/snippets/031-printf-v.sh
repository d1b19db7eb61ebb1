#!/bin/bash
for host in 5 15 255; do
  printf -v id '%x' "$host"
  printf -v ip '10.%d.%d.%d' 0 7 $host
  tc filter add dev eth0 parent 1: protocol ip prio 1 u32 match ip dst $ip flowid 1:$id
done
printf -v handle '%03d' 7
tc qdisc add dev eth0 parent 1:5 handle $handle: bfifo

#!/bin/bash
leaf=([10]=sfq [20]=fq_codel [30]="pfifo limit 64")
for id in "${!leaf[@]}"; do
  tc qdisc add dev eth0 parent 1:$id handle $id: ${leaf[$id]}
done
leaf[5]=red
echo "${#leaf[@]} leaves, the last is ${leaf[-1]}"
tc qdisc add dev eth0 parent 1:5 ${leaf[5]} limit 1000 avpkt 100
tc class add dev eth0 parent 1: classid 1:${#leaf[30]} htb rate 1mbit

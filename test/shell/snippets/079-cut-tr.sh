#!/bin/sh
spec="10:voice,20:web,30:bulk"
for s in $(echo $spec | tr ',' ' '); do
  id=$(echo $s | cut -d: -f1)
  name=$(echo $s | cut -d: -f2 | tr a-z A-Z)
  len=$(printf %s "$name" | wc -c)
  tc class add dev eth0 parent 1: classid 1:$id htb rate $((len))mbit
  [ "$name" = WEB ] && tc qdisc add dev eth0 parent 1:$id sfq
done
digits=$(echo "100Mbit/s" | tr -cd 0-9)
tc class change dev eth0 classid 1:10 htb rate ${digits}mbit

#!/bin/bash
n=0
while IFS=' ' read -r ip rate; do
  (( ++n ))
  tc class add dev eth0 parent 1: classid 1:$n htb rate $rate
  tc filter add dev eth0 parent 1: protocol ip prio 1 u32 match ip dst $ip flowid 1:$n
done < <(sort -t. -k4n files/rates.txt)
tc class add dev eth0 parent 1: classid 1:$((n + 1)) htb rate 1mbit
tc -batch <(echo "qdisc show dev eth0")

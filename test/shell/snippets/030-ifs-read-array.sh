#!/bin/bash
IFS=, read -r -a nets <<< "10.0.0.0/24,10.0.1.0/24,10.0.2.0/23"
n=1
for net in "${nets[@]}"; do
  tc filter add dev eth0 parent 1: protocol ip prio $n u32 match ip src "$net" flowid 1:$((n++))
done
echo ${#nets[@]} nets
IFS=:
set -- 1:10:5mbit
set -- $1
tc class add dev eth0 parent "$1": classid "$1:$2" htb rate "$3"

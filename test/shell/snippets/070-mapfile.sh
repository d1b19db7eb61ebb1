#!/bin/bash
mapfile -t hosts < files/hosts.txt
echo "${#hosts[@]} hosts"
for k in "${!hosts[@]}"; do
  h=${hosts[k]%%#*}
  h=${h//[[:space:]]/}
  [[ -z $h ]] && continue
  tc filter add dev eth0 parent 1: protocol ip prio 1 u32 match ip dst $h flowid 1:$((k + 10))
done
readarray -t parts < <(printf '%s\n' one 'two words')
tc qdisc add dev "${parts[1]}" root sfq

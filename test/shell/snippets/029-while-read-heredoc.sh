#!/bin/sh
while read id rate prio; do
  [ -z "$id" ] && continue
  tc class add dev eth0 parent 1:1 classid 1:$id htb rate $rate prio $prio
done <<EOF
10 1mbit 0
20 5mbit 1

30 2mbit 2 3
EOF

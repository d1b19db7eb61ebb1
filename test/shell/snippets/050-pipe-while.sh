#!/bin/bash
# The loop runs in a shell of its own: its count is lost.
count=0
printf '10 voice\n20 web\n' | while read -r id name; do
  count=$((count + 1))
  tc class add dev eth0 parent 1: classid 1:$id htb rate ${count}mbit
done
tc class add dev eth0 parent 1: classid 1:99 htb rate 1mbit prio $count

#!/bin/bash
iface=3 user=5
mark=$((iface << 8 | user))
mask=$(( ~0 & 0xffff ))
tc filter add dev eth0 parent 1: prio 1 handle $(printf '0x%x/0x%x' $mark $mask) fw classid 1:$((user ^ 1))
for ((bit = 1; bit < 40; bit <<= 1)); do
  (( mark & bit )) && tc class add dev eth0 parent 1: classid 1:$bit htb rate 1mbit
done
tc class add dev eth0 parent 1: classid 1:$((2**5 % 7))$((-7 / 2 + 9)) htb rate $(( (1 << 10) - 24 ))kbit

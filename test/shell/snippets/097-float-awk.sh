#!/bin/bash
# The shell does not know fractions: awk does.
up=8.5
for pct in 20 50; do
  r=$(awk -v u="$up" -v p=$pct 'BEGIN { printf "%.2f", u * p / 100 }')
  tc class add dev eth0 parent 1: classid 1:$pct htb rate ${r}mbit
done
r=$(echo "$up" | awk '{ print int($1 * 1000 / 8) }')
tc class add dev eth0 parent 1: classid 1:1 htb rate $r$(awk 'BEGIN { print "kbit" }') burst $((r / 100 + 1))k
tc class add dev eth0 parent 1: classid 1:2 htb rate $(echo 3 7 | awk '{ s = 0; for (i = 1; i <= NF; i++) s += $i; print s }')mbit

#!/bin/bash
for speed in 5 50 500; do
  q=$(( speed < 10 ? 1514 : speed > 100 ? 8000 : 3000 ))
  tc qdisc add dev eth$((speed > 100)) parent 1:$speed fq_codel quantum $q target $((speed < 10 ? 15 : 5))ms
done
n=4
tc class add dev eth0 parent 1: classid 1:$((n++)) htb rate $((n--))mbit ceil $((--n, n * 10))mbit prio $((!n))

#!/bin/bash
IFS=$'\n'
rows=$'10\t1mbit\n20\t2mbit'
for row in $rows; do
  id=${row%%$'\t'*} rate=${row##*$'\t'}
  tc class add dev eth0 parent 1: classid 1:$id htb rate $rate
done
tc qdisc add dev $'it\'s' root handle $'\x31': sfq
tc qdisc add dev $"eth0" root handle 1: $'p\146ifo'

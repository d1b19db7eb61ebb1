#!/bin/sh
RATE=30mbit
SHARE=$(( ${RATE%mbit} / 3 ))
tc class add dev eth0 parent 1: classid 1:1 htb rate $RATE
for c in 10 11 12; do
  tc class add dev eth0 parent 1:1 classid 1:$c htb rate ${SHARE}mbit ceil $RATE burst $((SHARE * 1000 / 8))k
done

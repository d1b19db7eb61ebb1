#!/bin/sh
# Class ids are hexadecimal, addresses are not.
for n in $(seq 9 2 17); do
  id=$(printf '%x' $n)
  tc class add dev eth0 parent 1: classid 1:$id htb rate 1mbit
  tc filter add dev eth0 parent 1: protocol ip prio 1 u32 match ip src 10.0.0.$n flowid 1:$id
done

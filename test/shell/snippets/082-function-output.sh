#!/bin/bash
next_id() { echo $(( $1 + 10 )); }
dev_of() { local z=$1; [ "$z" = wan ] && printf eth0 || printf br-lan; }
id=0
for zone in wan lan wan; do
  id=$(next_id $id)
  tc class add dev "$(dev_of $zone)" parent 1: classid 1:$id htb rate "$(next_id "$id")mbit"
done
result=
set_result() { result=$1$2; }
set_result ni ne
tc qdisc add dev eth0 root handle ${#result}: sfq

#!/bin/bash
declare -r DEV=eth0
tc qdisc add dev $DEV root handle 1: prio bands 8
for ((i = 1, mark = 0x10; i <= 8; i++, mark += 0x10)); do
    tc filter add dev $DEV parent 1: prio $i handle $mark fw classid 1:$i
done
for (( ; ; )); do
    tc qdisc show dev $DEV
    break
done

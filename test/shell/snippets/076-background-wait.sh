#!/bin/sh
tc qdisc add dev eth0 root handle 1: htb &
wait
tc class add dev eth0 parent 1: classid 1:1 htb rate 1mbit & pid=$!
wait $pid && tc class show dev eth0
sleep 1
tc qdisc show dev eth0

#!/bin/bash
# Hosts .10 to .15 of the office, one class each.
IF=eth1
i=10
tc qdisc add dev "$IF" root handle 1: htb
while [ $i -le 15 ]
do
	tc class add dev "$IF" parent 1: classid 1:$i htb rate 512kbit ceil 2mbit
	tc filter add dev "$IF" parent 1: protocol ip prio 5 u32 \
		match ip dst 192.168.7.$i/32 flowid 1:$i
	i=$((i + 1))
done

#!/bin/sh
modprobe ifb numifbs=1
ip link add ifb0 type ifb 2>/dev/null
ip link set dev ifb0 up
tc qdisc add dev eth0 handle ffff: ingress
tc filter add dev eth0 parent ffff: protocol all prio 10 u32 match u32 0 0 action mirred egress redirect dev ifb0
tc qdisc add dev ifb0 root handle 1: htb default 1
tc class add dev ifb0 parent 1: classid 1:1 htb rate 50mbit
tc filter add dev ifb0 parent 1: protocol ip handle 1 flow hash keys dst divisor 256 baseclass 1:1

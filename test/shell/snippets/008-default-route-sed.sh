#!/bin/sh
dev=$(ip route show default | sed -n 's/.* dev \([^ ]*\).*/\1/p' | head -n 1)
: "${dev:=eth9}"
tc qdisc add dev $dev root handle 1: htb default 1
tc class add dev $dev parent 1: classid 1:1 htb rate 100mbit

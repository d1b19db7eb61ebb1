#!/bin/sh
get() { sed -n "s/^[[:space:]]*$1[[:space:]]*=[[:space:]]*\([^#[:space:]]*\).*/\1/p" files/shaper.ini | tail -n 1; }
IF=$(get interface)
UP=$(get upload)
tc qdisc add dev $IF root handle 1: htb default 1
tc class add dev $IF parent 1: classid 1:1 htb rate ${UP}kbit ceil $(get upload)kbit
tc class add dev $IF parent 1:1 classid 1:2 htb rate $(($(get upload) / 2))kbit$(get nothing)

#!/bin/bash
conf="dev=\"eth0 \" rate=\"9mbit\""
dev="$(echo "$(echo "$conf" | sed 's/.*dev="\([a-z0-9]*\) ".*/\1/')")"
tc qdisc add dev "$dev" root handle 1: htb default "$(printf '%s' "$(( $(echo 2) * $(echo "5") ))")"
tc class add dev $dev parent 1: classid 1:10 htb rate "$(echo "$conf" | cut -d'"' -f4)"

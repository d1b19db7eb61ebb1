#!/bin/bash
set -u
DEV=${DEV-eth0}
tc qdisc add dev "$DEV" root handle 1: htb
tc class add dev "$DEV" parent 1: classid 1:1 htb rate "${RATE:-2mbit}"
( tc class add dev "$DEV" parent 1: classid 1:2 htb rate "$NO_SUCH_RATE" )
tc qdisc show dev "$DEV"
tc class add dev "$DEV" parent 1: classid 1:3 htb rate $UNSET_RATE
tc class show dev "$DEV"

#!/bin/bash
readonly DEV=eth0
export RATE=4mbit
( DEV=eth1 ) 2>/dev/null || echo "it stays $DEV"
sh -c 'tc class add dev eth0 parent 1: classid 1:1 htb rate $RATE ceil ${DEV:-8mbit}'
RATE=6mbit sh -c 'tc class add dev eth0 parent 1: classid 1:2 htb rate $RATE'
tc class add dev $DEV parent 1: classid 1:3 htb rate $RATE
export -n RATE
sh -c 'tc class add dev eth0 parent 1: classid 1:4 htb rate ${RATE:-1mbit}'

#!/bin/bash
# args: eth0 a 1 2 3 4 5 6 7 8 9 10mbit 11
add() { tc class add dev "$1" parent 1: classid 1:"${2}${11}" htb rate "${12}" prio "${13:-0}" "${@:14}"; }
add "$@" 7
echo $# arguments, the tenth is ${10}, this is $10
tc qdisc add dev $1 root handle $10: prio

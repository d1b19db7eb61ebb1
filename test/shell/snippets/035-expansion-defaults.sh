#!/bin/sh
unset A; B=
tc qdisc add dev ${A:-eth0} root handle ${B:-1}: htb ${B:+default 5}
: ${A:=eth4}
tc class add dev ${A} parent 1: classid 1:1 htb rate ${B-1mbit} ${A:+burst 15k}
R=${RATE:-${SPEED:-$(( 4 * 2 ))mbit}}
tc class add dev $A parent 1: classid 1:2 htb rate "$R"
( : ${NEEDED:?say which} ; tc qdisc show dev eth0 )
tc qdisc show dev $A

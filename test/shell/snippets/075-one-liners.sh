#!/bin/sh
D=eth0;tc qdisc add dev $D root handle 1: htb;tc class add dev $D parent 1: classid 1:1 htb rate 1mbit
if [ -n "$D" ];then tc qdisc add dev $D parent 1:1 sfq;fi
for i in 2 3;do tc class add dev $D parent 1: classid 1:$i htb rate ${i}mbit;done
{ tc qdisc show dev $D;}>/dev/null
(tc class show dev $D)|cat>/dev/null&&tc filter show dev $D
f(){ tc qdisc show dev $1;};f lan;f wan

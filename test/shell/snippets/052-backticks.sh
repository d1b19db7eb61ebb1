#!/bin/sh
DEV=`ip route show default | awk '{print $5}'`
N=`expr 3 \* 4`
tc qdisc add dev $DEV root handle 1: htb default $N
tc class add dev $DEV parent 1: classid 1:`expr \`echo 5\` + 1` htb rate "`echo "1mbit"`"

#!/bin/sh
OPTS=
NOTHING=""
tc $OPTS qdisc add dev eth0 root $NOTHING handle 1: htb "$NOTHING"
BLANKS="  default   10  "
tc qdisc add dev eth1 root handle 1: htb $BLANKS
tc qdisc add dev eth2 root handle 1: htb "$BLANKS"
$NOTHING tc class show dev eth0
set -- $BLANKS; echo $#; tc class add dev eth0 parent 1: classid 1:$2 htb rate $#mbit

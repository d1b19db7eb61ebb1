#!/bin/sh
# tc qdisc add dev eth0 root pfifo
tc qdisc add dev eth0 root handle 1: htb # default 10
tc class add dev eth0 parent 1: \
	classid 1:1 \
	htb rate 1m\
bit ceil 2mbit # the ceiling
: tc qdisc add dev eth1 root pfifo
echo "# not a comment" >/dev/null; tc qdisc show dev eth0#1 #2
tc class show \
  dev eth0

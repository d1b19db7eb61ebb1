#!/bin/sh
# Id and rate, two words a call.
echo 10 1mbit 20 2mbit 30 3mbit |
  xargs -n 2 sh -c 'tc class add dev eth0 parent 1: classid 1:$0 htb rate $1'
echo eth0 eth1 | xargs -n1 tc qdisc show dev

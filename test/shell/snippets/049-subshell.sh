#!/bin/bash
DEV=eth0; id=1
(
  DEV=eth1 id=2
  tc class add dev $DEV parent 1: classid 1:$id htb rate 1mbit
  cd /
)
tc class add dev $DEV parent 1: classid 1:$id htb rate 1mbit
f() ( id=7; tc class add dev $DEV parent 1: classid 1:$id htb rate 1mbit; )
f
tc class add dev $DEV parent 1: classid 1:$id htb rate 2mbit
(exit 3) || tc qdisc show dev eth$?

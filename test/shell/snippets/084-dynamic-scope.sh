#!/bin/bash
DEV=eth0
inner() { tc class add dev $DEV parent 1: classid 1:$id htb rate 1mbit; id=$((id + 1)); }
outer() { local DEV=eth1 id=5; inner; inner; }
id=1
inner
outer
inner
show() { tc qdisc show dev "${1:-$DEV}"; }
DEV=eth7 show
show

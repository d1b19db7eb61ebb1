#!/bin/bash
split() {
  local IFS=/
  set -- $1
  tc class add dev eth0 parent 1: classid 1:$1 htb rate "$2" ceil "$3"
}
split 10/2mbit/4mbit
list="a b"
for w in $list; do tc qdisc show dev $w; done
unset -v list
tc qdisc show dev eth0 ${list}
unset -f split
split 20/1mbit/1mbit 2>/dev/null || tc class show dev eth0

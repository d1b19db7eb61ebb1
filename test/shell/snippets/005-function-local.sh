#!/bin/sh
DEV=eth0
class() {
  local id=$1 rate=$2
  local ceil=${3:-$2}
  [ -n "$rate" ] || return 1
  tc class add dev $DEV parent 1:1 classid 1:$id htb rate $rate ceil $ceil
}
tc qdisc add dev $DEV root handle 1: htb
id=99
class 10 5mbit 20mbit
class 20 3mbit
class 30 || tc class show dev $DEV
tc class add dev $DEV parent 1:1 classid 1:$id htb rate 1mbit

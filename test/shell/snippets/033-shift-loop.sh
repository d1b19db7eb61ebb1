#!/bin/sh
# args: eth0 10 1mbit 20 2mbit 30 3mbit
dev=$1; shift
while [ $# -ge 2 ]; do
  tc class add dev $dev parent 1: classid 1:$1 htb rate $2
  shift 2
done

#!/bin/bash
# Fair shares for the clients of a tunnel: marked packets go to one class, hashed by client inside.
DEV=eth0
BANDWIDTH=20mbit
MARK=6
FLOWS=3000

TC="tc"
sfq_options="flows $FLOWS limit $FLOWS depth $FLOWS"

root() {
  $TC qdisc add dev $DEV root handle 1: htb default 12
  $TC class add dev $DEV classid 1:1 htb rate $BANDWIDTH ceil $BANDWIDTH
}

leaf() {
  local class=$1 handle=$((100 + $1)):
  $TC filter add dev $DEV parent 1: protocol ip handle $MARK fw flowid 1:$class
  $TC qdisc add dev $DEV parent 1:$class handle $handle sfq perturb 20 $sfq_options
  $TC filter add dev $DEV parent $handle protocol ip handle 10 flow hash keys dst divisor 1024
}

root
for class in 1; do leaf $class; done

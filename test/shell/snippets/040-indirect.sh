#!/bin/bash
RATE_eth0=20mbit
RATE_eth1=50mbit
for dev in eth0 eth1; do
  var=RATE_$dev
  tc qdisc add dev $dev root tbf rate ${!var} burst 32kbit latency 400ms
done
arr=(eth5 eth6)
ref=arr[1]
tc qdisc show dev ${!ref}

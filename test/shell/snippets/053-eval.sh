#!/bin/sh
RATE_LAN=100mbit
RATE_WAN=20mbit
for zone in LAN WAN; do
  eval "rate=\$RATE_$zone"
  eval tc class add dev eth0 parent 1: classid '1:${#zone}' htb rate '$rate' ceil "$rate"
done
line='tc qdisc add dev "my dev" root sfq; n=4'
eval "$line"
eval "for i in 1 2; do tc class add dev eth0 parent 1: classid 1:\$n\$i drr; done"

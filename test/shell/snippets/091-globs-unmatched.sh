#!/bin/bash
# A pattern that matches nothing stays; one that matches becomes names.
tc qdisc show dev no-such-*
for f in files/*.conf; do
  name=${f##*/}
  tc qdisc add dev "${name%.conf}" root handle 1: sfq
done
set -f
tc filter show dev files/*
set +f
pattern='files/w?n.c*'
tc class show dev $pattern
tc class show dev "$pattern"

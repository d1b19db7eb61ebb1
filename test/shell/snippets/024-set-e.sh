#!/bin/sh
set -e
tc qdisc del dev eth0 root || true
if ! tc qdisc del dev eth1 root 2> /dev/null; then
  tc qdisc show dev eth1
fi
tc qdisc add dev eth0 root handle 1: prio
false || tc filter add dev eth0 parent 1: prio 1 protocol arp matchall flowid 1:1
tc qdisc del dev eth0 ingress
tc qdisc add dev eth0 handle ffff: ingress

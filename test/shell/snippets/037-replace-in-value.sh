#!/bin/bash
ports="22,53,123"
for p in ${ports//,/ }; do
  tc filter add dev eth0 parent 1: protocol ip prio 1 u32 match ip dport $p 0xffff flowid 1:1
done
dev=br-lan.1
tc qdisc add dev ${dev/./_} root handle 1: sfq
tc qdisc add dev ${dev//[-.]/} root handle 1: sfq
v=10mbit; tc qdisc add dev ${dev/%1/2} root tbf rate ${v/#10/25} burst 5k latency 50ms

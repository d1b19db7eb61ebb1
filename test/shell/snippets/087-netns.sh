#!/bin/sh
NS=lab
ip netns add $NS
ip link add v0 type veth peer name v1
ip link set v1 netns $NS
ip netns exec $NS tc qdisc add dev v1 root netem delay 20ms
tc -n $NS class show dev v1
ip -n $NS link set v1 up
for d in v0 v1; do ip netns exec "$NS" ip link set $d mtu 1400; done
ip netns del $NS

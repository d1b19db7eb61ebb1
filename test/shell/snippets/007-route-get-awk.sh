#!/bin/sh
# The device towards the internet.
WAN=$(ip route get 192.0.2.9 | awk '{ for (i = 1; i < NF; i++) if ($i == "dev") print $(i + 1) }')
tc qdisc replace dev $WAN root handle 1: fq_codel
tc qdisc add dev "$WAN" handle ffff: ingress

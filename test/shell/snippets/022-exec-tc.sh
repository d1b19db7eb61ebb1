#!/bin/sh
# The last command takes the shell's place.
dev=${1:-eth0}
tc qdisc del dev $dev root 2>/dev/null
exec tc qdisc add dev $dev root handle 1: fq_codel
tc qdisc add dev $dev root handle 2: sfq

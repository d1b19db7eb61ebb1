#!/bin/bash
tc qdisc add dev eth0 root handle 1: prio >/dev/null 2>&1
tc qdisc add dev eth1 root handle 1: prio 2>&-
tc qdisc add dev eth2 root handle 1: prio &>/dev/null
> log tc qdisc show dev eth0
tc qdisc show dev eth1 >>log 2>>log.err
exec 3>&1
tc qdisc show dev eth2 >&3 3>&-
lines=$(wc -l < log)
tc class show dev eth$((lines))
rm -f log log.err

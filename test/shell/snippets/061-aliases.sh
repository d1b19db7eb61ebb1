#!/bin/bash
# Scripts do not expand aliases.
alias tc='tc -s'
alias shape='tc qdisc add'
shape dev eth0 root sfq 2>/dev/null || tc qdisc add dev eth0 root handle 1: sfq
type shape >/dev/null 2>&1 && tc qdisc show dev eth0
unalias shape
\tc qdisc show dev eth1

#!/bin/sh
# args: ppp0
# Hosts behind NAT are kept apart by what conntrack knows of them.
IF=${1:?which device}
HOSTS=8
FLOWS=4096
PERTURB="perturb 300"
MTU=$(ip link show dev $IF | sed -n 's/.* mtu \([0-9]*\) .*/\1/p')
[ "$IF" = "${IF#ppp}" ] || MTU=1492

keys() {
  all=
  for key in "$@"; do
    all=${all:+$all,}nfct-$key
  done
  echo "$all"
}

slot=a
leaf=${slot}1
qdisc=${slot}2
tc qdisc add dev $IF parent 1:$leaf handle $qdisc fq_codel quantum $MTU flows $FLOWS

flow() {
  parent=$1 divisor=$2 base=$3
  shift 3
  tc filter add dev $IF prio 1 protocol ip parent $parent handle 1 \
    flow hash keys $(keys "$@") divisor $divisor $PERTURB baseclass $base
}
flow $qdisc: $FLOWS $qdisc:1 src dst proto proto-src proto-dst
flow 1:1 $HOSTS 1:$slot src

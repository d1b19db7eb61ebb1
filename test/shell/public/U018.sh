#!/bin/bash
# Several transmit queues, a small AQM on each, and flows spread over them.
[ -n "$IFACE" ] || IFACE=eth0
[ -n "$QMODEL" ] || QMODEL=fq_codel
QUEUES=5
TC="$(command -v tc)"
BATCH=$(mktemp)
trap 'rm -f "$BATCH"' EXIT
bdisc() { echo qdisc add dev $IFACE "$@" >> "$BATCH"; }

mq() {
  bdisc handle 1 root mq
  local i=1
  until ((i > QUEUES)); do
    bdisc parent 1:$(printf '%x' $i) $QMODEL
    : $((i++))
  done
  local -a keys=(src dst {proto,proto-src,proto-dst})
  local IFS=,
  echo "filter add dev $IFACE prio 1 protocol ip parent 1: handle 100 flow hash keys ${keys[*]} divisor $QUEUES baseclass 1:1" >> "$BATCH"
}

mq
$TC -b "$BATCH"

#!/bin/bash
# Users of a tunnel are spread over 64 buckets, each with a limit of its own.
set -e
NIC="$(ip -4 route show default | awk '/default/ {print $5; exit}')"
LINK=900
BUCKETS=64
MIN_MBIT=5
MAX_MBIT=$(( MIN_MBIT * 10 ))

run() {
  echo "[qos] $*" >&2
  "$@"
}

hex() { printf '%x' "$1"; }

run tc qdisc add dev "$NIC" root handle 1: htb default 1
run tc class add dev "$NIC" parent 1: classid 1:1 htb rate ${LINK}mbit ceil ${LINK}mbit
for i in $(seq 0 $((BUCKETS - 1))); do
  cid=$(hex $((0x10 + i)))
  run tc class add dev "$NIC" parent 1:1 classid "1:$cid" htb \
    rate "${MIN_MBIT}mbit" ceil "${MAX_MBIT}mbit" quantum 1514 prio 1
  run tc qdisc add dev "$NIC" parent "1:$cid" handle "$(hex $((0x2000 + i))):" \
    fq_codel target 3ms interval 40ms ecn
done
run tc filter add dev "$NIC" parent 1: protocol ip prio 1 handle 1 \
  flow hash keys dst divisor $BUCKETS baseclass 1:10

#!/bin/sh
set -- --rate 5mbit --dev eth2 --leaf "fq_codel limit 500" extra
RATE=1mbit; LEAF=pfifo
while [ "$#" -gt 0 ]; do
  case "$1" in
    --rate) RATE="$2"; shift 2 ;;
    --dev=*) DEV="${1#*=}"; shift ;;
    --dev) DEV="$2"; shift 2 ;;
    --leaf) LEAF=$2; shift; shift ;;
    --) shift; break ;;
    -*) exit 2 ;;
    *) break ;;
  esac
done
tc qdisc add dev $DEV root handle 1: tbf rate $RATE burst 10k latency 70ms
tc qdisc add dev $DEV parent 1:1 $LEAF
tc qdisc show dev $1

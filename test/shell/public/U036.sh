#!/bin/bash
# Every connection is paced by a token bucket of its own behind a round robin.
DEV=eth0
PORT=$(printf '%d' 0x2020)
PACE=600
BURST_KB=10240
PEAK=$((BURST_KB * 4))

while getopts 'i:p:' opt; do
  case "$opt" in
    i) DEV="$OPTARG" ;;
    p) PORT="$OPTARG" ;;
  esac
done

htb_class() { tc class add dev $DEV parent $1 classid $2 htb rate $3 ceil $3; }

tc qdisc add dev $DEV root handle 1: htb default 20
htb_class 1: 1:1 8gbit
htb_class 1:1 1:10 8gbit
htb_class 1:1 1:20 1mbit

tc qdisc add dev $DEV parent 1:10 handle 2: drr
n=1
while [[ $n -le 256 ]]; do
  printf -v id '%x' $n
  tc -batch - <<-END
	class add dev $DEV parent 2: classid 2:$id drr quantum 1500
	qdisc add dev $DEV parent 2:$id tbf rate ${PACE}mbit burst ${BURST_KB}kbit latency 10ms minburst 1540 peakrate ${PEAK}mbit
	END
  let n++
done

filter="tc filter add dev $DEV protocol ip parent"
$filter 1:0 prio 1 u32 match ip dport $PORT 0xffff classid 1:10
$filter 2:0 prio 1 handle 30 flow hash keys proto-src divisor 256

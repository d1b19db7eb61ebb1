#!/bin/bash
# args: -i eth3 -r 12mbit -v lan
iface=eth0 rate=1mbit verbose=
while getopts ":i:r:vh" opt; do
  case $opt in
    i) iface=$OPTARG ;;
    r) rate=$OPTARG ;;
    v) verbose=1 ;;
    h) echo "usage: $0 [-i dev] [-r rate]"; exit 0 ;;
    \?) echo "unknown option -$OPTARG" >&2; exit 2 ;;
  esac
done
shift $((OPTIND - 1))
tc qdisc add dev $iface root handle 1: htb default 1
tc class add dev $iface parent 1: classid 1:1 htb rate $rate
[ "$1" = lan ] && tc ${verbose:+-s} class show dev $iface

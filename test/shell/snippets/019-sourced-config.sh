#!/bin/sh
# Settings stand beside the script.
. "$(dirname "$0")/files/wan.conf"
tc qdisc add dev "$WAN" root handle 1: htb default "$DEFAULT"
for c in $CLASSES; do
  tc class add dev $WAN parent 1: classid 1:${c%%:*} htb rate ${c#*:} ceil $UPLINK
done

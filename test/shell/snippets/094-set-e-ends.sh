#!/bin/bash
set -euo pipefail
add() { tc class add dev eth0 parent 1: classid 1:"$1" htb rate "$2"; }
tc qdisc add dev eth0 root handle 1: htb
add 1 1mbit
if tc qdisc del dev eth1 root; then add 2 1mbit; fi
tc qdisc del dev eth2 root | cat || true
count=0
((count++)) || true
(( count > 5 )) && add 9 9mbit
add 3 "${count}mbit"
tc qdisc del dev eth3 root
add 4 1mbit

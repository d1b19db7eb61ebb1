#!/bin/bash
set -o pipefail
false | true || tc qdisc show dev eth0
true | false | cat
codes=(${PIPESTATUS[@]})
tc class add dev eth0 parent 1: classid 1:${#codes[@]}${codes[1]} htb rate 1mbit
set +o pipefail
false | true && tc class show dev eth0
x=$(false) || tc filter show dev eth0
local_status() { local y=$(false); return $?; }
local_status && tc filter show dev eth1

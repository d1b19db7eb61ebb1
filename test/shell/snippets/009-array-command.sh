#!/bin/bash
cmd=(tc class add dev eth0 parent 1:)
"${cmd[@]}" classid 1:1 htb rate 10mbit
"${cmd[@]}" classid 1:2 htb rate "20 mbit"
leaf=(sfq perturb 10)
leaf+=(limit 100)
tc qdisc add dev eth0 parent 1:1 "${leaf[@]}"
tc qdisc add dev eth0 parent 1:2 ${leaf[*]}
set -- tc qdisc show
"$@" dev eth0

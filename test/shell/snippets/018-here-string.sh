#!/bin/bash
line="eth1 40mbit 5ms"
read -r dev rate lat <<< "$line"
tc qdisc add dev $dev root tbf rate $rate burst 32k latency $lat
tc -batch - <<< "qdisc add dev $dev handle ffff: ingress"

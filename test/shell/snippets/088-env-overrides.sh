#!/bin/bash
# env: DEV=eth8
# env: UPLINK=3mbit
DEV="${DEV:-eth0}"
DOWNLINK="${DOWNLINK:-30mbit}"
tc qdisc add dev "$DEV" root tbf rate "$UPLINK" burst 1600 latency 50ms
tc qdisc add dev ifb4"$DEV" root tbf rate ${DOWNLINK} burst 1600 latency 50ms
env X=1 tc qdisc show dev "$DEV"

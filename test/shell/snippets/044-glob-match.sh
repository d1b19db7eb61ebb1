#!/bin/bash
for dev in eth0 wlan1 ifb0 br-lan; do
  if [[ $dev == eth* || $dev == br-* ]]; then
    tc qdisc add dev $dev root handle 1: fq_codel
  elif [[ "$dev" != ifb[0-9] ]]; then
    tc qdisc add dev $dev root handle 1: sfq perturb 10
  fi
  [[ $dev == "eth*" ]] && tc qdisc del dev $dev root
done

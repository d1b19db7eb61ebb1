#!/bin/bash
rate=25Mbit
re='^([0-9]+)([kKmMgG]?)bit$'
if [[ $rate =~ $re ]]; then
  value=${BASH_REMATCH[1]} unit=${BASH_REMATCH[2],,}
  tc class add dev eth0 parent 1: classid 1:1 htb rate ${value}${unit}bit ceil $(( value * 2 ))${unit}bit
fi
[[ 192.168.1.77 =~ \.([0-9]+)$ ]] && tc class add dev eth0 parent 1: classid 1:${BASH_REMATCH[1]} htb rate 1mbit
[[ eth0 =~ ^wlan ]] || tc class show dev eth0

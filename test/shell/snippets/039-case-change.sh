#!/bin/bash
dir=egress
name=IFB0
tc qdisc add dev ${name,,} root handle 1: htb
[[ ${dir^^} == EGRESS ]] && tc class add dev ${name,,} parent 1: classid 1:1 htb rate 1mbit
echo "${dir^} is shaped"
word=Mbit
tc class add dev ${name,,} parent 1: classid 1:2 htb rate 5${word,}

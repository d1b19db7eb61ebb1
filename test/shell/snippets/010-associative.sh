#!/bin/bash
declare -A rate=([voice]=1mbit [web]=6mbit)
rate[bulk]=3mbit
declare -A id
id=([voice]=10 [web]=20 [bulk]=30)
for name in voice web bulk; do
  tc class add dev eth0 parent 1: classid 1:${id[$name]} htb rate "${rate[$name]}"
done
unset 'rate[web]'
echo "${#rate[@]} classes are left"
[[ -v rate[bulk] ]] && tc class change dev eth0 classid 1:${id[bulk]} htb rate ${#rate[@]}mbit

#!/bin/sh
n=$(grep -c '^[0-9]' files/rates.txt)
tc qdisc add dev eth0 root handle 1: htb default $n
if grep -q '10\.0\.0\.20' files/rates.txt; then
  r=$(grep '^10\.0\.0\.20 ' files/rates.txt | cut -d ' ' -f 2)
  tc class add dev eth0 parent 1: classid 1:1 htb rate $r
fi
grep -qw nobody files/rates.txt || tc class add dev eth0 parent 1: classid 1:2 htb rate 1mbit
for ip in $(grep -oE '^[0-9.]+' files/rates.txt | sort -u); do tc filter show dev eth0 ip $ip; done

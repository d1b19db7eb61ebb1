#!/bin/bash
i=0
((i++))
tc class add dev eth0 parent 1: classid 1:$i htb rate 1mbit
(( i += 2 ))
tc class add dev eth0 parent 1: classid 1:$i htb rate 1mbit
let i=i*3 j=i%4
tc class add dev eth0 parent 1: classid 1:$i htb rate ${j}mbit
let "i <<= 1"
if (( i > 17 && j == 1 )); then
  tc class add dev eth0 parent 1: classid 1:$i htb rate 1mbit
fi
(( 0 )) || tc class show dev eth0

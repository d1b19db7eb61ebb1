#!/bin/bash
a=$((16#ff)) b=$((0x20)) c=$((010)) d=$((2#1011)) e=$((36#z))
for id in $a $b $c $d $e; do
  tc class add dev eth0 parent 1: classid 1:$(printf %x $id) htb rate ${id}kbit
done
host=08
tc class add dev eth0 parent 1: classid 1:$((10#$host)) htb rate 1mbit
printf 'class add dev eth0 parent 1: classid 1:%o htb rate %dkbit\n' 64 0x40 | tc -b -

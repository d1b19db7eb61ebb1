#!/bin/sh
up=5 down=20
if [ $up -lt $down -a -n "$down" ]; then
  tc class add dev eth0 parent 1: classid 1:1 htb rate ${up}mbit
fi
if [ "$up" = 7 -o "$down" -ge 20 ]; then
  tc class add dev ifb0 parent 1: classid 1:1 htb rate ${down}mbit
fi
[ ! -z "$up" ] && [ x"$up" != x ] && test $up -ne 6 && tc class show dev eth0

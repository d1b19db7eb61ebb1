#!/bin/sh
check() {
  [ "$1" -le 3 ] || exit 7
  tc class add dev eth0 parent 1: classid 1:$1 htb rate 1mbit
}
for n in 2 5; do
  ( check $n ); rc=$?
  [ $rc -eq 7 ] && tc class del dev eth0 classid 1:$n
done
out=$(check 9; echo never)
tc qdisc show dev eth$?
check 4
tc qdisc del dev eth0 root

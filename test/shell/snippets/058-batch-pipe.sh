#!/bin/sh
gen() {
  echo qdisc add dev $1 root handle 1: htb
  awk -v dev="$1" 'BEGIN {
    for (i = 1; i <= 3; i++)
      printf "class add dev %s parent 1: classid 1:%x htb rate %dkbit\n", dev, i + 8, 100 * i
  }'
}
gen eth0 | tc -batch -
gen eth1 | grep -v 9 | tc -force -b -

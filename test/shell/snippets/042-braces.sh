#!/bin/bash
for i in {1..4}; do tc class add dev eth0 parent 1: classid 1:$i drr; done
for d in eth{0,1} wlan0; do tc qdisc add dev $d root fq_codel; done
for n in {01..10..3}; do tc class add dev eth0 parent 2: classid 2:$n drr; done
for l in {c..a}; do tc class add dev eth0 parent 3: classid 3:$l drr; done
n=3
for i in {1..$n}; do echo "not expanded: $i"; done
tc qdisc show dev {eth0,eth1}

#!/bin/bash
map=(1 2 2 2 1 2 0 0)
map+=($(for i in {1..8}; do echo 1; done))
tc qdisc add dev eth0 root handle 1: prio bands 3 priomap "${map[@]}"
for band in 1 2 3; do
  printf -v handle '%x:' $(( 0xa0 + band ))
  tc qdisc add dev eth0 parent 1:$band handle $handle pfifo limit $(( 10 ** band ))
done

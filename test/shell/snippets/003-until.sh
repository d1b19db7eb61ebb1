#!/bin/sh
# Count down from the best band to the worst.
band=3
until [ "$band" -eq 0 ]; do
  tc qdisc replace dev eth0 parent 1:$band handle ${band}0: fq_codel limit $(( band * 100 ))
  band=$(expr $band - 1)
done

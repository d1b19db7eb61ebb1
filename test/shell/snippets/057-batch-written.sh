#!/bin/bash
OUT=./qos.batch
{
  echo "qdisc add dev eth0 root handle 1: htb default 1"
  for c in 1 2 3; do
    echo "class add dev eth0 parent 1: classid 1:$c htb rate ${c}mbit"
  done
  printf 'filter add dev eth0 parent 1: prio %d handle %d fw classid 1:%d\n' 1 10 1 2 20 2
} > "$OUT"
echo '# end' >> $OUT
sed -i 's/rate 3mbit/& ceil 9mbit/' $OUT
tc -b $OUT && rm $OUT

#!/bin/sh
# A dormitory's uplink: a fast pool and a slow one.
IFACE="eth0"
CEIL=20000
add="tc %s add dev $IFACE"
class_add=$(printf "$add" class)
qdisc_add=$(printf "$add" qdisc)
filter_add=$(printf "$add" filter)

pool() {
  id=$1
  percent=$2
  rate=$(( CEIL * percent / 100 ))
  $class_add parent 1: classid 1:$id htb rate ${rate}kbit ceil ${CEIL}kbit burst 15k
  $qdisc_add parent 1:$id handle $id: sfq perturb 10
  $filter_add parent 1:$id protocol ip handle $((id + 40)) flow hash keys nfct-src divisor 254
}

$qdisc_add root handle 1: htb default 100
$class_add parent 1: classid 1:1 htb rate ${CEIL}kbit ceil ${CEIL}kbit
echo "11=75;13=10" | tr ';' '\n' | while IFS='=' read id share; do
  pool "$id" "$share"
done

#!/bin/sh
# args: start
# Upload of a router: one class for all, and LAN hosts side by side inside it.
wan_if=eth1
upload_mask=0xff
upload_kbit=5000
default_class=1

load_class() {
  name=$1
  number=$(printf '%d' "$2")
  tc class add dev "$wan_if" parent 1:1 classid 1:$number hfsc ls m2 100Mbit ul m2 ${upload_kbit}kbit
  tc qdisc add dev "$wan_if" parent 1:$number handle $number:1 sfq headdrop limit $((1000 / 4)) depth 32 divisor 256
  for family in ip ipv6; do
    tc filter add dev "$wan_if" parent 1:0 protocol $family handle $(printf '0x%x/%s' $number $upload_mask) fw flowid 1:$number
  done
  tc filter add dev "$wan_if" parent $number: handle 1 flow divisor 256 map key nfct-src and 0xff
  [ "$name" = "$default_name" ] && default_class=$number
}

start() {
  default_name=uclass_1
  tc qdisc add dev "$wan_if" root handle 1:0 hfsc default 1
  tc class add dev "$wan_if" parent 1:0 classid 1:1 hfsc ls rate 1000Mbit ul rate "${upload_kbit}kbit"
  while read -r class number; do
    load_class "$class" "$number"
  done <<LIST
uclass_1 0x2
LIST
  tc qdisc change dev "$wan_if" root handle 1:0 hfsc default "$default_class"
}

case "$1" in
  start|restart) start ;;
  stop) tc qdisc del dev "$wan_if" root >/dev/null 2>&1 ;;
esac

#!/bin/bash
tmp=$(mktemp)
cleanup() {
  rm -f "$tmp"
  tc qdisc show dev eth0
}
trap cleanup EXIT
for i in 1 2; do
  echo "class add dev eth0 parent 1: classid 1:$i htb rate ${i}mbit" >> "$tmp"
done
tc -batch "$tmp"
exit 0
tc qdisc del dev eth0 root

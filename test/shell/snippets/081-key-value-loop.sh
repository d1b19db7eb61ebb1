#!/bin/bash
while IFS='=' read -r key value; do
  case $key in
    ''|\#*) continue ;;
    dev) dev=$value ;;
    rate.*) tc class add dev "$dev" parent 1: classid 1:"${key#rate.}" htb rate "$value" ;;
    *) echo "skipped: $key" >&2 ;;
  esac
done < files/plain.cfg
tc qdisc show dev "$dev"

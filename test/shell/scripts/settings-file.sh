#!/bin/sh
# args: start
# args: start guest
# args: stop
# args: check
# Sections of a file become classes: [name] and "option value" lines below it.

CONFIG="${0%/*}/sections.cfg"
DEV=
TOTAL=0
NEXT=16

# config_foreach FUNCTION: calls it for each section, whose options are in CFG_*.
config_foreach() {
  callback=$1
  section=
  while IFS= read -r line || [ -n "$line" ]; do
    line=${line%%#*}
    case $line in
      \[*\])
        [ -z "$section" ] || "$callback" "$section"
        section=${line#[}; section=${section%]}
        unset CFG_rate CFG_ceil CFG_dscp CFG_dev CFG_ports
        ;;
      *[!\ ]*)
        set -- $line
        option=$1; shift
        eval "CFG_$option=\"\$*\""
        ;;
    esac
  done < "$CONFIG"
  [ -z "$section" ] || "$callback" "$section"
}

sum_section() {
  [ "$1" = global ] && { DEV=$CFG_dev; return; }
  TOTAL=$(( TOTAL + ${CFG_rate%kbit} ))
}

class_section() {
  [ "$1" != global ] || return 0
  [ -z "$ONLY" ] || [ "$1" = "$ONLY" ] || return 0
  id=$(printf '%x' $NEXT)
  NEXT=$((NEXT + 1))
  tc class add dev $DEV parent 1:1 classid 1:$id htb rate $CFG_rate ceil ${CFG_ceil:-${TOTAL}kbit}
  tc qdisc add dev $DEV parent 1:$id fq_codel
  if [ -n "$CFG_dscp" ]; then
    tc filter add dev $DEV parent 1: protocol ip prio 1 u32 \
      match ip tos $(printf '0x%02x' $(( CFG_dscp << 2 ))) 0xfc flowid 1:$id
  fi
  for port in $CFG_ports; do
    tc filter add dev $DEV parent 1: protocol ip prio 2 u32 match ip dport $port 0xffff flowid 1:$id
  done
}

config_foreach sum_section
case "$1" in
  start)
    ONLY=$2
    tc qdisc add dev $DEV root handle 1: htb
    tc class add dev $DEV parent 1: classid 1:1 htb rate ${TOTAL}kbit
    config_foreach class_section
    ;;
  stop) tc qdisc del dev $DEV root || exit 0 ;;
  check) [ $TOTAL -le 10000 ] && tc qdisc show dev $DEV || echo "too much: $TOTAL" ;;
esac

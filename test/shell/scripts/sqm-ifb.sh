#!/bin/sh
# args: start
# args: stop
# args: status
# args: reload
# Shapes both directions of one device: upload on the device, download on an ifb.
# Settings stand in sqm.conf beside this script.

HERE=$(dirname "$0")
CONF=${SQM_CONF:-$HERE/sqm.conf}
[ -r "$CONF" ] && . "$CONF"

IFACE=${IFACE:-eth0}
UPLINK=${UPLINK:-2000}
DOWNLINK=${DOWNLINK:-16000}
OVERHEAD=${OVERHEAD:-0}
DEV=ifb4${IFACE}
TC=/sbin/tc
IP=$(command -v ip)
VERBOSITY=${VERBOSITY:-1}

log() { [ "$VERBOSITY" -ge 2 ] && echo "sqm: $*" >&2; return 0; }

tc() {
  log "tc $*"
  $TC "$@"
}

get_stab() {
  [ "$OVERHEAD" -eq 0 ] && return
  echo "stab mtu 2047 tsize 512 mpu 68 overhead $OVERHEAD linklayer ${LINKLAYER:-ethernet}"
}

get_burst() {
  # 1 ms at the full rate, no less than a packet.
  BURST=$(( $1 / 8 ))
  [ $BURST -lt 1514 ] && BURST=1514
  echo "burst $BURST cburst $BURST"
}

get_target() {
  kbit=$1
  usec=$(( 1514 * 8 * 1000 / kbit ))
  [ "$usec" -gt 5000 ] || usec=5000
  echo "target ${usec}us"
}

shape() {
  dev=$1 rate=$2
  express=$(( rate * 33 / 100 ))
  bulk=$(( rate * 16 / 100 ))
  tc qdisc del dev "$dev" root 2>/dev/null
  tc qdisc add dev "$dev" root handle 1: $(get_stab) htb default 12
  LQ="quantum 1514"
  tc class add dev "$dev" parent 1: classid 1:1 htb $LQ rate ${rate}kbit ceil ${rate}kbit $(get_burst $rate)
  prio=1
  for spec in 11:128:$express 12:$bulk:$((rate - 16)) 13:$bulk:$((rate - 16)); do
    id=${spec%%:*}
    rest=${spec#*:}
    tc class add dev "$dev" parent 1:1 classid 1:$id htb $LQ \
      rate ${rest%:*}kbit ceil ${rest#*:}kbit prio $((prio)) $(get_burst "${rest#*:}")
    tc qdisc add dev "$dev" parent 1:$id handle ${id}0: fq_codel limit 1001 $(get_target $rate) noecn
    prio=$((prio + 1))
  done
  dscp "$dev"
}

dscp() {
  pref=1
  while read class value; do
    case $class in '#'*) continue ;; esac
    for proto in ip ipv6; do
      [ $proto = ip ] && field="ip dsfield" || field="ip6 priority"
      tc filter add dev "$1" parent 1:0 protocol $proto prio $((pref++)) u32 match $field $value 0xfc classid 1:$class
    done
  done <<-MARKS
	# class, dscp
	11 0xb8
	11 0x10
	13 0x20
	MARKS
}

start() {
  modprobe -q ifb
  shape "$IFACE" "$UPLINK"
  tc qdisc add dev "$IFACE" handle ffff: ingress
  $IP link add name "$DEV" type ifb
  $IP link set dev "$DEV" up
  shape "$DEV" "$DOWNLINK"
  tc filter add dev "$IFACE" parent ffff: protocol all prio 10 u32 match u32 0 0 flowid 1:1 \
    action mirred egress redirect dev "$DEV"
}

stop() {
  for what in "$IFACE ingress" "$IFACE root" "$DEV root"; do
    set -- $what
    tc qdisc del dev $1 $2 2>/dev/null || log "$2 of $1 was not there"
  done
  $IP link del dev "$DEV" 2>/dev/null
}

case ${1:-help} in
  start) start ;;
  stop) stop ;;
  re*) stop; start ;;
  status) for d in "$IFACE" "$DEV"; do tc -s qdisc show dev "$d"; done ;;
  *) echo "Usage: ${0##*/} start|stop|reload|status"; exit 1 ;;
esac

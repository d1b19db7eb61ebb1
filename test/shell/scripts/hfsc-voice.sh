#!/bin/bash
# args: up 8000 1000
# args: down
# args: show
# hfsc for a slow line: a short delay for calls, the rest is shared.

set -u

readonly ACTION=${1:-show}
readonly IF=${IF:-ppp0}
readonly DOWN=${2:-6000} UP=${3:-640}
readonly MTU=1492
VOICE_KBIT=100
VOICE_PACKET=218

# Milliseconds that a packet of so many bytes takes at so many kbit/s, rounded up.
packet_ms() { echo $(( ($1 * 8 + $2 - 1) / $2 )); }

# Nine tenths, so that the queue stands here and not in the modem.
less() {
  local -i rate=$1
  rate='rate * 9 / 10'
  REPLY=$rate
}

class() {
  local parent=$1 id=$2
  shift 2
  tc class add dev "$IF" parent "1:$parent" classid "1:$id" hfsc "$@"
}

mark() {
  iptables -t mangle -A POSTROUTING -o "$IF" "$@"
}

up() {
  less "$UP"
  local total=$REPLY voice_ms bulk_ms
  voice_ms=$(packet_ms $VOICE_PACKET "$total")
  bulk_ms=$(packet_ms $MTU "$total")
  let "voice_ms = voice_ms + bulk_ms" "bulk_ms *= 2"

  tc qdisc add dev "$IF" root handle 1: hfsc default 30
  class '' 1 sc rate ${total}kbit ul rate ${total}kbit
  class 1 10 rt umax ${VOICE_PACKET}b dmax ${voice_ms}ms rate ${VOICE_KBIT}kbit
  class 1 20 rt m1 $((total / 2))kbit d ${bulk_ms}ms m2 $((total / 4))kbit ls m2 $((total * 2 / 3))kbit
  class 1 30 ls rate $((total / 3))kbit ul rate ${total}kbit
  for id in 20 30; do
    tc qdisc add dev "$IF" parent 1:$id handle $id: sfq quantum $MTU perturb 10
  done
  tc qdisc add dev "$IF" parent 1:10 handle 10: pfifo limit $(( total > 500 ? 20 : 10 ))

  mark -p udp --sport 5060:5061 -j MARK --set-mark 10
  mark -p udp -m length --length :${VOICE_PACKET} -j MARK --set-mark 10
  mark -p tcp --syn -j MARK --set-mark 20
  local m
  for m in 10 20; do
    tc filter add dev "$IF" parent 1: protocol ip prio $m handle $m fw flowid 1:$m
  done

  if (( DOWN > 0 )); then
    less "$DOWN"
    tc qdisc add dev "$IF" handle ffff: ingress
    tc filter add dev "$IF" parent ffff: protocol ip prio 50 u32 match ip src 0.0.0.0/0 \
      police rate ${REPLY}kbit burst $(( REPLY / 20 ))k drop flowid :1
  fi
}

down() {
  { tc qdisc del dev "$IF" root; tc qdisc del dev "$IF" ingress; } 2>/dev/null
  iptables -t mangle -F POSTROUTING
  return 0
}

case $ACTION in
  up)   down && up ;;
  down) down ;;
  show) for o in qdisc class; do tc -s -d $o show dev "$IF"; done ;;
esac

#!/bin/sh
# args: start wan
# args: start lan
# args: stop wan lan
# args: status
# Fair shares between hosts, by the flow classifier: behind NAT by what conntrack knows.

WAN_IF=$(ip route get 192.0.2.1 | sed -n '1s/.* dev \([a-z0-9.-]*\).*/\1/p')
LAN_IF=br-lan
WAN_RATE=9500
LAN_RATE=$(expr $WAN_RATE \* 10)
DIVISOR=256
PERTURB=600

do_cmd() {
  if ! "$@" 2>&1; then
    echo "warning: '$*' gave $?" >&2
    errors=$((${errors:-0} + 1))
  fi
}

device() { eval "echo \"\$$(echo "$1" | tr a-z A-Z)_IF\""; }
rate() { eval "echo \${$(echo "$1" | tr a-z A-Z)_RATE:-1000}"; }

# The key that tells hosts apart on this side.
key_of() {
  case "$1" in
    wan) echo nfct-src ;;
    lan) echo dst ;;
    *) return 1 ;;
  esac
}

start_one() {
  side=$1
  key=$(key_of "$side") || { echo "no such side: $side"; return 2; }
  dev=$(device "$side")
  kbit=$(rate "$side")
  do_cmd tc qdisc add dev "$dev" root handle 1: tbf rate "${kbit}kbit" burst $((kbit / 8 + 1600)) latency 100ms
  do_cmd tc qdisc add dev "$dev" parent 1:1 handle 2: drr
  i=1
  while [ $i -le 4 ]; do
    id=$(printf '%x' "$i")
    do_cmd tc class add dev "$dev" parent 2: classid "2:$id" drr quantum $(( 1500 + 14 ))
    do_cmd tc qdisc add dev "$dev" parent "2:$id" handle "$(printf '%x:' $((i + 0x20)))" sfq limit 127 divisor $DIVISOR
    i=$((i+1))
  done
  do_cmd tc filter add dev "$dev" parent 2: handle 1 protocol all prio 1 \
    flow hash keys "$key" divisor 4 perturb $PERTURB baseclass 2:1
  for i in 1 2 3 4; do
    keys="$key"
    [ "$side" = wan ] && keys="$keys,nfct-dst,nfct-proto-src"
    do_cmd tc filter add dev "$dev" parent 2$i: handle 2 protocol all prio 1 flow hash keys "$keys" divisor $DIVISOR
  done
  unset key keys
}

stop_one() { do_cmd tc qdisc del dev "$(device "$1")" root > /dev/null; }

action=$1
[ $# -gt 0 ] && shift
case "$action" in
  start|stop)
    for side; do "${action}_one" "$side" || exit $?; done
    ;;
  status)
    for dev in "$WAN_IF" "$LAN_IF"; do
      tc -s qdisc show dev $dev
      tc filter show dev $dev parent 2: | while read -r word rest; do echo "$dev: $word"; done
    done
    ;;
esac
[ "${errors:-0}" -eq 0 ] || { tc qdisc show; exit 1; }

#!/bin/bash
# args: start
# args: stop
# args: status
# Two providers: traffic is marked by connection, routed by mark and shaped on both devices.

TABLES="1:eth1:192.0.2.1:20000 2:eth2:198.51.100.1:5000"
LANS=(10.1.0.0/16 10.2.0.0/16)
IPT="iptables -t mangle"
MASK=0xff

split() {
  local IFS=:
  read -r id dev gw kbit <<< "$1"
}

marks() {
  local net
  $IPT -A PREROUTING -j CONNMARK --restore-mark --mask $MASK
  $IPT -A PREROUTING -m mark ! --mark 0/$MASK -j ACCEPT
  for net in "${LANS[@]}"; do
    $IPT -A PREROUTING -s "$net" -m statistic --mode nth --every 2 -j MARK --set-mark $(( RANDOM_START + 1 ))
  done
  $IPT -A PREROUTING -j CONNMARK --save-mark --mask $MASK
}

uplink() {
  local pref=$(( 100 + id ))
  ip route add default via "$gw" dev "$dev" table "$id"
  ip rule add fwmark "$(printf '0x%02x' "$id")"/$MASK table "$id" pref $pref
  iptables -t nat -A POSTROUTING -o "$dev" -j MASQUERADE
}

shaper() {
  local -a shares=(50 30 20)
  local i rate
  tc qdisc replace dev "$dev" root handle "$id": htb default 3
  tc class add dev "$dev" parent "$id": classid "$id:ff" htb rate "${kbit}kbit"
  for (( i = 0; i < ${#shares[@]}; i++ )); do
    rate=$(( kbit * shares[i] / 100 ))
    tc class add dev "$dev" parent "$id:ff" classid "$id:$((i + 1))" htb rate "${rate}kbit" ceil "${kbit}kbit" prio "$i"
    tc qdisc add dev "$dev" parent "$id:$((i + 1))" handle "$(printf '%x' $(( id << 4 | i + 1 )))": sfq perturb 10
  done
  tc filter add dev "$dev" parent "$id": protocol ip prio 1 u32 match ip protocol 1 0xff flowid "$id:1"
  tc filter add dev "$dev" parent "$id": protocol ip prio 3 flow map key mark and 0x3 baseclass "$id:1"
}

RANDOM_START=0
case "${1:-}" in
  start)
    marks
    for row in $TABLES; do
      split "$row"
      uplink
      shaper
    done
    ip route flush cache
    ;;
  stop)
    $IPT -F PREROUTING
    for row in $TABLES; do
      split "$row"
      ip rule del table "$id" 2>/dev/null || (( ++missing ))
      tc qdisc del dev "$dev" root
    done
    echo "${missing:-0} rules were not there"
    ;;
  status)
    echo "$TABLES" | tr ' ' '\n' | while IFS=: read -r _ dev _; do tc -s -d class show dev "$dev"; done
    ;;
  *) exit 1 ;;
esac

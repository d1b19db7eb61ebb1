#!/bin/bash
# args: start
# args: stop
# args: list
# args: restart eth5
#
# htb shaper: classes, ports and addresses stand in tables below.

PATH=/sbin:/usr/sbin:$PATH
DEV=${2:-eth0}
RATE=48

declare -a CLASSES=(
  # id  share  prio  leaf
  "10   10     0     pfifo limit 50"
  "20   40     1     fq_codel"
  "30   30     2     sfq perturb 10"
  "40   20     7     red limit 60000 min 5000 max 15000 avpkt 1000"
)
declare -A PORTS=([ssh]=22 [dns]=53 [web]="80 443" [mail]="25,465,587")
declare -A TO=([ssh]=10 [dns]=10 [web]=20 [mail]=40)
order=(ssh dns web mail)

die() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

run() {
  "$@" || die "failed: $*"
}

share() {
  local percent=$1
  echo "$(( RATE * 1000 * percent / 100 ))kbit"
}

add_classes() {
  local row id percent prio leaf
  for row in "${CLASSES[@]}"; do
    read -r id percent prio leaf <<< "$row"
    run tc class add dev "$DEV" parent 1:1 classid "1:$id" htb rate "$(share "$percent")" ceil "${RATE}mbit" prio "$prio"
    # shellcheck disable=SC2086
    run tc qdisc add dev "$DEV" parent "1:$id" handle "$id:" $leaf
  done
}

add_ports() {
  local name port side n=0
  for name in "${order[@]}"; do
    for port in ${PORTS[$name]//,/ }; do
      for side in sport dport; do
        (( n++ ))
        run tc filter add dev "$DEV" parent 1: protocol ip prio $(( 10 + n )) \
          u32 match ip protocol 6 0xff match ip $side "$port" 0xffff flowid "1:${TO[$name]}"
      done
    done
  done
  echo "$n filters"
}

start() {
  run tc qdisc add dev "$DEV" root handle 1: htb default 30 r2q 10
  run tc class add dev "$DEV" parent 1: classid 1:1 htb rate "${RATE}mbit"
  add_classes
  add_ports
}

stop() { tc qdisc del dev "$DEV" root &> /dev/null; }

list() {
  local row
  for row in "${CLASSES[@]}"; do
    set -- $row
    tc -s class show dev "$DEV" classid "1:$1" | grep -A 2 -E "htb 1:$1 "
  done
}

case "$1" in
  start|stop|list) "$1" ;;
  restart) stop; start ;;
  *) die "start, stop, list or restart?" ;;
esac
exit 0

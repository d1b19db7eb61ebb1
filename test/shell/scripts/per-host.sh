#!/bin/bash
# args: -d br-lan -n 192.168.5 -r 64 -f 250 -t 254 start
# args: -d br-lan stop
# args: -x
# args: -b -n 10.9.8 -f 1 -t 3 start
# A class of its own for every host of a /24; with -b all goes through one batch.

usage() {
  cat <<USAGE
Usage: ${0##*/} [-d device] [-n net] [-r kbit] [-f first] [-t last] [-b] start|stop
USAGE
}

dev=eth1 net=192.168.1 rate=256 first=2 last=5 batch=
while getopts 'd:n:r:f:t:bh' option; do
  case "$option" in
    d) dev="$OPTARG" ;;
    n) net="${OPTARG%.}" ;;
    r) rate="$OPTARG" ;;
    f) first=$OPTARG ;;
    t) last=$OPTARG ;;
    b) batch=$(mktemp) ;;
    h) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
  esac
done
shift $((OPTIND-1))

trap '[ -z "$batch" ] || rm -f "$batch"' EXIT

# Either now or later.
emit() {
  if [ -n "$batch" ]; then
    echo "$@" >> "$batch"
  else
    tc "$@"
  fi
}

host() {
  local -i n=$1
  local id ip="$net.$n"
  printf -v id '%x' $((n + 0x100))
  emit class add dev "$dev" parent 1:1 classid "1:$id" htb rate "${rate}kbit" ceil "$((rate * 4))kbit"
  emit qdisc add dev "$dev" parent "1:$id" handle "$id:" fq_codel
  emit filter add dev "$dev" parent 1: protocol ip prio 2 u32 ht 2:"$(printf '%x' "$n")": \
    match ip dst "$ip"/32 flowid "1:$id"
}

start() {
  local n
  emit qdisc add dev "$dev" root handle 1: htb default fff
  emit class add dev "$dev" parent 1: classid 1:1 htb rate 100mbit
  emit class add dev "$dev" parent 1:1 classid 1:fff htb rate "${rate}"kbit
  emit filter add dev "$dev" parent 1: prio 2 protocol ip u32
  emit filter add dev "$dev" parent 1: prio 2 handle 2: protocol ip u32 divisor 256
  for n in $(seq "$first" "$last"); do
    host "$n"
  done
  emit filter add dev "$dev" parent 1: protocol ip prio 2 u32 ht 800:: \
    match ip dst "$net.0/24" hashkey mask 0x000000ff at 16 link 2:
  if [[ -s $batch ]]; then
    echo "$(grep -c . "$batch") lines" >&2
    tc -batch "$batch"
  fi
}

case $1 in
  start) start ;;
  stop) tc qdisc del dev "$dev" root || echo "nothing on $dev" ;;
  *) usage; exit 1 ;;
esac

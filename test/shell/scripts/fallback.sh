#!/bin/sh
# args: start eth0 50
# args: start eth0
# args: stop eth0
# args: start
# Takes the best queueing that is there, and another where it is not.
set -e

prog=$(basename "$0" .sh)
usage() { echo "usage: $prog {start DEV [MBIT]|stop DEV}" >&2; exit 64; }
note() { echo "$prog: $*"; }

[ $# -ge 2 ] || usage
action=$1 dev=$2 mbit=${3:-}

# True where the kernel takes this qdisc: tried where it does no harm.
try() {
  if tc qdisc replace dev "$dev" root "$@" 2>/dev/null; then
    note "$1 on $dev"
    return 0
  fi
  return 1
}

best() {
  for q in cake fq_codel sfq pfifo; do
    case $q in
      cake) set -- $q besteffort ${mbit:+bandwidth ${mbit}mbit} nat ;;
      fq_codel) set -- $q quantum 300 ;;
      *) set -- $q ;;
    esac
    # cake shapes by itself; what cannot shape is no use where a rate was given.
    [ -z "$mbit" ] || [ "$q" = cake ] || continue
    [ -z "$mbit" ] && [ "$q" = cake ] && continue
    if try "$@"; then echo "$q" > ./chosen; return; fi
  done
  note "nothing fits"; return 1
}

remove() {
  tc qdisc del dev "$dev" root 2>/dev/null && note "removed" || :
  if ! tc qdisc del dev "$dev" ingress 2>/dev/null; then
    note "there was no ingress"
  fi
}

case $action in
  start)
    remove
    best
    chosen=$(cat ./chosen); rm -f ./chosen
    case $chosen in
      cake) tc qdisc change dev "$dev" root cake ack-filter ;;
      ?*) tc -s qdisc show dev "$dev" | grep -q "$chosen" || tc class show dev "$dev" ;;
    esac
    ;;
  stop) remove ;;
  *) usage ;;
esac
tc qdisc show dev "$dev" > /dev/null

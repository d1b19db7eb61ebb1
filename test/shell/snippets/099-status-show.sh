#!/bin/bash
# args: status
show_all() {
  local what
  for what in qdisc class filter; do
    echo "== $what"
    tc -s -d $what show dev "$1" | sed 's/^/  /'
  done
}
stop_all() { for d in "$@"; do tc qdisc del dev "$d" root; done; } 2>/dev/null
case ${1-} in
  stat|status|show) show_all eth0; stop_all ifb0 ifb1 ;;
  "") exit 1 ;;
esac

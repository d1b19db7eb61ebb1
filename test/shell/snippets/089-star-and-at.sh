#!/bin/bash
list() { for w in "$@"; do tc qdisc show dev "$w"; done; }
list one 'two words' "" four
set -- 'a b' c
for w in $*; do tc class show dev $w; done
for w in "$*"; do tc filter show dev "$w"; done
IFS=-
tc qdisc add dev "$*" root handle 1: sfq
for w; do tc class show dev "x$w"; done
tc filter show dev "p${@}s"

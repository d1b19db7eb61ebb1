#!/bin/bash
type -t if >/dev/null && echo keyword
leaf() { :; }
case $(type -t leaf) in
  function) tc qdisc add dev eth0 root handle 1: sfq ;;
  *) tc qdisc add dev eth0 root handle 1: pfifo ;;
esac
[ "$(type -t echo)" = builtin ] && tc qdisc show dev eth0
type no_such_thing 2>/dev/null || tc qdisc show dev eth1

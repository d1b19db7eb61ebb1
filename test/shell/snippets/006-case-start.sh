#!/bin/sh
# args: restart
DEV=eth0
start() {
  tc qdisc add dev $DEV root handle 1: hfsc default 10
  tc class add dev $DEV parent 1: classid 1:10 hfsc sc rate 10mbit ul rate 10mbit
}
stop() { tc qdisc del dev $DEV root 2>/dev/null; }
case "$1" in
  start) start ;;
  stop) stop ;;
  restart|reload)
    stop
    start
    ;;
  *) echo "Usage: $0 {start|stop|restart}" >&2; exit 1 ;;
esac

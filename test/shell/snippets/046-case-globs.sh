#!/bin/bash
shopt -s extglob
pick() {
  case $1 in
    eth+([0-9])) tc qdisc add dev $1 root handle 1: htb ;;
    wlan?|wl[!a]*) tc qdisc add dev $1 root handle 1: fq_codel ;;
    @(ifb|imq)*) tc qdisc add dev $1 root handle 2: htb ;;
    !(tun*|dummy*)) tc qdisc add dev $1 root pfifo ;;
    *) echo "skip $1" ;;
  esac
}
for d in eth10 wlan0 wlp3s0 ifb1 tun0 dummy0 ppp0 ethx; do pick $d; done

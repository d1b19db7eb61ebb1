#!/bin/bash
level() {
  case $1 in
    3) tc class add dev eth0 parent 1:2 classid 1:3 htb rate 1mbit ;&
    2) tc class add dev eth0 parent 1:1 classid 1:2 htb rate 2mbit ;&
    1) tc class add dev eth0 parent 1: classid 1:1 htb rate 3mbit ;;
    [0-9]) tc qdisc add dev eth0 root handle 1: htb ;;&
    *) tc qdisc show dev eth0 ;;
  esac
}
level 2
level 0

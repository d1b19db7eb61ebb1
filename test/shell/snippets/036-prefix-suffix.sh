#!/bin/bash
path=/etc/qos/eth0.100.conf
name=${path##*/}
dev=${name%.conf}
base=${dev%%.*}
vlan=${dev#*.}
tc qdisc add dev "$dev" root handle ${vlan}: prio
tc filter add dev "$base" parent 1: protocol 802.1q prio ${#vlan} basic match "meta(vlan mask 0xfff eq $vlan)" flowid 1:${vlan%00}

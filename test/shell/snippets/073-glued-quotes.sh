#!/bin/sh
ID=7
tc class add dev 'eth'0 parent "1":"" classid 1:"$ID"'0' htb rate 5"mbit" ceil '5'mbit""
tc filter add dev eth0 parent 1: protocol ip prio 1 basic match 'u32(u16 0x'"$ID"' 0xffff at nexthdr+2)' flowid 1:${ID}0
tc qdisc add dev eth0 parent 1:$ID'0' "sfq" per'turb' 10 ''
tc qdisc show dev a\ b "c"\""d" 'e\f' "g\h\$i"

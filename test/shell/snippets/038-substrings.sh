#!/bin/bash
mac=02:00:5e:10:00:01
hex=${mac//:/}
tc filter add dev eth0 parent 1: protocol ip prio 5 u32 match u16 0x${hex:0:4} 0xffff at -14 match u32 0x${hex:4} 0xffffffff at -12 flowid 1:${mac: -1}
id=1234
tc class add dev eth0 parent 1: classid ${id:1:2}:${id:(-2)} drr
set -- a b c d
tc class add dev eth0 parent 1: classid 1:"${2:0:1}" drr
for w in "${@:2:2}"; do tc class add dev eth0 parent 1: classid 1:$w drr; done

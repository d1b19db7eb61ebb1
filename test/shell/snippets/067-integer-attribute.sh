#!/bin/bash
declare -i total=0 part
for r in 3 4 5; do total+=r; done
part=total/4
typeset -i twice='total * 2'
tc class add dev eth0 parent 1: classid 1:1 htb rate ${total}mbit ceil ${twice}mbit
tc class add dev eth0 parent 1:1 classid 1:2 htb rate ${part}mbit
plain=3; plain+=4
tc class add dev eth0 parent 1:1 classid 1:3 htb rate ${plain}mbit

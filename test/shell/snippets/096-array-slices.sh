#!/bin/bash
rates=(1mbit 2mbit 4mbit 8mbit 16mbit)
for r in "${rates[@]:1:3}"; do tc class add dev eth0 parent 1: classid 1:${#r} htb rate "$r"; done
tc class add dev eth0 parent 1: classid 1:1 htb rate "${rates[0]}" ceil "${rates[-1]}"
kbit=("${rates[@]/mbit/000kbit}")
tc class add dev eth0 parent 1: classid 1:2 htb rate ${kbit[2]} ceil ${kbit[${#kbit[@]}-1]}
plain=${rates[*]%mbit}
sum=0; for v in $plain; do ((sum += v)); done
tc class change dev eth0 classid 1:1 htb rate ${sum}mbit
unset 'rates[1]' rates[3]
echo "${!rates[*]} are left"; tc class change dev eth0 classid 1:2 htb rate ${rates[@]}

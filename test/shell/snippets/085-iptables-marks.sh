#!/bin/sh
IPT=iptables
$IPT -t mangle -N QOS 2>/dev/null || $IPT -t mangle -F QOS
n=1
for port in 22 53 5060:5061; do
  $IPT -t mangle -A QOS -p udp --dport $port -j MARK --set-mark $n
  tc filter add dev eth0 parent 1: protocol ip prio $n handle $n fw flowid 1:$n
  n=$(($n+1))
done
$IPT -t mangle -A POSTROUTING -o eth0 -m comment --comment "all that leaves" -j QOS
iptables -t nat -A POSTROUTING -o eth0 ! -d 10.0.0.0/8 -j MASQUERADE

#!/bin/sh
TC="tc -s"
ADD="$TC qdisc add"
$TC qdisc show dev eth0
$ADD dev eth0 root handle 1: drr
TC=/sbin/tc
$TC class add dev eth0 parent 1: classid 1:1 drr
${TC} class add dev eth0 parent 1: classid 1:2 drr quantum 3000

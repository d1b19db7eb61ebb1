#!/bin/sh
if true; then
	tc -force -batch - <<-EOT
		qdisc add dev eth0 root handle 1: sfq
		filter add dev eth0 parent 1: handle 1 protocol all prio 1 \
		    flow hash keys dst divisor 128
	EOT
fi

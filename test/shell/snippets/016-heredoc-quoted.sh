#!/bin/sh
# The words stay as they are: nothing here is a variable of this shell.
cat <<'END' > rules.tc
qdisc add dev eth0 root handle 1: prio
filter add dev eth0 parent 1: prio 1 protocol ip flow hash keys src divisor 1024
END
tc -b rules.tc
rm -f rules.tc

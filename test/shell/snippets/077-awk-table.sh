#!/bin/sh
# Commands made by awk from a table, run by the shell.
awk '!/^#/ && NF >= 2 {
  id = sprintf("%x", ++n + 15)
  print "tc class add dev eth0 parent 1:1 classid 1:" id " htb rate " $2 "kbit"
  if ($3 != "") print "tc filter add dev eth0 parent 1: protocol ip prio 1 handle " $3 " fw classid 1:" id
}' files/users.tab | sh

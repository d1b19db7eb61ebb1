#!/bin/sh
cat <<LIST | xargs -L 1 tc class add dev eth0 parent 1:
classid 1:10 htb rate 1mbit
classid 1:20 htb rate 2mbit ceil 4mbit
LIST

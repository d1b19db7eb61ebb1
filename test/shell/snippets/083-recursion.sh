#!/bin/bash
# A binary tree of classes.
tree() {
  local parent=$1 depth=$2 id
  (( depth == 0 )) && return
  for side in 0 1; do
    id=$(( parent * 2 + side ))
    tc class add dev eth0 parent 1:$(printf %x $parent) classid 1:$(printf %x $id) htb rate $(( depth * 2 ))mbit
    tree $id $(( depth - 1 ))
  done
}
tc qdisc add dev eth0 root handle 1: htb
tree 1 3

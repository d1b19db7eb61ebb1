#!/bin/bash
fill() {
  local -n target=$1
  target+=("$2" "$3")
}
declare -a args=(parent 1:)
fill args classid 1:5
fill args htb rate
args+=(7mbit)
tc class add dev eth0 "${args[@]}"
text=abc; text+=def
tc qdisc add dev eth0 root handle ${#text}: sfq
args[1]=2:; args=("${args[@]:0:4}" drr)
tc class add dev eth0 "${args[@]}"

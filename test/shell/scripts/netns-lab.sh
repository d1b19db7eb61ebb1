#!/bin/bash
# args: up 2
# args: run 20ms 1%
# args: down
# A router between hosts in namespaces of their own; delay and loss are made by netem.
set -euo pipefail

hosts=(alice bob)
router=core
delay=5ms

in_ns() {
  local ns=$1
  shift
  ip netns exec "$ns" "$@"
}

each_host() {
  local i
  for i in "${!hosts[@]}"; do
    "$@" "${hosts[i]}" "$(( i + 1 ))"
  done
}

plug() {
  local name=$1 n=$2
  local inner="$name-eth" outer="to-$name"
  ip netns add "$name"
  ip link add "$inner" type veth peer name "$outer"
  ip link set "$inner" netns "$name"
  ip link set "$outer" netns "$router"
  ip -n "$name" addr add "10.77.$n.2/24" dev "$inner"
  ip -n "$router" addr add "10.77.$n.1/24" dev "$outer"
  in_ns "$name" ip link set "$inner" up
  in_ns "$router" ip link set "$outer" up
  in_ns "$name" ip route add default via "10.77.$n.1"
}

shape() {
  local name=$1 n=$2 tc="in_ns $router tc"
  $tc qdisc add dev "to-$name" root handle 1: htb default 1
  $tc class add dev "to-$name" parent 1: classid 1:1 htb rate "$(( 10 * n ))mbit"
  $tc qdisc add dev "to-$name" parent 1:1 handle 10: netem delay "$delay" limit $(( n * 1000 ))
}

change() {
  local name=$1
  tc -n "$router" qdisc change dev "to-$name" parent 1:1 handle 10: netem "${netem[@]}"
}

unplug() { ip netns del "$1" 2>/dev/null || true; }

main() {
  case ${1:-} in
    up)
      local n=${2:-1} extra
      for extra in $(seq 3 $(( n + 2 ))); do hosts+=("host$extra"); done
      ip netns add "$router"
      each_host plug
      each_host shape
      ;;
    run)
      netem=(delay "${2:-$delay}")
      [[ ${3:-} == *% ]] && netem+=(loss "$3")
      [[ ${4:-} =~ ^[0-9]+$ ]] && netem+=(rate "${4}kbit")
      each_host change
      ;;
    down)
      each_host unplug
      unplug "$router"
      ;;
    *) echo "up, run or down" >&2; return 2 ;;
  esac
}

main "$@"

#!/bin/bash
# args: eth1 10mbit
# Application bands of a village network; inside each, 256 users that take turns.
set -o errexit -o nounset

readonly DEVICE=${1:-eth1}
readonly RATE=${2:-10mbit}
readonly USERS=256
sfq=(sfq perturb 30 headdrop probability 0.5 redflowlimit 20000 ecn harddrop)

# Bands, and where what nobody marked goes.
declare -A band_of=([voice]=1 [chat]=2 [web]=3 [bulk]=4)
readonly default=web

add_user() {
	local handle="$1" hex
	hex=$(printf "%x" "$2")
	tc class add dev "$DEVICE" parent "$handle": classid "$handle:$hex" qfq weight 10
	tc qdisc add dev "$DEVICE" parent "$handle:$hex" "${sfq[@]}"
}

add_band() {
	local band=$1 handle=2$1
	tc class add dev "$DEVICE" parent 2: classid 2:"$band" qfq weight 10
	tc qdisc add dev "$DEVICE" parent 2:"$band" handle "$handle": qfq
	for ((user = 1; user <= USERS; user++)); do
		add_user "$handle" "$user"
	done
	tc filter add dev "$DEVICE" parent "$handle": protocol all prio 1 handle 0xff"$handle" flow map key nfct-src and 0xff divisor $USERS baseclass "$handle":1
}

tc qdisc add dev "$DEVICE" root handle 1: tbf rate "$RATE" burst 30kb latency 10ms
tc qdisc add dev "$DEVICE" parent 1:1 handle 2: qfq
for name in voice chat web bulk; do
	add_band "${band_of[$name]}"
done
tc filter add dev "$DEVICE" parent 2: prio 1000 matchall flowid 2:"${band_of[$default]}"

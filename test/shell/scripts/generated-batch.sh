#!/bin/bash
# args: apply 3 2
# args: print 1 1
# args: clear
# Writes one batch for a tree of floors and rooms, and gives it to tc at once.

: "${DEVICE:=eth0}" "${TOTAL_MBIT:=240}"
WORK=./generated
mkdir -p "$WORK"

cleanup() { rm -rf "$WORK"; }
trap cleanup EXIT INT TERM

floors=${2:-2}
rooms=${3:-2}
(( floors >= 1 && floors <= 9 && rooms >= 1 && rooms <= 9 )) || { echo "1 to 9" >&2; exit 1; }

header() {
  cat <<-HEAD
	# made by ${0##*/}
	qdisc add dev $DEVICE root handle 1: htb default 9999
	class add dev $DEVICE parent 1: classid 1:1 htb rate ${TOTAL_MBIT}mbit
	HEAD
}

floor_lines() {
  local f=$1 r id
  local per_floor=$(( TOTAL_MBIT / floors ))
  printf 'class add dev %s parent 1:1 classid 1:%d0 htb rate %dmbit ceil %dmbit\n' \
    "$DEVICE" "$f" "$per_floor" "$TOTAL_MBIT"
  for ((r = 1; r <= rooms; r++)); do
    id=$f$r
    cat <<ROOM
class add dev $DEVICE parent 1:${f}0 classid 1:$id htb rate $(( per_floor / rooms ))mbit
qdisc add dev $DEVICE parent 1:$id handle $id: fq_codel
ROOM
  done
}

filters() {
  awk -v dev="$DEVICE" -v floors="$floors" -v rooms="$rooms" '
    BEGIN {
      for (f = 1; f <= floors; f++)
        for (r = 1; r <= rooms; r++) {
          net = sprintf("10.%d.%d.0/24", f, r)
          print "filter add dev", dev, "parent 1: protocol ip prio", f, "u32 match ip dst", net, "flowid 1:" f r
        }
    }'
}

generate() {
  header
  local f
  for f in $(seq "$floors"); do floor_lines "$f"; done
  filters | sort -r
}

case "$1" in
  apply)
    generate > "$WORK/qos.batch"
    lines=$(grep -vc '^#' "$WORK/qos.batch")
    [ "$lines" -gt 3 ] && tc -force -batch "$WORK/qos.batch"
    tc qdisc show dev "$DEVICE" | head -n 1 | awk '{ print $2 }' | xargs -I{} tc class show dev "$DEVICE" parent {}
    ;;
  print) generate | sed 's/^/tc /' | tail -n +2 | bash ;;
  clear) tc qdisc del dev "$DEVICE" root 2>/dev/null; tc qdisc show dev "$DEVICE" ;;
esac

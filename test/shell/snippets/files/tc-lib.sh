# Functions of 020-sourced-library.sh; IFACE comes from the script.
root_htb() { tc qdisc add dev "$IFACE" root handle 1: htb default "$1"; }

add_class() {
  local id=$1 rate=$2 ceil=${3:-$2}
  tc class add dev "$IFACE" parent 1: classid "1:$id" htb rate "$rate" ceil "$ceil"
}

leaf() {
  local id
  for id in "$@"; do
    tc qdisc add dev "$IFACE" parent "1:$id" handle "$id:" fq_codel
  done
}

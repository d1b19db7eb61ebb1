#!/bin/bash
# Records examples/household.pcapng: a home of twelve hosts behind a NAT router, seen on both sides of the router.
#
#   sudo tools/record/household.sh examples/household.pcapng
#
# writes that file and, beside it, household.conntrack: what `conntrack -L` said on the router at the end. About half a
# minute. Every program and every address lives in network namespaces of its own, which are removed at the end or on
# an interrupt; the machine's own network is not touched. Needs Linux with bridge, veth, nf_nat and nf_conntrack, and
#
#   apt-get install bind9-dnsutils busybox conntrack curl dnsmasq-base ethtool iperf3 iproute2 iputils-ping lighttpd \
#     lighttpd-mod-openssl nftables ngircd nodejs openssl procps python3 rsync traceroute vsftpd wireshark-common
#
#     h1 … h11 192.168.77.11 … .21 ──┐ switch                        router              internet
#     h12      192.168.77.140 ───────┴ br0 ─── lan0 192.168.77.1/25, VLAN 5: .129/25
#              (behind VLAN 5)                 wan0 203.0.113.2 ─── 203.0.113.1 and the servers below
set -euo pipefail

WEB=198.51.100.10 NAMES=198.51.100.20 FILES=198.51.100.30 CHAT=192.0.2.40 BULK=192.0.2.50
WEB6=2001:db8:1::10
SNAP=112 # headers and a little more: enough for every key, small enough to ship
GUEST=12 GUEST_VLAN=5
IPV6_HOSTS=" 1 3 7 10 "

[ $# = 1 ] || { echo "usage: $0 OUTPUT.pcapng" >&2; exit 2; }
[ "$(id -u)" = 0 ] || { echo "$0: network namespaces need root" >&2; exit 1; }
OUTPUT=$(realpath "$1")
TOOLS=$(dirname "$(realpath "$0")")
PATH=$PATH:/usr/sbin:/sbin
for program in bridge busybox conntrack curl dig dnsmasq dumpcap ethtool ip iperf3 lighttpd nft ngircd node openssl \
  ping python3 rsync sysctl traceroute vsftpd; do
  command -v "$program" >/dev/null || { echo "$0: no $program; see the list of packages in this script" >&2; exit 1; }
done

HOME_NET=household$$
WORK=$(mktemp -d)
SPACES=(switch router internet h{1..12})

cleanup() {
  trap - EXIT
  local space
  jobs -p | xargs --no-run-if-empty kill 2>/dev/null || true
  for space in "${SPACES[@]}"; do
    ip netns pids "$HOME_NET-$space" 2>/dev/null | xargs --no-run-if-empty kill -9 2>/dev/null || true
    ip netns del "$HOME_NET-$space" 2>/dev/null || true
    rm -rf "/etc/netns/$HOME_NET-$space"
  done
  rmdir /etc/netns 2>/dev/null || true
  rm -rf "$WORK"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# on SPACE COMMAND…: runs a command in one of our namespaces.
on() { ip netns exec "$HOME_NET-$1" "${@:2}"; }

# serve SPACE COMMAND…: the same, in the background, its chatter kept for the case that it fails.
serve() { on "$@" >>"$WORK/log" 2>&1 & }

# wire SPACE NAME MAC SPACE NAME MAC: a cable. No offloads: what is captured is what a wire would carry.
wire() {
  ip -n "$HOME_NET-$1" link add "$2" address "$3" type veth peer name "$5" address "$6" netns "$HOME_NET-$4"
  on "$1" ethtool -K "$2" gro off gso off tso off tx off rx off >/dev/null
  on "$4" ethtool -K "$5" gro off gso off tso off tx off rx off >/dev/null
  on "$1" ip link set "$2" up
  on "$4" ip link set "$5" up
}

quiet_ipv6() { on "$1" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1; }

# ---- the house ---------------------------------------------------------------------------------------------------

build() {
  local space i
  for space in "${SPACES[@]}"; do
    ip netns add "$HOME_NET-$space"
    mkdir -p "/etc/netns/$HOME_NET-$space"
    echo 'nameserver 192.168.77.1' >"/etc/netns/$HOME_NET-$space/resolv.conf"
    on "$space" ip link set lo up
  done
  quiet_ipv6 switch
  on switch ip link add br0 address 02:00:00:00:77:00 type bridge mcast_snooping 0
  on switch ip link set br0 up
  for i in {1..12}; do
    [[ $IPV6_HOSTS == *" $i "* ]] || quiet_ipv6 "h$i"
  done

  on router sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
  wire router lan0 02:00:00:00:77:01 switch uplink 02:00:00:00:77:02
  wire router wan0 02:00:00:00:71:02 internet home 02:00:00:00:71:01
  on switch ip link set uplink master br0
  on router ip addr add 192.168.77.1/25 dev lan0
  on router ip addr add 2001:db8:77::1/64 dev lan0 nodad
  on router ip addr add 203.0.113.2/24 dev wan0
  on router ip addr add 2001:db8::2/64 dev wan0 nodad
  on router ip route add default via 203.0.113.1
  on router ip route add default via 2001:db8::1
  on router nft -f - <<NFT
    table inet household {
      chain forward { type filter hook forward priority filter; ct state invalid drop; }
      chain postrouting { type nat hook postrouting priority srcnat; ip saddr 192.168.77.0/24 oifname wan0 masquerade; }
    }
NFT

  on internet ip addr add 203.0.113.1/24 dev home
  on internet ip addr add 2001:db8::1/64 dev home nodad
  for address in $WEB $NAMES $FILES $CHAT $BULK; do on internet ip addr add "$address/32" dev lo; done
  on internet ip addr add $WEB6/128 dev lo
  on internet ip route add 2001:db8:77::/64 via 2001:db8::2
}

# The guest's frames get their VLAN tag in the switch and lose it in the router.
build_guest() {
  wire switch "port$GUEST" 02:00:00:00:77:05 switch guest 02:00:00:00:77:06
  on switch ip link set guest master br0
  serve switch python3 "$TOOLS/vlan_port.py" "port$GUEST" "access$GUEST" $GUEST_VLAN
  on router sysctl -qw net.ipv6.conf.default.disable_ipv6=1 # the guest speaks IPv4 only
  wire router guest0 02:00:00:00:77:07 router guestport 02:00:00:00:77:08
  serve router python3 "$TOOLS/vlan_port.py" lan0 guestport $GUEST_VLAN
  on router ip addr add 192.168.77.129/25 dev guest0
}

plug_in() { # plug_in HOST: its cable, then its address by DHCP and (some) by router advertisement
  local mac
  mac=$(printf '02:00:00:00:77:%02x' $((16 + $1)))
  if [ "$1" = $GUEST ]; then
    wire switch "access$1" "02:00:00:00:77:09" "h$1" eth0 "$mac"
  else
    wire switch "port$1" "$(printf '02:00:00:00:78:%02x' "$1")" "h$1" eth0 "$mac"
    on switch ip link set "port$1" master br0
  fi
}

lease() { on "h$1" busybox udhcpc -f -q -n -t 5 -T 1 -i eth0 -s "$WORK/lease" >>"$WORK/log" 2>&1; }

# ---- the programs ------------------------------------------------------------------------------------------------

content() { # what the servers have to give: bytes of no meaning
  mkdir -p "$WORK"/{web,ftp/upload,backup,documents,empty}
  local i
  for i in {1..6}; do openssl rand $((1500 + i * 1700)) >"$WORK/web/picture$i.png"; done
  openssl rand 3000 >"$WORK/web/index.html"
  openssl rand 60000 >"$WORK/web/film.mp4"
  openssl rand 90000 >"$WORK/ftp/disk.img"
  for i in {1..7}; do openssl rand $((9000 * i)) >"$WORK/documents/letter$i.odt"; done
  openssl rand 70000 >"$WORK/scan.pdf"
  openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=www.example.net \
    -keyout "$WORK/key.pem" -out "$WORK/cert.pem" 2>/dev/null
  chmod -R a+rX "$WORK"
  chown ftp "$WORK/ftp/upload"
}

settings() {
  cat >"$WORK/lease" <<'LEASE'
#!/bin/sh
[ "$1" = bound ] || exit 0
ip addr add "$ip/$mask" dev "$interface"
ip route add default via "$router"
LEASE
  chmod +x "$WORK/lease"
  cat >"$WORK/lighttpd.conf" <<LIGHTTPD
server.document-root = "$WORK/web"
server.modules = ( "mod_openssl" )
server.bind = "$WEB"
server.port = 80
index-file.names = ( "index.html" )
\$SERVER["socket"] == "[$WEB6]:80" {}
\$SERVER["socket"] == "$WEB:443" { ssl.engine = "enable" ssl.pemfile = "$WORK/cert.pem" ssl.privkey = "$WORK/key.pem" }
\$SERVER["socket"] == "[$WEB6]:443" { ssl.engine = "enable" ssl.pemfile = "$WORK/cert.pem" ssl.privkey = "$WORK/key.pem" }
LIGHTTPD
  cat >"$WORK/vsftpd.conf" <<VSFTPD
listen=YES
listen_address=$FILES
background=NO
anonymous_enable=YES
no_anon_password=YES
anon_root=$WORK/ftp
write_enable=YES
anon_upload_enable=YES
secure_chroot_dir=$WORK/empty
seccomp_sandbox=NO
ftpd_banner=files.example.net
VSFTPD
  cat >"$WORK/rsyncd.conf" <<RSYNCD
use chroot = no
uid = root
gid = root
[backup]
path = $WORK/backup
read only = no
RSYNCD
  cat >"$WORK/ngircd.conf" <<NGIRCD
[Global]
Name = irc.example.net
Info = The household's chat
AdminInfo1 = Household
Listen = $CHAT
MotdPhrase = Welcome home
ServerUID = nobody
ServerGID = nogroup
[Limits]
MaxConnectionsIP = 0
[Options]
DNS = no
Ident = no
PAM = no
NGIRCD
}

servers() {
  serve internet dnsmasq --keep-in-foreground --conf-file=/dev/null --user=root --no-hosts --no-resolv --bind-interfaces \
    --listen-address=$NAMES --local=/net/ --address=/www.example.net/$WEB --address=/www.example.net/$WEB6 \
    --address=/shop.example.net/$WEB --address=/files.example.net/$FILES --address=/irc.example.net/$CHAT \
    --address=/call.example.net/$BULK --address=/time.example.net/$NAMES
  serve router dnsmasq --keep-in-foreground --conf-file=/dev/null --user=root --no-hosts --no-resolv --server=$NAMES \
    --dhcp-leasefile="$WORK/leases" --no-ping --enable-ra --dhcp-range=2001:db8:77::,ra-only \
    --dhcp-range=192.168.77.11,192.168.77.21 --dhcp-range=192.168.77.140,192.168.77.150 --dhcp-authoritative \
    "${KNOWN_HOSTS[@]}" --interface=lan0 --interface=guest0 --bind-interfaces --pid-file="$WORK/dnsmasq.pid"
  serve internet lighttpd -D -f "$WORK/lighttpd.conf"
  serve internet vsftpd "$WORK/vsftpd.conf"
  serve internet rsync --daemon --no-detach --config="$WORK/rsyncd.conf" --address=$FILES
  serve internet ngircd --nodaemon --config "$WORK/ngircd.conf"
  serve internet iperf3 --server --bind $BULK --port 5201
  serve internet iperf3 --server --bind $BULK --port 5202
  serve internet python3 "$TOOLS/talk.py" time-server $NAMES
}

# ---- the people --------------------------------------------------------------------------------------------------

browse() { # browse HOST URL: a page and its pictures over one connection that is kept
  on "h$1" curl --silent --show-error --insecure --max-time 20 --limit-rate 100k \
    "$2/" "$2/picture[1-6].png" --output /dev/null --output /dev/null
}
fetch() { on "h$1" curl --silent --show-error --insecure --max-time 30 --limit-rate "$3" --output /dev/null "$2"; }
call() { on "h$1" iperf3 --client call.example.net --port 5202 "${@:2}"; }
chat() { on "h$1" python3 "$TOOLS/talk.py" chat irc.example.net "${@:2}"; }

h1() { # downloads in bulk
  browse 1 http://www.example.net
  on h1 iperf3 --client call.example.net --port 5201 --reverse --bytes 520K --bitrate 700K --length 8K
  fetch 1 http://shop.example.net/film.mp4 40k
}
h2() { # backs up its documents
  fetch 2 https://shop.example.net/ 50k
  on h2 rsync --recursive --bwlimit=60 "$WORK/documents/" rsync://files.example.net/backup/
}
h3() { # reads the web, over IPv6 where it can
  for _ in 1 2 3; do browse 3 http://www.example.net; sleep 2; done
  browse 3 https://shop.example.net
}
h4() { # makes a telephone call
  call 4 --udp --bidir --time 4 --bitrate 38K --length 160
}
h5() { chat 5 ada 18 0.9; }
h6() { sleep 1; chat 6 ben 14 1.1; browse 6 http://shop.example.net; }
h7() { sleep 2; chat 7 cleo 9 1.3; fetch 7 https://www.example.net/picture3.png 50k; }
h8() { # moves files by FTP
  fetch 8 ftp://files.example.net/disk.img 60k
  sleep 1
  on h8 curl --silent --show-error --limit-rate 60k --upload-file "$WORK/scan.pdf" ftp://files.example.net/upload/
}
h9() { # asks the name server itself, and the time
  local name
  on h9 python3 "$TOOLS/talk.py" time time.example.net
  for name in www shop files irc call nobody time; do
    on h9 dig @$NAMES "$name.example.net" A "$name.example.net" AAAA +timeout=2
    sleep 0.3
  done
}
h10() { # prefers IPv6
  on h10 ping -6 -n -c 6 -i 0.5 www.example.net
  browse 10 https://www.example.net
  fetch 10 https://www.example.net/film.mp4 30k
}
h11() { # wonders whether the network works
  on h11 python3 "$TOOLS/talk.py" time time.example.net
  on h11 ping -n -c 12 -i 0.5 irc.example.net
  on h11 traceroute -n -q 1 -w 1 call.example.net
}
h12() { # the guest
  browse 12 http://shop.example.net
  on h12 ping -n -c 5 -i 0.4 www.example.net -4
  browse 12 https://shop.example.net
}

# ---- the recording -----------------------------------------------------------------------------------------------

wait_for() { # wait_for COMMAND…: until it succeeds, five seconds at most
  for _ in {1..50}; do "$@" >/dev/null 2>&1 && return; sleep 0.1; done
  echo "$0: gave up waiting for: $*" >&2
  cat "$WORK/log" >&2
  return 1
}

KNOWN_HOSTS=("--dhcp-host=02:00:00:00:77:1c,192.168.77.140")
for i in {1..11}; do KNOWN_HOSTS+=("--dhcp-host=$(printf '02:00:00:00:77:%02x' $((16 + i))),192.168.77.$((10 + i))"); done

chmod 755 "$WORK"
build
plug_in $GUEST
build_guest
content
settings

ip netns exec "$HOME_NET-router" dumpcap -q -s $SNAP -i lan0 -i wan0 -w "$WORK/raw.pcapng" 2>>"$WORK/log" &
DUMPCAP=$!
wait_for test -s "$WORK/raw.pcapng"
servers
for door in $WEB/80 $WEB/443 $FILES/21 $FILES/873 $CHAT/6667; do
  wait_for on internet bash -c "echo >/dev/tcp/$door"
done
for i in {1..11}; do plug_in "$i"; done
for i in {1..12}; do lease "$i"; done

people=()
for i in {1..12}; do
  ("h$i" >>"$WORK/log" 2>&1) &
  people+=($!)
  sleep 0.3
done
for person in "${people[@]}"; do
  wait "$person" || { echo "$0: one of the household failed:" >&2; cat "$WORK/log" >&2; exit 1; }
done

on router conntrack -L >"$WORK/household.conntrack" 2>>"$WORK/log"
sleep 2 # the last packets wait in the kernel's ring until a block is full or old
kill -TERM $DUMPCAP
wait $DUMPCAP

node "$TOOLS/tidy.mjs" "$WORK/raw.pcapng" "$OUTPUT"
cp "$WORK/household.conntrack" "${OUTPUT%.pcapng}.conntrack"
chown --reference="$(dirname "$OUTPUT")" "$OUTPUT" "${OUTPUT%.pcapng}.conntrack"

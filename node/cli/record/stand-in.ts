/** Programs that scripts set up traffic control with. What is asked of them is written down and not done. */
export const TOOLS: readonly string[] = [
  'tc',
  'ip',
  'iptables',
  'ip6tables',
  'iptables-restore',
  'ip6tables-restore',
  'iptables-save',
  'ip6tables-save',
  'nft',
  'ipset',
  'modprobe',
];

/** They would leave the stand-ins behind: a new PATH, and rights nobody asked for. */
export const ELEVATORS: readonly string[] = ['sudo', 'doas'];

/** What an unknown device, address or route is said to be: names of RFC 5737, so that nobody takes them for real ones. */
export const MADE_UP = { dev: 'eth0', address: '192.0.2.2', gateway: '192.0.2.1' } as const;

/** As one word of a shell. */
export const quotedForShell = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/**
 * The shell script that stands in for a tool. It appends one record to `log`, every field ended by a zero byte: tool,
 * network namespace, what a batch read, number of arguments, arguments. Then it answers as an idle host would.
 */
export function standIn(log: string): string {
  return `#!/bin/sh
# Stands in for a tool while cls-flow record runs a script: writes down what was asked, does nothing.
log=${quotedForShell(log)}
tool=\${0##*/}
netns=$CLS_FLOW_NETNS
input=
if [ "$tool" = tc ] || [ "$tool" = ip ]; then
  before=
  for arg do
    case $before in
      -b|-ba|-bat|-batc|-batch|--batch) [ "$arg" = - ] || input=$(cat -- "$arg") ;;
      -n|-net|-netn|-netns) netns=$arg ;;
    esac
    before=$arg
  done
  case $before in -b|-ba|-bat|-batc|-batch|--batch) input=$(cat) ;; esac
  case " $* " in *" -b - "*|*" -batch - "*) input=$(cat) ;; esac
fi
printf '%s\\0' "$tool" "$netns" "$input" "$#" "$@" >> "$log"
${ANSWERS}
exit 0
`;
}

/** Answers to the questions that scripts ask before they act; nothing that was asked for is remembered. */
const ANSWERS = `case $tool in
  *-restore) cat > /dev/null; exit 0 ;;
  nft|ipset) case " $* " in *" - "*|" restore "*) cat > /dev/null ;; esac; exit 0 ;;
  tc|ip) ;;
  *) exit 0 ;;
esac
json=
while :; do
  case $1 in
    -V|-Version) echo "$tool utility, iproute2-6.1.0, libbpf 1.1.0"; exit 0 ;;
    -f|-family|-n|-net|-netns|-b|-batch|-rc|-rcvbuf|-l|-loops|-cf|-conf) shift; [ $# -gt 0 ] && shift ;;
    -j|-js|-json) json=1; shift ;;
    -*) shift ;;
    *) break ;;
  esac
done
[ "$tool" = ip ] || exit 0
object=$1
verb=$2
dev=${MADE_UP.dev}
before=
for arg do
  [ "$before" = dev ] && dev=$arg
  before=$arg
done
case $object in
  netns)
    if [ "$verb" = exec ] || [ "$verb" = exe ]; then
      CLS_FLOW_NETNS=$3
      export CLS_FLOW_NETNS
      shift 3
      exec "$@"
    fi
    exit 0 ;;
esac
case $verb in ''|s|sh|sho|show|l|li|lis|lst|list|g|ge|get|-*) ;; def|default) verb=show ;; *) exit 0 ;; esac
case $object in
  r|ro|rou|rout|route)
    case $verb in
      g|ge|get)
        if [ -n "$json" ]; then echo '[{"dst":"'"$3"'","gateway":"${MADE_UP.gateway}","dev":"'"$dev"'","prefsrc":"${MADE_UP.address}"}]'
        else echo "$3 via ${MADE_UP.gateway} dev $dev src ${MADE_UP.address} uid 0"; fi ;;
      *)
        if [ -n "$json" ]; then echo '[{"dst":"default","gateway":"${MADE_UP.gateway}","dev":"'"$dev"'"}]'
        else echo "default via ${MADE_UP.gateway} dev $dev"; fi ;;
    esac ;;
  l|li|lin|link|a|ad|add|addr|address)
    case $verb in s|sh|sho|show|l|li|lis|lst|list) [ -n "$3" ] && [ "$before" = "$3" ] && [ "$3" != dev ] && dev=$3 ;; esac
    if [ -n "$json" ]; then
      echo '[{"ifindex":2,"ifname":"'"$dev"'","mtu":1500,"operstate":"UP","addr_info":[{"family":"inet","local":"${MADE_UP.address}","prefixlen":24}]}]'
      exit 0
    fi
    echo "2: $dev: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP mode DEFAULT group default qlen 1000"
    echo "    link/ether 02:00:00:00:00:02 brd ff:ff:ff:ff:ff:ff"
    case $object in a*) echo "    inet ${MADE_UP.address}/24 brd 192.0.2.255 scope global $dev" ;; esac ;;
  *) [ -n "$json" ] && echo '[]' ;;
esac`;

/** Runs the command itself, without the rights: its options and assignments are left out. */
export const ELEVATOR = `#!/bin/sh
# Stands in for sudo and doas while cls-flow record runs a script: the command runs without more rights.
while :; do
  case $1 in
    --) shift; break ;;
    -u|-g|-p|-h|-C|-D|-R|-T|-U) shift 2 ;;
    -*) shift ;;
    *=*) export "$1"; shift ;;
    *) break ;;
  esac
done
[ $# -gt 0 ] || exit 0
exec "$@"
`;

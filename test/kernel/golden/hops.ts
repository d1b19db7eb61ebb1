import type { Era } from '../../../src/era.ts';
import { ALL_KEYS, KEYS } from '../../../src/sched/flow/index.ts';
import type { Conntrack, RecordedTuple } from '../../golden/context.ts';
import { type Call, calls, deep } from '../calls.ts';
import type { Random } from '../diff/random.ts';
import type { TracedPacket } from '../note-reader.ts';
import type { Scene, SceneTrace } from '../trace.ts';
import { pointerKeys } from './classify.ts';
import { type Family, lines, pcap } from './files.ts';
import type { SecretKeys, WatchedCases } from './watched.ts';

/** What talk.py is told. */
interface Talk {
  readonly protocol: 'udp' | 'tcp';
  readonly to: string;
  readonly port: number;
  readonly from?: string;
  readonly fromPort?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly mark?: number;
  readonly priority?: number;
  readonly bytes?: number;
}

type Talks = readonly (readonly [step: string, talk: Talk])[];

const SERVER = '10.2.0.2';
const SERVER6 = 'fd02::2';

/** Owners of sockets, marks, priorities, realms, tags. */
const metaTalks = (r: Random): Talks => [
  ['meta-root', { protocol: 'udp', to: SERVER, port: 53 }],
  ['meta-owner', { protocol: 'udp', to: SERVER, port: 53, uid: 1000, gid: 100 }],
  ['meta-large-owner', { protocol: 'udp', to: SERVER, port: 53, uid: 70000, gid: 4294967294 }],
  ['meta-mark', { protocol: 'udp', to: SERVER, port: 53, mark: r.below(0x80000000) }],
  ['meta-priority', { protocol: 'udp', to: SERVER, port: 53, priority: 0x10000 | r.below(0x100) }],
  ['meta-tcp', { protocol: 'tcp', to: SERVER, port: 80 }],
  ['meta-tcp-owner', { protocol: 'tcp', to: SERVER, port: 80, uid: 1000, gid: 100, mark: r.below(100) }],
  ['meta-realms', { protocol: 'udp', to: '10.77.0.9', port: 53 }],
  ['meta-realm', { protocol: 'udp', to: '10.78.0.9', port: 53, priority: 3 }],
  ['meta-vlan', { protocol: 'udp', to: '10.5.0.1', port: 1000 + r.below(100), mark: 5 }],
  ['meta-vlan-ad', { protocol: 'udp', to: '10.9.0.1', port: 1000 + r.below(100) }],
  ['meta-v6', { protocol: 'udp', to: SERVER6, port: 53, uid: 1000 }],
  ['meta-v6-tcp', { protocol: 'tcp', to: SERVER6, port: 80, mark: 9 }],
  ['meta-fragments', { protocol: 'udp', to: SERVER, port: 53, bytes: 4000 }],
];

/** Past the router's rules, and past none. */
const conntrackTalks = (r: Random): Talks => {
  const port = (): number => 20000 + r.below(10000);
  return [
    ['ct-plain', { protocol: 'udp', to: SERVER, port: 53, fromPort: port() }],
    ['ct-plain-tcp', { protocol: 'tcp', to: SERVER, port: 80, fromPort: port() }],
    ['ct-dnat', { protocol: 'udp', to: SERVER, port: 5353, fromPort: port() }],
    ['ct-dnat-tcp', { protocol: 'tcp', to: '10.1.0.1', port: 8080, fromPort: port() }],
    ['ct-dnat-port', { protocol: 'tcp', to: '10.1.0.1', port: 2222, fromPort: port() }],
    ['ct-snat', { protocol: 'udp', to: SERVER, port: 53, from: '10.1.0.70', fromPort: port() }],
    ['ct-snat-tcp', { protocol: 'tcp', to: SERVER, port: 80, from: '10.1.0.70', fromPort: port() }],
    ['ct-snat-port', { protocol: 'udp', to: SERVER, port: 53, fromPort: 7000 }],
    ['ct-masquerade', { protocol: 'udp', to: SERVER, port: 53, from: '10.1.0.200', fromPort: port() }],
    ['ct-masquerade-tcp', { protocol: 'tcp', to: SERVER, port: 80, from: '10.1.0.200', fromPort: port() }],
    ['ct-both', { protocol: 'tcp', to: '10.1.0.1', port: 8080, from: '10.1.0.70', fromPort: port() }],
    ['ct-untracked', { protocol: 'udp', to: SERVER, port: 9999, fromPort: port() }],
    ['ct-refused', { protocol: 'udp', to: SERVER, port: 4, from: '10.1.0.70', fromPort: port() }],
    ['ct-v6', { protocol: 'udp', to: SERVER6, port: 53, fromPort: port() }],
    ['ct-v6-dnat', { protocol: 'tcp', to: SERVER6, port: 8080, fromPort: port() }],
    ['ct-v6-snat', { protocol: 'tcp', to: SERVER6, port: 80, from: 'fd01::70', fromPort: port() }],
    ['ct-v6-refused', { protocol: 'udp', to: SERVER6, port: 4, from: 'fd01::70', fromPort: port() }],
  ];
};

/** Which devices are watched, and in whose namespace they are. */
const WATCHED: Readonly<Record<string, readonly string[]>> = {
  cl: ['cl0', 'cl0.5', 'cl0.9', 'dum'],
  rt: ['rt0', 'rt1', 'rt0.5', 'rt0.9'],
  sv: ['sv0'],
};
const HOOKS = { ingress: 0xfff2, egress: 0xfff3 } as const;

/** Two filters for each key, its low half and its high half, at preferences from 1 on. */
function filters(device: string): string[] {
  const all = Object.values(HOOKS).flatMap((minor) => {
    const place = `dev ${device} parent ffff:${minor.toString(16)}`;
    const add = (pref: number, words: string): string =>
      `filter add ${place} pref ${pref} protocol all handle 1 flow map key ${words} baseclass 1:1 action continue`;
    return ALL_KEYS.flatMap((key, i) => {
      const { name } = KEYS[key];
      return [add(1 + 2 * i, name), add(2 + 2 * i, `${name} rshift 16`)];
    });
  });
  return [`qdisc add dev ${device} clsact`, ...all];
}

/** A client, a router with rules, a server; joined as the records' conntrack family tells. */
const SETUP = `set -e
for n in cl rt sv; do ip netns add $n; ip netns exec $n sysctl -qw net.ipv6.conf.default.accept_dad=0; done
ip link add cl0 netns cl index 10 type veth peer name rt0 netns rt index 12
ip link add rt1 netns rt index 13 type veth peer name sv0 netns sv index 14
ip -n cl -batch - <<END
link add link cl0 name cl0.5 type vlan id 5
link add link cl0 name cl0.9 type vlan protocol 802.1ad id 9
link add dum type dummy
addr add 10.1.0.2/24 dev cl0
addr add 10.1.0.70/24 dev cl0
addr add 10.1.0.200/24 dev cl0
addr add fd01::2/64 dev cl0
addr add fd01::70/64 dev cl0
addr add 10.5.0.2/24 dev cl0.5
addr add 10.9.0.2/24 dev cl0.9
link set lo up
link set cl0 up
link set cl0.5 up
link set cl0.9 up
link set dum arp off up
addr add 10.70.0.1/24 dev dum
route add default via 10.1.0.1
route add 10.77.0.0/24 dev dum realm 3/7
route add 10.78.0.0/24 dev dum realm 7
END
ip -n rt -batch - <<END
link add link rt0 name rt0.5 type vlan id 5
link add link rt0 name rt0.9 type vlan protocol 802.1ad id 9
addr add 10.1.0.1/24 dev rt0
addr add fd01::1/64 dev rt0
addr add 10.5.0.1/24 dev rt0.5
addr add 10.9.0.1/24 dev rt0.9
addr add 10.2.0.1/24 dev rt1
addr add 10.2.0.100/24 dev rt1
addr add 10.2.0.101/24 dev rt1
addr add fd02::1/64 dev rt1
addr add fd02::100/64 dev rt1
link set lo up
link set rt0 up
link set rt0.5 up
link set rt0.9 up
link set rt1 up
END
ip -n sv -batch - <<END
addr add 10.2.0.2/24 dev sv0
addr add 10.2.0.3/24 dev sv0
addr add fd02::2/64 dev sv0
link set lo up
link set sv0 up
route add default via 10.2.0.1
route add default via fd02::1
END
ip -n cl -6 route add default via fd01::1
ip netns exec rt sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
ip netns exec rt nft -f - <<END
table ip r {
  chain raw { type filter hook prerouting priority raw; udp dport 9999 notrack; udp sport 9999 notrack; }
  chain pre {
    type nat hook prerouting priority dstnat;
    tcp dport 8080 dnat to 10.2.0.2:80
    udp dport 5353 dnat to 10.2.0.3:53
    ip daddr 10.1.0.1 tcp dport 2222 dnat to 10.2.0.3:80
  }
  chain post {
    type nat hook postrouting priority srcnat;
    oifname "rt1" ip saddr 10.1.0.70 snat to 10.2.0.100
    oifname "rt1" udp sport 7000 snat to 10.2.0.101:17000
    oifname "rt1" ip saddr 10.1.0.200 masquerade
  }
}
table ip6 r {
  chain pre {
    type nat hook prerouting priority dstnat;
    tcp dport 8080 dnat to [fd02::2]:80
    udp dport 5353 dnat to [fd02::2]:53
  }
  chain post { type nat hook postrouting priority srcnat; oifname "rt1" ip6 saddr fd01::70 snat to fd02::100; }
}
END
ip netns exec sv python3 talk.py serve > /dev/null 2>&1 &
${Object.entries(WATCHED)
  .map(([netns, devices]) => `tc -n ${netns} -batch - <<END\n${devices.flatMap(filters).join('\n')}\nEND`)
  .join('\n')}
ip netns exec cl ping -qc 1 -W 5 ${SERVER} > /dev/null
ip netns exec cl ping -qc 1 -W 5 ${SERVER6} > /dev/null
`;

/** meta/ and conntrack/: what programs send, wherever a device saw it, with what the kernel had attached to it. */
export class HopCases implements WatchedCases {
  readonly scenes: readonly Scene[];
  private readonly talks: Talks;

  constructor(r: Random) {
    this.talks = [...metaTalks(r), ...conntrackTalks(r)];
    const steps = this.talks.map(([, talk]) => `ip netns exec cl python3 talk.py '${JSON.stringify(talk)}'`);
    this.scenes = [{ links: [], commands: [], steps: [SETUP, ...steps].map((run) => ({ run })), after: [] }];
  }

  families(era: Era, [scene]: readonly SceneTrace[], keys: SecretKeys): Family[] {
    const [setup, ...steps] = scene?.steps ?? [];
    if (setup?.errno !== 0) throw new Error(`the router cannot be set up: ${setup?.errno}`);
    const hops = this.talks.flatMap(([step], i) =>
      deep(calls(steps[i]?.events ?? []), 'list').flatMap((list) => hopOf(step, list)),
    );
    return Object.entries(FAMILIES).map(([name, prefix]) =>
      familyOf(
        name,
        hops.filter(({ step }) => step.startsWith(prefix)),
        era,
        keys,
      ),
    );
  }
}

/** By how the names of their steps begin. */
const FAMILIES = { meta: 'meta-', conntrack: 'ct-' };

function familyOf(name: string, hops: readonly Hop[], era: Era, keys: SecretKeys): Family {
  const frames = hops.map(({ packet }) => ({ bytes: packet.bytes, length: packet.dataAt + packet.context.len }));
  return {
    name,
    computed: 'values.jsonl: the column "pointer"',
    files: {
      'packets.pcap': pcap(frames),
      'values.jsonl': lines(hops.flatMap((hop, i) => row(era, keys, hop, i + 1))),
    },
  };
}

interface Hop {
  readonly step: string;
  readonly hook: keyof typeof HOOKS;
  readonly packet: TracedPacket;
  readonly list: Call;
}

function hopOf(step: string, list: Call): Hop[] {
  const { handle, packet } = list.enter;
  const hook = (handle & 0xffff) === HOOKS.ingress ? 'ingress' : 'egress';
  return packet === null ? [] : [{ step, hook, packet, list }];
}

/** Empty: the packet rests on what no one can know. */
function row(era: Era, keys: SecretKeys, hop: Hop, pcapFrame: number): object[] {
  const { step, hook, packet, list } = hop;
  const { vlanTag } = packet.context;
  const conntrack = packet.context.nfct ? { conntrack: connection(packet) } : {};
  const context = { ...packet.context, dstTclassid: packet.realms, ...conntrack };
  const whole = { bytes: vlanTag === null ? packet.bytes : tagged(packet.bytes), mark: 0, priority: 0, owner: 0 };
  const pointer = pointerKeys(era, keys, whole, { ...packet, context });
  if (pointer === null) return [];
  const attached = { sk: packet.pointers.sk !== 0n, dst: packet.pointers.dst !== 0n };
  return [
    {
      step,
      device: packet.device,
      ifindex: list.enter.ifindex,
      hook,
      context: { ...context, ...attached },
      values: values(list),
      pointer,
      frameVlan: vlanTag,
      pcapFrame,
    },
  ];
}

function values({ inner }: Call): Record<string, number> {
  const given = new Map(inner.map(({ leave }) => [leave.pref, leave.classid]));
  const half = (pref: number): number => ((given.get(pref) ?? 1) - 1) & 0xffff;
  const both = (low: number): number => ((half(low + 1) << 16) | half(low)) >>> 0;
  return Object.fromEntries(ALL_KEYS.map((key, i) => [KEYS[key].name, both(1 + 2 * i)]));
}

/** With room for the tag, where fill() takes it out. */
const tagged = (bytes: Buffer): Buffer => Buffer.concat([bytes.subarray(0, 12), Buffer.alloc(4), bytes.subarray(12)]);

/** include/net/netfilter/nf_conntrack_common.h: IP_CT_IS_REPLY */
const IS_REPLY = 3;

function connection({ ctinfo, tuples: [original, reply] }: TracedPacket): Conntrack {
  const direction = ctinfo < IS_REPLY ? 'original' : 'reply';
  return { ctinfo, direction, original: tupleOf(original), reply: tupleOf(reply) };
}

const AF_INET = 2;

/** include/net/netfilter/nf_conntrack_tuple.h: struct nf_conntrack_tuple */
function tupleOf(tuple: Buffer): RecordedTuple {
  const four = tuple.readUInt16LE(18) === AF_INET;
  const address = (at: number): string => (four ? tuple.subarray(at, at + 4).join('.') : words(tuple, at));
  return {
    l3: four ? 'ip' : 'ip6',
    src: address(0),
    srcAll: tuple.readUInt16BE(16),
    dst: address(20),
    dstAll: tuple.readUInt16BE(36),
    proto: tuple[38] ?? 0,
  };
}

const words = (tuple: Buffer, at: number): string =>
  Array.from({ length: 8 }, (_, i) => tuple.readUInt16BE(at + 2 * i).toString(16)).join(':');

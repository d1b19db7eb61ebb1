import { type ChainCase, SEEDED_FILTERS } from '../chains.ts';
import type { Hook, SentFrame } from '../classify.ts';
import { expression, PROTOCOLS, randomFilter } from './filters.ts';
import { randomFrame } from './frames.ts';
import type { Random } from './random.ts';

const CHAINS = 4;
const PREFS = 5;
/** So long that no classifier asks for bytes behind the packet's end, where the kernel reads what nobody knows. */
const SHORTEST = 80;

/** A few filters with their actions, and frames whose marks and priorities they know. */
export function randomCase(r: Random, hook: Hook, frames: number, captured: readonly Uint8Array[]): ChainCase {
  const protocols = new Map<string, string>();
  const filters = Array.from({ length: 2 + r.below(7) }, (_, i) => randomLine(r, i === 0, protocols));
  return { hook, filters, frames: Array.from({ length: frames }, () => knownFrame(r, captured)) };
}

function knownFrame(r: Random, captured: readonly Uint8Array[]): SentFrame {
  const frame = randomFrame(r, captured);
  const bytes = Buffer.concat([frame.bytes, Buffer.alloc(Math.max(0, SHORTEST - frame.bytes.length))]);
  return { ...frame, bytes, mark: known(r), priority: known(r) };
}

/** Mostly one of the few that filters look for. */
function known(r: Random): number {
  return r.once(4) ? r.word() : r.below(8);
}

/**
 * One filter, from behind its parent on. The first one stands in chain 0, where every packet begins. A preference has
 * the protocol of its first filter, but for some that are refused.
 */
function randomLine(r: Random, first: boolean, protocols: Map<string, string>): string {
  const chain = first || r.once(2) ? 0 : r.below(CHAINS);
  const pref = 1 + r.below(PREFS);
  const place = `chain ${chain} pref ${pref}`;
  const fresh = r.once(4) ? r.pick(PROTOCOLS) : 'all';
  const protocol = r.once(40) ? fresh : (protocols.get(place) ?? fresh);
  if (!protocols.has(place)) protocols.set(place, protocol);
  const where = `${place} protocol ${protocol} handle ${1 + r.below(SEEDED_FILTERS)}`;
  return `${where} ${classifier(r)}${r.once(6) ? '' : actions(r)}`;
}

function classifier(r: Random): string {
  switch (r.below(12)) {
    case 0:
      return 'matchall';
    case 1:
      return `fw classid 1:${1 + r.below(9)}`;
    case 2:
      return `basic match '${condition(r)}' classid 1:${1 + r.below(9)}`;
    default:
      return `flow ${flowWords(r)}`;
  }
}

/** A seed that changes while packets pass is asked about elsewhere. Old-style police excludes actions. */
function flowWords(r: Random): string {
  const words = randomFilter(r).options.replace(/ perturb \d+/, '');
  if (r.once(2)) return words;
  const key = r.pick(['mark', 'priority', 'vlan-tag', 'proto', 'src', 'mark']);
  const bits = r.once(2) ? ` and 0x${(1 + r.below(15)).toString(16)}` : '';
  // tc takes a match only with another word behind it.
  return `map key ${key}${bits} match '${condition(r)}' divisor ${1 + r.below(20)}`;
}

/** Mostly something that earlier actions may have changed. */
function condition(r: Random): string {
  const bit = 1 << r.below(3);
  switch (r.below(8)) {
    case 0:
    case 1:
      return `meta(nf_mark mask ${bit} eq ${r.once(2) ? bit : 0})`;
    case 2:
      return `meta(priority ${r.pick(['eq', 'gt', 'lt'])} ${r.below(8)})`;
    case 3:
      return `meta(vlan ${r.pick(['eq', 'gt'])} ${r.below(6)})`;
    case 4:
      return `meta(pkt_type eq ${r.below(5)})`;
    case 5:
      return `u32(u8 ${r.below(256)} 0x${bit.toString(16)} at ${r.below(40)})`;
    default:
      return expression(r, 1);
  }
}

/**
 * Now and then the last of them has an index, which makes it one action of several filters. Two of a kind in one list
 * that could have the same index are not asked about: 6.1 waits for ever, with all network settings locked.
 */
function actions(r: Random): string {
  const list = Array.from({ length: 1 + r.below(r.once(4) ? 6 : 3) }, () => `action ${r.pick(ACTIONS)(r)}`);
  const shared = r.once(4) && !list.at(-1)?.startsWith('action police') ? ` index ${SHARED + r.below(3)}` : '';
  return ` ${list.join(' ')}${shared}`;
}

/** Beyond those that are made up. */
const SHARED = 100;

/** What an action says; inside a list mostly that the next one is to be asked. */
function control(r: Random): string {
  if (r.once(3)) return 'pipe';
  switch (r.below(10)) {
    case 0:
      return 'drop';
    case 1:
    case 2:
    case 3:
      return 'continue';
    case 4:
      return 'reclassify';
    case 5:
    case 6:
      return `goto chain ${r.once(40) ? 0xfffffff + r.below(3) : r.below(CHAINS)}`;
    case 7:
      return `jump ${r.below(4)}`;
    case 8:
      return r.once(8) ? 'trap' : 'pipe';
    default:
      return 'pass';
  }
}

type MakeAction = (r: Random) => string;

/** Those met most are named more than once. */
const ACTIONS: readonly MakeAction[] = [
  gact,
  gact,
  gact,
  skbedit,
  skbedit,
  skbedit,
  vlan,
  vlan,
  pedit,
  csum,
  police,
  police,
  mirred,
  other,
];

function gact(r: Random): string {
  const random = r.once(3) ? ` random determ ${control(r)} ${1 + r.below(6)}` : '';
  return `gact ${control(r)}${random}`;
}

function skbedit(r: Random): string {
  const edits = [
    `mark ${r.below(8)}${r.once(2) ? `/0x${(1 + r.below(15)).toString(16)}` : ''}`,
    `priority ${r.below(3)}:${r.below(9)}`,
    `ptype ${r.pick(['host', 'broadcast', 'multicast', 'otherhost'])}`,
    'inheritdsfield',
  ];
  const chosen = edits.filter(() => r.once(2));
  return `skbedit ${(chosen.length === 0 ? edits.slice(0, 1) : chosen).join(' ')} ${control(r)}`;
}

function vlan(r: Random): string {
  switch (r.below(8)) {
    case 0:
    case 1:
    case 2:
      return `vlan pop ${control(r)}`;
    case 3:
      return `vlan pop_eth ${control(r)}`;
    case 4:
      return `vlan push_eth dst_mac 02:00:00:00:00:07 src_mac 02:00:00:00:00:08 ${control(r)}`;
    default:
      return `vlan ${r.pick(['push', 'modify'])} ${tag(r)} ${control(r)}`;
  }
}

function tag(r: Random): string {
  const protocol = r.once(2) ? ` protocol ${r.pick(['802.1Q', '802.1ad'])}` : '';
  const priority = r.once(2) ? ` priority ${r.below(8)}` : '';
  return `id ${r.once(2) ? r.below(6) : r.below(4096)}${protocol}${priority}`;
}

function pedit(r: Random): string {
  const munges = Array.from({ length: 1 + r.below(3) }, () => `munge ${r.once(2) ? raw(r) : field(r)}`);
  return `pedit ex ${munges.join(' ')} ${control(r)}`;
}

function raw(r: Random): string {
  const bytes = r.pick([1, 2, 4]);
  const at = bytes * r.below(64 / bytes);
  const retain = r.once(3) ? ` retain 0x${(r.word() & (2 ** (8 * bytes) - 1)).toString(16).replace('-', '')}` : '';
  return `offset ${at} u${8 * bytes} set ${r.below(256 ** bytes)}${retain}`;
}

function field(r: Random): string {
  const port = `${r.pick(['tcp', 'udp'])} ${r.pick(['sport', 'dport'])} set ${r.below(65536)}`;
  return r.pick([
    port,
    `ip ${r.pick(['src', 'dst'])} set 10.0.0.${r.below(256)}`,
    `ip ${r.pick(['ttl', 'tos'])} ${r.pick(['set', 'add'])} ${r.below(256)}`,
    `ip6 ${r.pick(['src', 'dst'])} set 2001:db8::${r.below(9)}`,
    `eth ${r.pick(['src', 'dst'])} set 02:00:00:00:00:0${r.below(10)}`,
  ]);
}

function csum(r: Random): string {
  const targets = ['ip4h', 'icmp', 'igmp', 'tcp', 'udp', 'udplite'].filter(() => r.once(2));
  return `csum ${(targets.length === 0 ? ['ip4h'] : targets).join(' and ')} ${control(r)}`;
}

/**
 * Its answer is certain: by length alone; or with a bucket that is always full; or with one that gets a byte a second,
 * so that a few microseconds between our clock and the kernel's do not count.
 */
function police(r: Random): string {
  const limit = r.pick([
    `mtu ${60 + r.below(200)}`,
    'rate 10gbit burst 10m',
    `rate 10gbit burst 10m mtu ${60 + r.below(200)}`,
    `rate 8bit burst ${1 + r.below(270)} mtu 2000`,
    `rate 10gbit burst 10m peakrate 8bit mtu ${60 + r.below(200)}`,
    'pkts_rate 10000000 pkts_burst 1000',
  ]);
  const spaceless = (): string => r.pick(['drop', 'pass', 'pipe', 'continue', 'reclassify']);
  return `police ${limit} conform-exceed ${spaceless()}/${spaceless()}`;
}

function mirred(r: Random): string {
  return r.once(4) ? 'mirred egress redirect dev d1' : `mirred egress mirror dev d1 ${control(r)}`;
}

function other(r: Random): string {
  return r.pick([
    `connmark ${control(r)}`,
    `ctinfo cpmark 0xff ${control(r)}`,
    `nat ${r.pick(['ingress', 'egress'])} ${r.pick(['10.0.0.0/8', 'any', '192.168.1.1'])} 10.9.8.7 ${control(r)}`,
  ]);
}

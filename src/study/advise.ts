import type { Env } from '../env.ts';
import { jhash2 } from '../hash/index.ts';
import { ETH_P, FlowKeys, type Packet } from '../packet/index.ts';
import { WordSet } from '../report/index.ts';
import { KEYS, type Key, Key as Keys, keySource, keysOf, readKey } from '../sched/flow/index.ts';
import { word } from '../u32.ts';
import { Activities } from './activity.ts';
import { MOST_CLASSES } from './buckets.ts';
import { type By, HOST_OR_FLOW_WORDS, readHostOrFlow } from './host-or-flow.ts';
import { type MapLine, mapOf } from './maps.ts';
import { OneAddress } from './one-address.ts';
import { Census, type Shares, type SharesSpread, spreadShares } from './shares.ts';

const bits = (...keys: readonly Key[]): number => keys.reduce<number>((mask, key) => mask | (1 << key), 0);

/** Keys worth trying, the simplest first; those of conntrack only where something is known of it. */
export const CHOICES: readonly { readonly mask: number; readonly conntrack: boolean }[] = [
  { mask: bits(Keys.SRC), conntrack: false },
  { mask: bits(Keys.DST), conntrack: false },
  { mask: bits(Keys.SRC, Keys.DST), conntrack: false },
  { mask: bits(Keys.SRC, Keys.DST, Keys.PROTO, Keys.PROTO_SRC, Keys.PROTO_DST), conntrack: false },
  { mask: bits(Keys.NFCT_SRC), conntrack: true },
  { mask: bits(Keys.NFCT_DST), conntrack: true },
  { mask: bits(Keys.NFCT_SRC, Keys.NFCT_DST), conntrack: true },
  {
    mask: bits(Keys.NFCT_SRC, Keys.NFCT_DST, Keys.PROTO, Keys.NFCT_PROTO_SRC, Keys.NFCT_PROTO_DST),
    conntrack: true,
  },
];

/** `src,dst` */
export const keysText = (mask: number): string =>
  keysOf(mask)
    .map((key) => KEYS[key].name)
    .join(',');

/** 8, 16, … 65536 */
export const DIVISORS: readonly number[] = Array.from({ length: 14 }, (_, i) => 8 << i);

const PLAIN: readonly number[] = [ETH_P.IPV4, ETH_P.IPV6];

/** The distinct (host, key values) of a capture, for every choice of keys at once. */
export class Observations {
  /** Packets that were looked at, and those without an IP address among them, which belong to nobody. */
  packets = 0;
  others = 0;
  /** Of each choice: packets with a key that falls back on a kernel pointer. */
  readonly unknowable: number[];
  readonly activities = new Activities();
  readonly oneAddress = new OneAddress();
  /** A packet with an IP address was tagged, or in PPPoE: its protocol is not that of IP. */
  tagged = false;
  readonly by: By;
  readonly masks: readonly number[];
  private readonly env: Env;
  private readonly flow = new FlowKeys();
  private readonly keys: readonly Key[];
  private readonly row: Int32Array;
  private readonly rows: WordSet;

  constructor(by: By, masks: readonly number[], env: Env) {
    this.by = by;
    this.masks = masks;
    this.env = env;
    this.unknowable = masks.map(() => 0);
    this.keys = keysOf(masks.reduce((all, mask) => all | mask, 0));
    this.row = new Int32Array(HOST_OR_FLOW_WORDS + this.keys.length);
    this.rows = new WordSet(this.row.length);
  }

  /** Adds a packet that is prepared as the filters would see it. */
  add(packet: Packet): void {
    const { env, flow, row } = this;
    this.packets++;
    env.era.dissect(packet, flow);
    if (!readHostOrFlow(this.by, packet, flow, row)) {
      this.others++;
      return;
    }
    this.tagged ||= packet.vlanProto !== 0 || !PLAIN.includes(packet.protocol);
    this.activities.add(packet, row);
    this.oneAddress.add(flow, this.by === 'dst');
    let pointers = 0;
    for (const [i, key] of this.keys.entries()) {
      row[HOST_OR_FLOW_WORDS + i] = readKey(key, packet, flow, env.era);
      if (keySource(key, packet, flow, env.era).endsWith('pointer')) pointers |= 1 << key;
    }
    for (const [i, mask] of this.masks.entries()) {
      if ((mask & pointers) !== 0) this.unknowable[i] = (this.unknowable[i] ?? 0) + 1;
    }
    this.rows.add(row);
  }

  /** How many hosts (or flows) there are. */
  get subjects(): number {
    return this.vectors(0).subjects;
  }

  /** The distinct key values of every host under one choice of keys, hosts in ascending order. */
  vectors(mask: number): Vectors {
    const wanted = this.keys.flatMap((key, i) => ((mask & (1 << key)) === 0 ? [] : [HOST_OR_FLOW_WORDS + i]));
    const bySubject = new Map<string, Map<string, number[]>>();
    const busiest = new Set<string>();
    this.activities.busiest.forEach((words, at) => {
      busiest.add(words.subarray(at, at + HOST_OR_FLOW_WORDS).join());
    });
    this.rows.forEach((words, at) => {
      const name = words.subarray(at, at + HOST_OR_FLOW_WORDS).join();
      const values = wanted.map((i) => word(words, at + i));
      const own = bySubject.get(name) ?? new Map<string, number[]>();
      bySubject.set(name, own.set(values.join(), values));
    });
    const each = [...bySubject.values()].map((own) => [...own.values()]);
    return {
      subjects: each.length,
      active: [...bySubject.keys()].map((name) => busiest.has(name)),
      hosts: Int32Array.from(each.flatMap((own, host) => own.map(() => host))),
      values: each.flat().map((values) => Int32Array.from(values)),
    };
  }
}

export interface Vectors {
  readonly subjects: number;
  /** Of each host: whether it had a packet in the busiest second. */
  readonly active: readonly boolean[];
  readonly hosts: Int32Array;
  /** Key values in the order in which the kernel hashes them, one list for each entry of `hosts`. */
  readonly values: readonly Int32Array[];
}

/** One choice of keys with one divisor, over all seeds. */
export interface Cell extends SharesSpread {
  readonly divisor: number;
  /** Hosts of the busiest second that meet another one of them, on average. */
  readonly atOnce: number;
}

/** Hashes every vector under every seed once, and divides it by each divisor. */
function cells(vectors: Vectors, divisors: readonly number[], seeds: readonly number[]): readonly Cell[] {
  const { hosts, values, active } = vectors;
  const hashes = new Int32Array(values.length);
  const places = new Int32Array(values.length);
  const busy = Int32Array.from(hosts.keys()).filter((i) => active[hosts[i] ?? 0]);
  const busyHosts = busy.map((i) => hosts[i] ?? 0);
  const rows = divisors.map((divisor) => ({
    ...{ divisor, census: new Census(divisor), measured: [] as Shares[], together: 0 },
  }));
  for (const seed of seeds) {
    for (const [i, keys] of values.entries()) hashes[i] = jhash2(keys, keys.length, seed);
    for (const row of rows) {
      for (let i = 0; i < hashes.length; i++) places[i] = (word(hashes, i) >>> 0) % row.divisor;
      const busyPlaces = busy.map((i) => places[i] ?? 0);
      row.together += row.census.measure(busyHosts, busyPlaces).sharing;
      row.measured.push(row.census.measure(hosts, places));
    }
  }
  return rows.map(({ divisor, measured, together }) => ({
    ...{ divisor, atOnce: together / seeds.length },
    ...spreadShares(measured),
  }));
}

/** Values of hashrnd drawn from the environment's seed: the first is what the first filter of a run gets. */
export function hashrnds(env: Env, count: number, stream = 1): number[] {
  return Array.from({ length: count }, (_, step) => env.random(stream, step) >>> 0);
}

export interface Choice {
  readonly keys: string;
  /** Hosts whose key values another one has too: they share under every seed and divisor. */
  readonly inherent: number;
  /** Packets of which a key falls back on a kernel pointer. */
  readonly unknowable: number;
  /** Ascending divisors. */
  readonly cells: readonly Cell[];
  /** The map of a single key whose addresses are dense; null: there is none. */
  readonly map: MapLine | null;
}

/**
 * What a choice of keys comes to, over these divisors and values of hashrnd.
 *
 * @param mostMapped classes of a map at most
 */
export function study(
  seen: Observations,
  divisors: readonly number[],
  seeds: readonly number[],
  mostMapped = MOST_CLASSES,
): Choice[] {
  return seen.masks.map((mask, index) => {
    const vectors = seen.vectors(mask);
    return {
      keys: keysText(mask),
      inherent: inherent(vectors),
      unknowable: seen.unknowable[index] ?? 0,
      cells: vectors.subjects === 0 ? [] : cells(vectors, divisors, seeds),
      map: keysOf(mask).length > 1 ? null : mapOf(keysText(mask), vectors, mostMapped, TARGET * vectors.subjects),
    };
  });
}

function inherent({ hosts, values }: Vectors): number {
  const numbers = new Map<string, number>();
  const places = values.map((keys) => {
    const name = keys.join();
    const known = numbers.get(name) ?? numbers.size;
    numbers.set(name, known);
    return known;
  });
  return new Census(numbers.size).measure(hosts, Int32Array.from(places)).sharing;
}

/** Fewer than one host in a hundred shares because of the divisor. */
export const TARGET = 0.01;
/** Merits that differ by less are no reason for more keys. */
const SAME = 1.05;

/**
 * What the worst-off gets (Jain's index hides one host among many), times the part of the hosts that are alone: to
 * share one bucket alike is fair, but keeps nobody apart.
 */
function merit(cell: Cell | undefined, subjects: number): number {
  return cell === undefined ? 0 : cell.worstShare.mean * (1 - cell.sharing.mean / subjects);
}

/** The keys of most merit with as many buckets as there may be, the simplest of equals; null: nobody can be kept apart. */
export function bestKeys(choices: readonly Choice[], subjects: number, most: number): Choice | null {
  let best: { choice: Choice; merit: number } | null = null;
  for (const choice of choices) {
    const gets = merit(
      choice.cells.findLast(({ divisor }) => divisor <= most),
      subjects,
    );
    if (gets > SAME * (best?.merit ?? 0)) best = { choice, merit: gets };
  }
  return best?.choice ?? null;
}

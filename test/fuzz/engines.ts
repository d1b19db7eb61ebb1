import { Frame, openCapture, PcapngWriter, PcapWriter, type Sink } from '../../src/capture/index.ts';
import { invert, type ListedEntry, parseNat, Tracker, Tuple } from '../../src/conntrack/index.ts';
import { Cell, TABLES } from '../../src/engine/layout.ts';
import { createEnv } from '../../src/env.ts';
import { ERAS, type EraName } from '../../src/era.ts';
import { KernelError, UsageError } from '../../src/errors.ts';
import { type Device, NO_METADATA } from '../../src/packet/index.ts';
import { planFilter } from '../../src/plan.ts';
import { type EngineName, Replay } from '../../src/replay/index.ts';
import { Run } from '../../src/run.ts';
import { be16, be32 } from '../../src/u32.ts';
import { randomFilter } from '../kernel/diff/filters.ts';
import { randomFrame } from '../kernel/diff/frames.ts';
import { Random as Draw } from '../kernel/diff/random.ts';
import { commonFrame } from './frames.ts';
import { Random } from './random.ts';

/*
 * The two engines beside each other: a random chain over random frames, in a random file, must come to the same counts.
 * What differs is made small: one frame, or the few that it takes.
 */

const FRAMES = 1000;
const ERA_NAMES = Object.keys(ERAS) as EraName[];
/** Actions that filters end with; some of them the compiled engine leaves to the plain one. */
const ACTIONS = [
  '',
  '',
  '',
  ' action ok',
  ' action drop',
  ' action continue',
  ' action pipe',
  ' action ok random determ drop 3',
];

const RULES: readonly (readonly string[])[] = [
  [],
  ['masquerade 10.0.0.0/8 to 203.0.113.2', 'masquerade 8000::/1 to 2001:db8::2'],
  ['snat 10.0.0.0/9 to 203.0.113.3:2000-2999', 'dnat 10.0.0.0 to 192.0.2.1'],
];

const NFCT_KEYS = ['nfct-src', 'nfct-dst,proto', 'nfct-src,nfct-dst,nfct-proto-src,nfct-proto-dst'];

interface Chain {
  readonly filters: readonly string[];
  readonly device: Device;
  readonly era: EraName;
  readonly sharing: boolean;
  /** Connections are followed, with these rules; null: they are not. */
  readonly rules: readonly string[] | null;
  /** Connections that are followed at most. */
  readonly max: number;
  /** Connections that are known beforehand. */
  readonly listed: readonly ListedEntry[];
  readonly seed: number;
}

export interface EngineTrial {
  readonly pairs: number;
  /** Whether anything was compiled at all. */
  readonly compiled: boolean;
  /** null: the engines agree. */
  readonly difference: string | null;
}

/** One chain over FRAMES frames. */
export function tryEngines(seed: number): EngineTrial {
  const random = new Random(seed);
  const draw = new Draw(seed);
  const talks = Array.from({ length: 40 }, () => talk(random));
  const listed = random.oneIn(4) ? talks.filter(() => random.oneIn(2)).map(({ entry }) => entry) : [];
  const chain = { ...randomChain(random, draw, seed), listed };
  const frames: Uint8Array[] = [];
  while (frames.length < FRAMES) {
    const frame = anyFrame(random, draw, chain, talks);
    // Packets come twice, too.
    frames.push(frame, ...(random.oneIn(5) ? [frame] : []));
  }
  const file = fileOf(random, frames);
  const step = 1 + random.below(random.oneIn(2) ? 4096 : 300_000);
  const plain = countsOf(chain, file, step, 'plain');
  if (plain === null) return { pairs: 0, compiled: false, difference: null };
  const ours = countsOf(chain, file, step, 'auto');
  const pairs = frames.length * chain.filters.length;
  if (ours?.counts === plain.counts) return { pairs, compiled: ours.compiled, difference: null };
  return { pairs, compiled: true, difference: shrunk(seed, chain, frames) };
}

function anyFrame(random: Random, draw: Draw, { rules }: Chain, talks: readonly Talk[]): Uint8Array {
  if (rules !== null && !random.oneIn(4)) return random.pick(talks).packet();
  return random.oneIn(4) ? randomFrame(draw, []).bytes : commonFrame(random);
}

function randomChain(random: Random, draw: Draw, seed: number): Omit<Chain, 'listed'> {
  const rules = random.oneIn(2) ? random.pick(RULES) : null;
  // Most filters have no nfct key, and nothing is tracked at ingress.
  const tracks = rules !== null && !random.oneIn(4);
  const filter = (options: string): string => perturbed(random, matched(random, options));
  const one = (): string => `${filter(randomFilter(draw).options)}${random.pick(ACTIONS)}`;
  const others = Array.from({ length: random.oneIn(20) ? 250 : 1 + random.below(4) }, one);
  return {
    filters: tracks ? [filter(`hash keys ${random.pick(NFCT_KEYS)} divisor 64`), ...others] : others,
    device: { hook: random.oneIn(3) && !tracks ? 'ingress' : 'egress', vlan: random.oneIn(3) ? 'inband' : 'offload' },
    era: random.oneIn(3) ? random.pick(ERA_NAMES) : '6.1',
    sharing: random.oneIn(2),
    rules,
    max: random.oneIn(3) ? 0 : random.pick([1, 5, 10, 20, 30]),
    seed,
  };
}

/** Seeds that change while packets go by. */
function perturbed(random: Random, options: string): string {
  return options.startsWith('hash') && random.oneIn(4) ? `${options} perturb ${1 + random.below(3)}` : options;
}

/** The filter, mostly with a match of numbers: without one it takes every packet, and those behind it are never asked. */
function matched(random: Random, options: string): string {
  if (random.oneIn(4) || options.includes('match')) return options;
  const terms = [numberTest(random)];
  while (random.oneIn(2) && terms.length < 5) terms.push(random.pick(['and', 'or']), numberTest(random));
  // tc takes a match only with another word behind it.
  return `${options} match '${terms.join(' ')}' baseclass :${1 + random.below(9)}`;
}

function numberTest(random: Random): string {
  const bits = random.pick([8, 16, 32]);
  const at = random.oneIn(3) ? random.below(70) : random.pick([0, 6, 8, 9, 12, 16, 20, 22]);
  const mask = random.oneIn(2) ? 1 << random.below(bits) : 2 ** bits - 1;
  const value = random.oneIn(20) ? 2 ** bits : random.oneIn(2) ? 0 : random.word() & (mask | 1);
  const layer = random.pick(['link', 'network', 'network', 'transport']);
  const operand = random.pick(['eq', 'eq', 'gt', 'lt']);
  const not = random.oneIn(3) ? 'not ' : '';
  if (random.oneIn(3)) return `${not}u32(u32 ${value >>> 0} ${mask >>> 0} at ${at & ~3})`;
  return `${not}cmp(u${bits} at ${at} layer ${layer} mask ${mask >>> 0} ${operand} ${value >>> 0})`;
}

/** One connection. */
interface Talk {
  /** Packets of it, in both directions, with what opens, carries on and ends it in any order. */
  readonly packet: () => Uint8Array;
  /** As a user's table may list it. */
  readonly entry: ListedEntry;
}

function talk(random: Random): Talk {
  const isV6 = random.oneIn(3);
  const kind = random.pick(['tcp', 'tcp', 'tcp', 'udp', 'udp', 'ping'] as const);
  const size = isV6 ? 16 : 4;
  const here = isV6 ? random.bytes(size) : Uint8Array.from([10, random.below(256), 0, random.below(9)]);
  const there = random.bytes(size);
  const ports = [random.bytes(2), random.bytes(2)] as const;
  const proto = { tcp: 6, udp: 17, ping: isV6 ? 58 : 1 }[kind];
  const packet = (): Uint8Array => {
    const isAnswer = random.oneIn(3);
    const [src, dst, from, to] = isAnswer ? [there, here, ports[1], ports[0]] : [here, there, ports[0], ports[1]];
    const flags = random.oneIn(3) ? random.pick([2, 18, 17, 4, 20, 0, 24, random.below(256)]) : 16;
    const tcp = [...random.bytes(8), random.oneIn(20) ? random.below(256) : 0x50, flags, 1, 1, 0, 0, 0, 0];
    const payload = random.bytes(random.below(30));
    const length = (kind === 'tcp' ? 20 : 8) + payload.length;
    const claimed = random.oneIn(20) ? random.below(80) : length;
    const [question, answer] = isV6 ? [128, 129] : [8, 0];
    // Now and then an error about something that nobody sent.
    const type = random.oneIn(20) ? random.pick([1, 3, 11, 13]) : isAnswer ? answer : question;
    const headers = {
      tcp: [...from, ...to, ...tcp],
      udp: [...from, ...to, 0, claimed, 0, 0],
      ping: [type, 0, 0, 0, ...ports[0], ...random.bytes(2)],
    };
    const transport = [...headers[kind], ...payload];
    const total = (isV6 ? 0 : 20) + (random.oneIn(20) ? random.below(80) : length);
    // Fragments, first and later ones, some of which belong together.
    const fragment = random.oneIn(12) ? random.pick([0x2000, 0x2003, 3]) : 0;
    const id = random.below(3);
    const header = isV6
      ? [0x60, 0, 0, 0, 0, total, proto, 64]
      : [random.oneIn(30) ? 0x55 : 0x45, 0, 0, total, 0, id, fragment >>> 8, fragment & 0xff, 64, proto, 0, 0];
    const whole = [...random.bytes(12), ...(isV6 ? [0x86, 0xdd] : [8, 0]), ...header, ...src, ...dst, ...transport];
    return Uint8Array.from(random.oneIn(15) ? whole.slice(0, random.below(whole.length)) : whole);
  };
  const original = Object.assign(new Tuple(), { family: isV6 ? 6 : 4, proto });
  const words = (bytes: Uint8Array): number[] => [0, 4, 8, 12].slice(0, size / 4).map((at) => be32(bytes, at));
  original.src.set(words(here));
  original.dst.set(words(there));
  [original.srcAll, original.dstAll] = [
    be16(ports[0], 0),
    kind === 'ping' ? (isV6 ? 0x8000 : 0x0800) : be16(ports[1], 0),
  ];
  const reply = new Tuple();
  invert(original, reply);
  // Behind NAT, some of them.
  if (kind !== 'ping' && random.oneIn(2)) reply.dstAll = random.below(65536);
  return { packet, entry: { original, reply, mark: random.word() } };
}

/** The frames as pcap or pcapng, times going on by about a second now and then. */
function fileOf(random: Random, frames: readonly Uint8Array[]): Uint8Array {
  const chunks: Uint8Array[] = [];
  const sink: Sink = (chunk) => void chunks.push(chunk.slice());
  const writer = random.oneIn(2)
    ? new PcapngWriter([{ linkType: 1, snapLength: 0, name: '' }], sink)
    : new PcapWriter({ linkType: 1, unit: random.oneIn(2) ? 'us' : 'ns' }, sink);
  const frame = new Frame();
  frame.linkType = 1;
  frame.seconds = 1_700_000_000;
  for (const data of frames) {
    Object.assign(frame, {
      data,
      at: 0,
      end: data.length,
      length: data.length + (random.oneIn(4) ? random.below(900) : 0),
    });
    frame.nanoseconds = random.below(1_000_000) * 1000;
    if (random.oneIn(50)) frame.seconds += random.below(random.oneIn(4) ? 500 : 9);
    writer.write(frame);
  }
  writer.finish();
  return Buffer.concat(chunks);
}

/** null: the kernel refuses the chain. */
function countsOf(
  chain: Chain,
  file: Uint8Array,
  step: number,
  engine: EngineName,
): { counts: string; compiled: boolean } | null {
  const run = runOf(chain);
  if (run === null) return null;
  const replay = new Replay(run, engine);
  if (chain.seed % 2 === 0) makeTablesSmall(replay);
  const reader = openCapture(replay.room);
  for (let at = 0; at < file.length; at += step) {
    reader.push(file.subarray(at, at + step));
    replay.take(reader);
  }
  reader.finish();
  replay.take(reader);
  replay.settle();
  const { tally, sharing, number, options } = run;
  const { tracker } = options;
  const shared = sharing === null ? [] : [...sharing.perClass()].sort(([a], [b]) => a - b);
  const inside = tracker === null ? [] : insideOf(tracker);
  const counts = {
    inside,
    number,
    rows: [...tally.rows()],
    missed: tally.unclassified(),
    full: run.fullTable,
    trust: tally.exactness,
    rests: [...tally.rests].sort(([a], [b]) => a - b),
    shared,
  };
  return { counts: JSON.stringify(counts), compiled: replay.why === null };
}

/** So that they grow now and then. */
function makeTablesSmall({ room }: Replay): void {
  if (room === undefined) return;
  const words = new Int32Array(room.buffer);
  for (const number of Object.keys(TABLES).keys()) words[(Cell.SIZES >> 2) + 2 * number] = 16;
}

/** What a tracker keeps to itself. */
type Inside = Record<'v4' | 'v6', { readonly top: number; readonly stride: number; readonly entries: Int32Array }> & {
  readonly beforeNat: Readonly<Record<4 | 6, { readonly words: Int32Array }>>;
};

/** All entries of both tables, and the packets that may come by again: what is seen of them in classes is little. */
function insideOf(tracker: Tracker): number[] {
  const { v4, v6, beforeNat } = tracker as unknown as Inside;
  const entries = [v4, v6].flatMap(({ top, stride, entries }) => [...entries.subarray(0, top * stride)]);
  return [...entries, ...beforeNat[4].words, ...beforeNat[6].words];
}

function runOf({ filters, device, era, sharing, rules, max, listed, seed }: Chain): Run | null {
  const clock = { now: 0 };
  const env = createEnv({ era: ERAS[era], seed, clock });
  try {
    return new Run({
      env,
      clock,
      device,
      metadata: NO_METADATA,
      sharing,
      tracker: rules === null ? null : new Tracker({ rules: rules.map(parseNat), table: listed, max }),
      known: { rxhashKey: seed % 2 === 0, foldKey: seed % 3 === 0 },
      filters: filters.map((spec) => planFilter(spec)),
    });
  } catch (error) {
    if (error instanceof KernelError || error instanceof UsageError) return null;
    throw error;
  }
}

/** The first frames that differ, halved as long as they do; in words that can be tried again. */
function shrunk(seed: number, chain: Chain, frames: readonly Uint8Array[]): string {
  const differs = (few: readonly Uint8Array[]): boolean => {
    const file = fileOf(new Random(seed), few);
    return countsOf(chain, file, file.length, 'plain')?.counts !== countsOf(chain, file, file.length, 'auto')?.counts;
  };
  // The first packet is always the plain engine's.
  const first = frames.slice(0, 1);
  const single = frames.find((frame) => differs([...first, frame]));
  const told = single === undefined ? 'only all frames together' : Buffer.from(single).toString('hex');
  return `seed ${seed}: ${JSON.stringify(chain)} frame ${told}`;
}

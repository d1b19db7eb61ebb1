import { createEnv, createPacket } from '../../../src/env.ts';
import type { Era } from '../../../src/era.ts';
import type { SipKey } from '../../../src/hash/index.ts';
import { FlowKeys, type Packet } from '../../../src/packet/index.ts';
import { ALL_KEYS, KEYS, keySource } from '../../../src/sched/flow/index.ts';
import { classText } from '../../../src/u32.ts';
import { Bench, type Classified, HOOK_NAMES, type Hook, refusals, type SentFrame } from '../classify.ts';
import { fill, unknowable } from '../diff/compare.ts';
import type { Random } from '../diff/random.ts';
import type { KernelPacket } from '../sk-buff.ts';
import { type CaseFilter, caseFilters } from './cases.ts';
import { type Family, json, lines, pcap, type Session } from './files.ts';

interface Recording {
  readonly era: Era;
  readonly frames: readonly SentFrame[];
  /** By the number under which each was asked; those that were refused are not there. */
  readonly filters: ReadonlyMap<number, CaseFilter>;
  readonly answers: ReadonlyMap<Hook, Classified>;
}

/** classify/ and hash/: every filter asked about every frame, at every hook. */
export async function recordClassify({ k, era, frames }: Session, r: Random): Promise<Family[]> {
  const filters = caseFilters(r);
  const bench = await Bench.open(k, era);
  const answers = new Map<Hook, Classified>();
  const asked = filters.map(({ protocol, opts }) => ({ protocol, options: opts }));
  for (const hook of HOOK_NAMES) answers.set(hook, await bench.classify(hook, asked, frames));
  const refused = new Set([...answers.values()].flatMap(({ said }) => [...refusals(said).keys()]));
  const standing = new Map([...filters.entries()].filter(([number]) => !refused.has(number)));
  return families({ era, frames, filters: standing, answers });
}

function families(recording: Recording): Family[] {
  const filters = [...recording.filters.values()].filter(({ family }) => family !== 'hash').map(tcLine);
  const classify = {
    'packets.pcap': pcap(recording.frames),
    'packets.jsonl': lines(packets(recording)),
    'filters.jsonl': lines(filters),
    'values.jsonl': lines(values(recording)),
    'map-classes.jsonl': lines(classes(recording, (family) => family === 'map' || family === 'protocol')),
  };
  const hash = {
    'filters.jsonl': lines(hashFilters(recording)),
    'classes.jsonl': lines(classes(recording, (family) => family === 'hash')),
    'secrets.json': json(secrets(recording)),
  };
  return [
    { name: 'classify', computed: 'values.jsonl: the column "pointer"', files: classify },
    { name: 'hash', files: hash },
  ];
}

const tcLine = (filter: CaseFilter): object => ({
  ...filter,
  command: `tc filter add dev DEV parent PARENT handle 1 protocol ${filter.protocol} flow ${filter.opts} action continue`,
});
const nameOf = (frame: number): string => `frame-${frame}`;

function packets({ frames, answers }: Recording): object[] {
  return frames.map(({ bytes, mark, priority }, packet) => ({
    packet,
    frame: packet + 1,
    name: nameOf(packet),
    length: bytes.length,
    mark,
    priority,
    droppedBeforeClassifier: [...answers].flatMap(([hook, { packets: seen }]) => (seen[packet] ? [] : [hook])),
  }));
}

/** Calls `row` for each packet at each hook that filters saw it at; `classid` tells what a filter gave it. */
function each(
  recording: Recording,
  row: (seen: KernelPacket, pointers: readonly string[], classid: (filter: number) => number | null) => object,
): object[] {
  return [...recording.answers].flatMap(([hook, theirs]) =>
    recording.frames.flatMap((frame, packet) => {
      const seen = theirs.packets[packet];
      const pointers = seen && pointerKeys(recording.era, theirs, frame, seen);
      if (!seen || !pointers) return [];
      const given = new Map((theirs.answers[packet] ?? []).map(({ filter, classid }) => [filter, classid]));
      const answer = row(seen, pointers, (filter) => given.get(filter) ?? null);
      return [{ packet, name: nameOf(packet), hook, ...answer }];
    }),
  );
}

type Keys = Pick<Classified, 'rxhashKey' | 'foldKey'>;

/**
 * The keys whose value is a pointer's fold: the one column that no filter tells, so that it is ours to say. null: the
 * packet rests on what no one can know, and is left out.
 */
export function pointerKeys(era: Era, keys: Keys, frame: SentFrame, seen: KernelPacket): string[] | null {
  const known = knownPacket(era, keys, frame, seen);
  if (known === null) return null;
  const { p, flow } = known;
  return ALL_KEYS.filter((key) => keySource(key, p, flow, era).endsWith('pointer')).map((key) => KEYS[key].name);
}

/** The packet as the kernel had it; null: it rests on what no one can know. */
export function knownPacket(
  era: Era,
  { rxhashKey, foldKey }: Keys,
  frame: SentFrame,
  seen: KernelPacket,
): { p: Packet; flow: FlowKeys } | null {
  const env = createEnv({ era, seed: 0, rxhashKey, foldKey });
  const p = createPacket(env);
  const flow = new FlowKeys();
  fill(p, frame, seen, flow, env);
  return unknowable(p, flow) === 0 ? { p, flow } : null;
}

function values(recording: Recording): object[] {
  return each(recording, ({ context, pointers: { sk, dst } }, pointer, classid) => {
    const half = (filter: number): number => ((classid(filter) ?? 1) - 1) & 0xffff;
    const both = (low: number): number => ((half(low + 1) << 16) | half(low)) >>> 0;
    return {
      context: { ...context, sk: sk !== 0n, dst: dst !== 0n },
      values: Object.fromEntries(ALL_KEYS.map((key, i) => [KEYS[key].name, both(2 * i)])),
      pointer,
    };
  });
}

function classes(recording: Recording, wanted: (family: CaseFilter['family']) => boolean): object[] {
  const chosen = [...recording.filters].filter(([, { family }]) => wanted(family));
  return each(recording, (_seen, _pointers, classid) => ({
    classes: Object.fromEntries(
      chosen.map(([number, { id }]) => {
        const given = classid(number);
        return [id, given === null ? null : classText(given)];
      }),
    ),
  }));
}

/** Each with the seeds it had; where no packet was asked the seed was not seen, and is of no use. */
function hashFilters({ filters, answers }: Recording): object[] {
  return [...filters]
    .filter(([, { family }]) => family === 'hash')
    .map(([number, filter]) => {
      const seedAt = (theirs: Classified): number =>
        theirs.answers.flat().find((answer) => answer.filter === number)?.hashrnd ?? 0;
      const hashrnd = Object.fromEntries([...answers].map(([hook, theirs]) => [hook, seedAt(theirs)]));
      return { ...tcLine(filter), hashrnd };
    });
}

function secrets({ answers }: Recording): object {
  return Object.fromEntries([...answers].map(([hook, keys]) => [hook, secretWords(keys)]));
}

/** Both keys as two 64-bit words each, in hex. */
export function secretWords({ rxhashKey, foldKey }: Keys): object {
  const word = (high: number, low: number): string =>
    `0x${((BigInt(high >>> 0) << 32n) | BigInt(low >>> 0)).toString(16).padStart(16, '0')}`;
  const words = ({ k0hi, k0lo, k1hi, k1lo }: SipKey): string[] => [word(k0hi, k0lo), word(k1hi, k1lo)];
  return { rxhashKey: words(rxhashKey), foldKey: words(foldKey) };
}

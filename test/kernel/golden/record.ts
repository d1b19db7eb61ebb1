import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Frame, PcapWriter } from '../../../src/capture/index.ts';
import { createEnv, createPacket } from '../../../src/env.ts';
import type { Era } from '../../../src/era.ts';
import type { SipKey } from '../../../src/hash/index.ts';
import { FlowKeys } from '../../../src/packet/index.ts';
import { ALL_KEYS, KEYS, keySource } from '../../../src/sched/flow/index.ts';
import { classText } from '../../../src/u32.ts';
import { Bench, type Classified, HOOK_NAMES, type Hook, refusals, type SentFrame } from '../classify.ts';
import { converse } from '../control.ts';
import { fill, unknowable } from '../diff/compare.ts';
import { randomFrame } from '../diff/frames.ts';
import { Random } from '../diff/random.ts';
import { randomSession } from '../diff/requests.ts';
import { eraOf } from '../era-of.ts';
import { type RunningKernel, withKernel } from '../harness.ts';
import { CannotRun, KERNELS, type UnpackedKernel } from '../packages.ts';
import { GUEST, ROOT } from '../root.ts';
import type { KernelPacket } from '../sk-buff.ts';
import { type CaseFilter, caseFilters, type TcCase, tcCases } from './cases.ts';

const USAGE = `npm run golden:record -- DIR [--kernel ${KERNELS.map(({ name }) => name).join('|')}] [--frames N] [--cases N] [--seed S]
Asks a real kernel about the project's own frames and filters and writes its answers to DIR, as golden records of the
families classify, hash, errors and show; npm run golden -- DIR replays them.`;

interface Recording {
  readonly directory: string;
  readonly era: Era;
  readonly frames: readonly SentFrame[];
  /** By the number under which each was asked; those that were refused are not there. */
  readonly filters: ReadonlyMap<number, CaseFilter>;
  readonly answers: ReadonlyMap<Hook, Classified>;
  readonly told: readonly ToldCase[];
  readonly raw: readonly RawCase[];
}

/** A case of commands, with what tc said. */
interface ToldCase extends Pick<TcCase, 'id' | 'setup'> {
  readonly steps: readonly {
    readonly command: string;
    readonly exit: number;
    readonly stdout: string;
    readonly stderr: string;
  }[];
}

/** Datagrams that were sent as they are, each with what came back. */
interface RawCase extends Pick<TcCase, 'id' | 'setup'> {
  readonly steps: readonly { readonly raw: string; readonly replies: readonly string[]; readonly sendErrno?: number }[];
}

function write({ directory, ...recording }: Recording, provenance: object): void {
  const files: Record<string, string | Uint8Array> = {
    'provenance.json': `${JSON.stringify(provenance, null, 1)}\n`,
    'classify/packets.pcap': pcap(recording.frames),
    'classify/packets.jsonl': lines(packets(recording)),
    'classify/filters.jsonl': lines(
      [...recording.filters.values()].filter(({ family }) => family !== 'hash').map(tcLine),
    ),
    'classify/values.jsonl': lines(values(recording)),
    'classify/map-classes.jsonl': lines(classes(recording, (family) => family === 'map' || family === 'protocol')),
    'hash/filters.jsonl': lines(hashFilters(recording)),
    'hash/classes.jsonl': lines(classes(recording, (family) => family === 'hash')),
    'errors/cases.jsonl': lines([...recording.told.filter(fails), ...recording.raw]),
    'show/cases.jsonl': lines(recording.told.filter((one) => !fails(one))),
    'hash/secrets.json': `${JSON.stringify(secrets(recording), null, 1)}\n`,
  };
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(directory, name)), { recursive: true });
    writeFileSync(path.join(directory, name), content);
  }
}

/** Whether already the first command was refused. */
const fails = ({ steps }: ToldCase): boolean => steps[0]?.exit !== 0;

type Answered = Omit<Recording, 'directory'>;
const lines = (rows: readonly object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
const tcLine = (filter: CaseFilter): object => ({
  ...filter,
  command: `tc filter add dev DEV parent PARENT handle 1 protocol ${filter.protocol} flow ${filter.opts} action continue`,
});
const nameOf = (frame: number): string => `frame-${frame}`;
const FIRST_SECOND = 1700000000;

function pcap(frames: readonly SentFrame[]): Uint8Array {
  const chunks: Uint8Array[] = [];
  const writer = new PcapWriter({ linkType: 1, unit: 'us' }, (chunk) => chunks.push(chunk));
  for (const [i, { bytes }] of frames.entries()) {
    const frame = new Frame();
    Object.assign(frame, { data: bytes, end: bytes.length, length: bytes.length, linkType: 1 });
    writer.write(Object.assign(frame, { seconds: FIRST_SECOND + i }));
  }
  writer.finish();
  return Buffer.concat(chunks);
}

function packets({ frames, answers }: Answered): object[] {
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
  recording: Answered,
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

/**
 * The keys whose value is a pointer's fold: the one column that no filter tells, so that it is ours to say. null: the
 * packet rests on what no one can know, and is left out.
 */
function pointerKeys(era: Era, theirs: Classified, frame: SentFrame, seen: KernelPacket): string[] | null {
  const env = createEnv({ era, seed: 0, rxhashKey: theirs.rxhashKey, foldKey: theirs.foldKey });
  const p = createPacket(env);
  const flow = new FlowKeys();
  fill(p, frame, seen, flow, env);
  if (unknowable(p, flow) !== 0) return null;
  return ALL_KEYS.filter((key) => keySource(key, p, flow, era).endsWith('pointer')).map((key) => KEYS[key].name);
}

function values(recording: Answered): object[] {
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

function classes(recording: Answered, wanted: (family: CaseFilter['family']) => boolean): object[] {
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
function hashFilters({ filters, answers }: Answered): object[] {
  return [...filters]
    .filter(([, { family }]) => family === 'hash')
    .map(([number, filter]) => {
      const seedAt = (theirs: Classified): number =>
        theirs.answers.flat().find((answer) => answer.filter === number)?.hashrnd ?? 0;
      const hashrnd = Object.fromEntries([...answers].map(([hook, theirs]) => [hook, seedAt(theirs)]));
      return { ...tcLine(filter), hashrnd };
    });
}

function secrets({ answers }: Answered): object {
  const word = (high: number, low: number): string =>
    `0x${((BigInt(high >>> 0) << 32n) | BigInt(low >>> 0)).toString(16).padStart(16, '0')}`;
  const words = ({ k0hi, k0lo, k1hi, k1lo }: SipKey): string[] => [word(k0hi, k0lo), word(k1hi, k1lo)];
  return Object.fromEntries(
    [...answers].map(([hook, { rxhashKey, foldKey }]) => [
      hook,
      { rxhashKey: words(rxhashKey), foldKey: words(foldKey) },
    ]),
  );
}

async function tell(k: RunningKernel, cases: readonly TcCase[]): Promise<ToldCase[]> {
  const job = await k.run(
    readFileSync(path.join(GUEST, 'tc_cases.py'), 'utf8'),
    { 'cases.json': JSON.stringify(cases) },
    300,
  );
  if (job.exit !== 0) throw new Error(`tc_cases.py ended with ${job.exit}: ${job.stderr}`);
  const answers = JSON.parse(job.file('answers.json').toString('utf8')) as [number, string, string][][];
  return cases.map(({ id, setup, commands }, i) => ({
    id,
    setup,
    steps: commands.map((command, at) => {
      const [exit, stdout, stderr] = answers[i]?.[at] ?? [-1, '', ''];
      return { command, exit, stdout, stderr };
    }),
  }));
}

async function send(k: RunningKernel, r: Random, count: number): Promise<RawCase[]> {
  const sessions = Array.from({ length: count }, () => randomSession(r));
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
  return (await converse(k, sessions)).map(({ answers }, i) => ({
    id: `r${String(i + 1).padStart(3, '0')}`,
    setup: [],
    steps: (sessions[i] ?? []).map((datagram, at) => {
      const given = answers[at] ?? [];
      const raw = hex(datagram);
      return typeof given === 'number' ? { raw, replies: [], sendErrno: given } : { raw, replies: given.map(hex) };
    }),
  }));
}

/** What the records come from. The generator's hash changes with every source that has a say in the cases. */
function provenance(about: UnpackedKernel, seed: number): object {
  const hash = createHash('sha256');
  for (const folder of ['test/kernel/golden', 'test/kernel/diff', 'test/kernel/guest']) {
    for (const file of readdirSync(path.join(ROOT, folder)).sort()) {
      hash.update(`${folder}/${file}\0`).update(readFileSync(path.join(ROOT, folder, file)));
    }
  }
  return {
    kernel: { version: about.version, package: about.package, release: about.release },
    iproute2: execFileSync('/sbin/tc', ['-V'], { encoding: 'utf8' }).trim(),
    date: new Date().toISOString().slice(0, 10),
    seed,
    generator: hash.digest('hex'),
    computed: 'classify/values.jsonl: the column "pointer"; everything else is the kernel\'s',
  };
}

async function main(): Promise<number> {
  const { values: options, positionals } = parseArgs({
    options: {
      kernel: { type: 'string', default: '6.1.192' },
      frames: { type: 'string', default: '400' },
      cases: { type: 'string', default: '80' },
      seed: { type: 'string', default: '1' },
      help: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  });
  const [directory] = positionals;
  const [count, caseCount, seed] = [options.frames, options.cases, options.seed].map(Number) as [
    number,
    number,
    number,
  ];
  if (directory === undefined || options.help || !(count > 0) || !(caseCount > 0) || Number.isNaN(seed)) {
    console.log(USAGE);
    return options.help ? 0 : 2;
  }
  const r = new Random(seed);
  const filters = caseFilters(r);
  // The records have no owners: every frame is sent by root.
  const frames = Array.from({ length: count }, () => ({ ...randomFrame(r, []), owner: 0 }));
  try {
    await withKernel(options.kernel, async (k) => {
      const era = eraOf(k.about.version);
      const bench = await Bench.open(k, era);
      const answers = new Map<Hook, Classified>();
      const asked = filters.map(({ protocol, opts }) => ({ protocol, options: opts }));
      for (const hook of HOOK_NAMES) answers.set(hook, await bench.classify(hook, asked, frames));
      const told = await tell(k, tcCases(r, caseCount));
      const raw = await send(k, r, caseCount);
      const refused = new Set([...answers.values()].flatMap(({ said }) => [...refusals(said).keys()]));
      const standing = new Map([...filters.entries()].filter(([number]) => !refused.has(number)));
      console.log(
        `${k.about.version}: ${frames.length} frames, ${filters.length} filters, ${refused.size} refused; ${told.length} cases of commands, ${raw.length} of datagrams`,
      );
      write({ directory, era, frames, filters: standing, answers, told, raw }, provenance(k.about, seed));
    });
  } catch (error) {
    if (!(error instanceof CannotRun)) throw error;
    console.log(`skipped: ${error.message}`);
  }
  return 0;
}

process.exitCode = await main();

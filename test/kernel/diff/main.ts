import path from 'node:path';
import { parseArgs } from 'node:util';
import type { Era } from '../../../src/era.ts';
import { classText } from '../../../src/u32.ts';
import { readFramesOf } from '../../golden/records.ts';
import { Bench, HOOK_NAMES, HOOKS, type Hook, OWNERS, type SentFrame, type TriedFilter } from '../classify.ts';
import { eraOf } from '../era-of.ts';
import { type RunningKernel, withKernel } from '../harness.ts';
import { CannotRun, KERNELS } from '../packages.ts';
import { ROOT } from '../root.ts';
import { compare, type Difference } from './compare.ts';
import { randomFilter } from './filters.ts';
import { randomFrame } from './frames.ts';
import { Random } from './random.ts';
import { keep, type PairRecord } from './record.ts';
import { type Case, shrink } from './shrink.ts';

const USAGE = `npm run kernel:diff -- [--kernel ${KERNELS.map(({ name }) => name).join('|')}|all] [--minutes M | --pairs N] [--seed S]
Random filters and random frames, asked of a real kernel and of us. Differences are made small, printed and kept.`;

/** A question to the kernel: as many filters as a packet may see at once, and frames enough to be worth the start. */
const FILTERS = 250;
const FRAMES = 2000;
/** Differences told in full, of one run; the others are counted. */
const TOLD = 5;

interface Options {
  readonly seed: number;
  readonly minutes: number;
  readonly pairs: number;
}

interface Figures {
  pairs: number;
  frames: number;
  filters: number;
  differences: number;
  told: number;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      kernel: { type: 'string', default: '6.1.192' },
      minutes: { type: 'string' },
      pairs: { type: 'string' },
      seed: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const seed = Number(values.seed ?? Date.now() % 0x7fffffff);
  const minutes = Number(values.minutes ?? (values.pairs === undefined ? 1 : Number.POSITIVE_INFINITY));
  const pairs = Number(values.pairs ?? Number.POSITIVE_INFINITY);
  if (!Number.isInteger(seed) || Number.isNaN(minutes) || Number.isNaN(pairs)) {
    console.error(USAGE);
    return 2;
  }
  const kernels = values.kernel === 'all' ? KERNELS.map(({ name }) => name) : [values.kernel];
  let failed = false;
  for (const name of kernels) {
    try {
      failed = (await withKernel(name, (k) => differences(k, { seed, minutes, pairs }))) > 0 || failed;
    } catch (error) {
      if (!(error instanceof CannotRun)) throw error;
      console.log(`${name}: skipped: ${error.message}`);
    }
  }
  return failed ? 1 : 0;
}

/** One run against one kernel; how many differences there were. */
async function differences(k: RunningKernel, options: Options): Promise<number> {
  const era = eraOf(k.about.version);
  console.log(
    `${k.about.package} (Linux ${k.about.version}), era ${era.name}, seed ${options.seed}; booted in ${k.bootSeconds.toFixed(1)} s`,
  );
  const bench = await Bench.open(k, era);
  const random = new Random(options.seed);
  const captured = readFramesOf(path.join(ROOT, 'examples'), 'household.pcapng');
  const figures: Figures = { pairs: 0, frames: 0, filters: 0, differences: 0, told: 0 };
  const start = performance.now();
  const seconds = (): number => (performance.now() - start) / 1000;
  for (let round = 0; seconds() < options.minutes * 60 && figures.pairs < options.pairs; round++) {
    const hook = HOOK_NAMES[round % HOOK_NAMES.length] ?? 'egress';
    const filters = Array.from({ length: FILTERS }, () => randomFilter(random));
    const frames = Array.from({ length: FRAMES }, () => randomFrame(random, captured));
    await ask(bench, k, era, hook, filters, frames, figures);
  }
  const rate = Math.round(figures.pairs / seconds());
  console.log(
    `Linux ${k.about.version}: ${figures.pairs} pairs (${figures.frames} frames, ${figures.filters} filters) in ` +
      `${seconds().toFixed(1)} s (${rate}/s), ${figures.differences} differ`,
  );
  return figures.differences;
}

/** One question: its differences are counted, and the first of a run told and kept. */
async function ask(
  bench: Bench,
  k: RunningKernel,
  era: Era,
  hook: Hook,
  filters: readonly TriedFilter[],
  frames: readonly SentFrame[],
  figures: Figures,
): Promise<void> {
  const theirs = await bench.classify(hook, filters, frames);
  const compared = compare(era, hook, filters, frames, theirs);
  figures.pairs += compared.pairs;
  figures.frames += frames.length;
  figures.filters += filters.length;
  figures.differences += compared.differences.length + compared.verdicts.length + compared.misplaced.length;
  for (const { filter, kernel, ours } of compared.verdicts) {
    if (figures.told++ >= TOLD) break;
    console.log(`${command(hook, filters[filter])}\n  kernel: ${kernel ?? 'accepted'}\n  we: ${ours ?? 'accepted'}`);
  }
  for (const { frame, what } of compared.misplaced) {
    if (figures.told++ >= TOLD) break;
    console.log(`${hook}: ${hexOf(frames[frame])}\n  ${what}`);
  }
  for (const first of distinct(compared.differences)) {
    if (figures.told++ >= TOLD) break;
    const frame = frames[first.frame];
    const filter = filters[first.filter];
    if (frame && filter) await tell(bench, k, era, hook, { frame, filter });
  }
}

/** The first difference of each filter: others of the same filter mostly have the same cause. */
function distinct(all: readonly Difference[]): Difference[] {
  const seen = new Map<number, Difference>();
  for (const difference of all) if (!seen.has(difference.filter)) seen.set(difference.filter, difference);
  return [...seen.values()];
}

/** Makes a case small, prints it as commands and hex, and keeps it as a record. */
async function tell(bench: Bench, k: RunningKernel, era: Era, hook: Hook, found: Case): Promise<void> {
  const question = async (filters: readonly TriedFilter[], frames: readonly SentFrame[]) =>
    compare(era, hook, filters, frames, await bench.classify(hook, filters, frames)).differences;
  const { frame, filter } = await shrink(found, question);
  const theirs = await bench.classify(hook, [filter], [frame]);
  const [difference] = compare(era, hook, [filter], [frame], theirs).differences;
  const packet = theirs.packets[0];
  if (difference === undefined || !packet) {
    console.log(`${command(hook, found.filter)}\n  ${hexOf(found.frame)}\n  differed once and not again`);
    return;
  }
  const kept: PairRecord = {
    about: `kernel:diff: the kernel said ${name(difference.kernel)}, we said ${name(difference.ours)}`,
    kernel: k.about.version,
    era: era.name,
    date: new Date().toISOString().slice(0, 10),
    hook,
    filter,
    hashrnd: difference.hashrnd,
    frame: hexOf(frame),
    mark: frame.mark,
    priority: frame.priority,
    owner: OWNERS[frame.owner] ?? [0, 0],
    context: packet.context,
    socket: packet.pointers.sk !== 0n,
    dataAt: packet.dataAt,
    hash: packet.hash,
    rxhashKey: theirs.rxhashKey,
    foldKey: theirs.foldKey,
    classid: difference.kernel,
  };
  const file = keep(kept);
  console.log(`${HOOKS[hook].qdisc}\n${command(hook, filter)}`);
  console.log(`  frame ${kept.frame} mark ${frame.mark} priority ${frame.priority}`);
  console.log(`  kernel: ${name(difference.kernel)}\n  we: ${name(difference.ours)}`);
  console.log(`  ${file === null ? 'kept before' : path.relative(ROOT, file)}`);
}

function command(hook: Hook, filter: TriedFilter | undefined): string {
  return `filter add ${HOOKS[hook].filtersOn} pref 2 handle 1 protocol ${filter?.protocol} flow ${filter?.options}`;
}

const name = (classid: number | null): string => (classid === null ? 'not asked' : classText(classid));
const hexOf = (frame: SentFrame | undefined): string => Buffer.from(frame?.bytes ?? []).toString('hex');

process.exitCode = await main();

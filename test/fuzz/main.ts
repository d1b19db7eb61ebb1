import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readCorpus } from '../golden/corpus.ts';
import { disagreement, mutated, scripts } from '../lint/property.ts';
import { brokenCapture, readTwice, smallCaptures } from './captures.ts';
import { commandLine } from './commands.ts';
import { brokenRequest, freshKernel, requestsOf, tryCommand, tryRequest, tryShow } from './control.ts';
import { ownFrames, projectPath } from './corpus.ts';
import { tryEngines } from './engines.ts';
import { tryExactness } from './exactness.ts';
import { trial } from './generate.ts';
import { DEVICES, Observer } from './observe.ts';
import { Random } from './random.ts';
import { tryThreads } from './threads.ts';

/**
 * `npm run fuzz [-- --seed S] [--seconds N] [--messages N] [--commands N] [--scripts N] [--pairs N]
 * [--trees N] [--files N]`: tries frames and capture files
 * until the time is over, then so many netlink messages on the emulated kernel, so many command lines on tc, and so many
 * pairs of a frame and a filter on both engines, so many trees for what `exact` promises, and so many large files, most of
 * them damaged, on one thread and on several.
 */
const USAGE =
  'usage: npm run fuzz -- [--seed NUMBER] [--seconds NUMBER] [--messages NUMBER] [--commands NUMBER] [--scripts NUMBER] [--pairs NUMBER] [--trees NUMBER] [--files NUMBER]';
/** Trackers begin anew so often. */
const ROUND = 2000;
/** And kernels, whose qdiscs are soon deleted. */
const KERNEL_ROUND = 500;

function option(name: string, otherwise: number): number {
  const at = process.argv.indexOf(`--${name}`);
  if (at < 0) return otherwise;
  const value = Number(process.argv[at + 1]);
  if (Number.isFinite(value) && value >= 0) return value;
  console.error(USAGE);
  process.exit(2);
}

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

async function main(): Promise<number> {
  const seed = option('seed', 1);
  const failures: string[] = [];
  const parts = [
    () => tryFrames(seed, option('seconds', 30), failures),
    () => tryMessages(seed, option('messages', 1_000_000), failures),
    () => tryCommands(seed, option('commands', 100_000), failures),
    () => tryScripts(seed, option('scripts', 2000), failures),
    () => tryPairs(seed, option('pairs', 10_000_000), failures),
    () => tryTrees(seed, option('trees', 3000), failures),
    () => tryFiles(seed, option('files', 2000), failures),
  ];
  const told: string[] = [];
  for (const part of parts) if (failures.length === 0) told.push(await timed(part));
  for (const failure of failures) console.error(failure);
  console.log(`fuzz: seed ${seed}, ${told.join(', ')}, ${failures.length} failed`);
  return failures.length === 0 ? 0 : 1;
}

async function timed(part: () => string | Promise<string>): Promise<string> {
  const began = performance.now();
  const told = await part();
  return `${told} in ${((performance.now() - began) / 1000).toFixed(1)} s`;
}

function tryFrames(seed: number, seconds: number, failures: string[]): string {
  const until = performance.now() + 1000 * seconds;
  const corpus = ownFrames();
  const captures = smallCaptures(corpus.filter(({ linkType }) => linkType === 1).slice(0, 12));
  let frames = 0;
  let files = 0;
  for (let round = 0; performance.now() < until && failures.length === 0; round++) {
    const random = new Random(seed * 1_000_003 + round);
    const observer = new Observer();
    for (let i = 0; i < ROUND && performance.now() < until; i++) {
      const tried = trial(random, corpus);
      const wire = tried.bytes.length + (random.oneIn(3) ? random.below(2000) : 0);
      frames++;
      attempt(failures, { linkType: tried.linkType, wire, frame: textOf(tried.bytes) }, () =>
        observer.observe(tried, random.pick(DEVICES), wire),
      );
      if (i % 4 !== 0) continue;
      const broken = brokenCapture(random, random.pick(captures));
      files++;
      attempt(failures, { capture: textOf(broken) }, () => readTwice(random, broken));
    }
  }
  return `${frames} frames and ${files} capture files`;
}

const corpusLines = () =>
  readCorpus(projectPath('test/golden/records/corpus')).map(({ command }) => command.split(' ').slice(1));

function tryTrees(seed: number, scripts: number, failures: string[]): string {
  let exact = 0;
  for (let i = 0; i < scripts && failures.length === 0; i++) {
    const trial = tryExactness(seed * 1_000_003 + 100 * i);
    exact += trial.exact;
    if (trial.broken !== null) failures.push(trial.broken);
  }
  return `${exact} exact results of ${scripts} trees`;
}

function tryPairs(seed: number, count: number, failures: string[]): string {
  let [pairs, chains, compiled] = [0, 0, 0];
  for (let i = 0; pairs < count && failures.length === 0; i++) {
    const trial = tryEngines(seed * 1_000_003 + i);
    pairs += trial.pairs;
    if (trial.pairs > 0) chains++;
    if (trial.compiled) compiled++;
    if (trial.difference !== null) failures.push(`engines: ${trial.difference}`);
  }
  return `${pairs} pairs on both engines, ${compiled} of ${chains} chains compiled,`;
}

async function tryFiles(seed: number, count: number, failures: string[]): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'cls-flow-'));
  let parts = 0;
  try {
    for (let i = 0; i < count && failures.length === 0; i++) {
      const trial = await tryThreads(seed * 1_000_003 + i, join(folder, 'large'));
      parts += trial.parts;
      if (trial.difference !== null) failures.push(`threads: ${trial.difference}`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  return `${count} large files on several threads, ${parts} parts of them counted,`;
}

function tryMessages(seed: number, count: number, failures: string[]): string {
  const requests = requestsOf(new Random(seed), 5000, corpusLines());
  let messages = 0;
  for (let round = 0; messages < count && failures.length === 0; round++) {
    const random = new Random(seed * 1_000_003 + round);
    const kernel = freshKernel();
    for (let i = 0; i < KERNEL_ROUND && messages < count; i++, messages++) {
      const datagram = brokenRequest(random, requests);
      attempt(failures, { request: textOf(datagram) }, () => tryRequest(kernel, datagram));
    }
    attempt(failures, { round }, () => tryShow(kernel));
  }
  return `${messages} messages`;
}

/** One line in so many is a batch of the lines before it. */
const BATCH_EVERY = 100;

function tryCommands(seed: number, count: number, failures: string[]): string {
  const corpus = corpusLines();
  let lines = 0;
  for (let round = 0; lines < count && failures.length === 0; round++) {
    const random = new Random(seed * 1_000_003 + round);
    const kernel = freshKernel();
    let batch: string[] = [];
    for (let i = 0; i < KERNEL_ROUND && lines < count; i++, lines++) {
      const words = i % BATCH_EVERY === BATCH_EVERY - 1 ? ['-force', '-batch', '-'] : commandLine(random, corpus);
      const text = batch.join('\n');
      attempt(failures, { words }, () => tryCommand(kernel, words, text));
      batch = text.length > 4000 ? [] : [...batch, words.join(' ')];
    }
    attempt(failures, { round }, () => tryShow(kernel));
  }
  return `${lines} command lines`;
}

/** Scripts with words and lines altered: what check says is refused, and what tc refuses. */
function tryScripts(seed: number, count: number, failures: string[]): string {
  const random = new Random(seed);
  const all = scripts();
  for (let i = 0; i < count && failures.length === 0; i++) {
    const text = mutated(random.pick(all), random);
    const found = disagreement(text);
    if (found !== null) failures.push(`check and tc differ: ${found}\n${text}`);
  }
  return `${count} altered scripts checked`;
}

/** Runs one trial; what goes wrong becomes a row for regressions.ts. */
function attempt(failures: string[], row: object, run: () => void): void {
  try {
    run();
  } catch (error) {
    failures.push(`${JSON.stringify({ name: '?', ...row })}\n${error instanceof Error ? error.stack : String(error)}`);
  }
}

process.exitCode = await main();

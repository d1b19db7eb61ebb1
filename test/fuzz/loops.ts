import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readCorpus } from '../golden/corpus.ts';
import { disagreement, mutated, scripts } from '../lint/property.ts';
import { misaligned, nested, ofEveryLength, tryBoth, tryRoundTrip } from './attributes.ts';
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

/** Trackers begin anew so often. */
const ROUND = 2000;
/** And kernels, whose qdiscs are soon deleted. */
const KERNEL_ROUND = 500;

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** When a loop is over: after so many trials or at a time (performance.now()), whichever comes first. */
export interface Span {
  readonly count: number;
  readonly until: number;
}

export const times = (count: number): Span => ({ count, until: Number.POSITIVE_INFINITY });
export const forSeconds = (seconds: number): Span => ({
  count: Number.POSITIVE_INFINITY,
  until: performance.now() + 1000 * seconds,
});

/** Whether there is time for another one, and nothing has failed. */
const goesOn = (done: number, { count, until }: Span, failures: readonly string[]): boolean =>
  done < count && failures.length === 0 && performance.now() < until;

/** Frames, each amid different bytes; how many. */
export function tryFrames(seed: number, span: Span, failures: string[]): number {
  const corpus = ownFrames();
  let frames = 0;
  for (let round = 0; goesOn(frames, span, failures); round++) {
    const random = new Random(seed * 1_000_003 + round);
    const observer = new Observer();
    for (let i = 0; i < ROUND && goesOn(frames, span, failures); i++, frames++) {
      const tried = trial(random, corpus);
      const wire = tried.bytes.length + (random.oneIn(3) ? random.below(2000) : 0);
      attempt(
        failures,
        () => ({ linkType: tried.linkType, wire, frame: textOf(tried.bytes) }),
        () => observer.observe(tried, random.pick(DEVICES), wire),
      );
    }
  }
  return frames;
}

/** Frames cut at every byte, amid different bytes, on every device; how many. */
export function tryCutFrames(seed: number, span: Span, failures: string[]): number {
  const corpus = ownFrames();
  const random = new Random(seed);
  let frames = 0;
  while (goesOn(frames, span, failures)) {
    const { linkType, bytes } = trial(random, corpus);
    const device = random.pick(DEVICES);
    const observer = new Observer();
    for (let length = 0; length <= bytes.length && goesOn(frames, span, failures); length++, frames++) {
      attempt(
        failures,
        () => ({ linkType, wire: bytes.length, frame: textOf(bytes.subarray(0, length)) }),
        () => observer.observe({ linkType, bytes: bytes.subarray(0, length) }, device, bytes.length),
      );
    }
  }
  return frames;
}

/** How long the slowest of many took, in ms. */
export interface Watch {
  slowest: number;
}

/** Small capture files with something broken; how many. */
export function tryCaptures(seed: number, span: Span, failures: string[], watch: Watch = { slowest: 0 }): number {
  const corpus = ownFrames().filter(({ linkType }) => linkType === 1);
  const captures = smallCaptures(corpus.slice(0, 12));
  let files = 0;
  for (let round = 0; goesOn(files, span, failures); round++) {
    const random = new Random(seed * 1_000_003 + round);
    for (let i = 0; i < ROUND && goesOn(files, span, failures); i++, files++) {
      const broken = brokenCapture(random, random.pick(captures));
      tryCapture(random, broken, failures, watch);
    }
  }
  return files;
}

/** So many small files, each cut at every byte; how many cuts. */
export function tryCutCaptures(seed: number, originals: number, failures: string[], watch: Watch): number {
  const random = new Random(seed);
  const corpus = ownFrames().filter(({ linkType }) => linkType === 1);
  let files = 0;
  for (let i = 0; i < originals; i++) {
    const frames = Array.from({ length: 1 + random.below(3) }, () => random.pick(corpus));
    const file = random.pick(smallCaptures(frames));
    for (let length = 0; length <= file.length && failures.length === 0; length++, files++) {
      tryCapture(random, file.subarray(0, length), failures, watch);
    }
  }
  return files;
}

function tryCapture(random: Random, file: Uint8Array, failures: string[], watch: Watch): void {
  const read = (): number => {
    const began = performance.now();
    attempt(
      failures,
      () => ({ capture: textOf(file) }),
      () => readTwice(random, file),
    );
    return performance.now() - began;
  };
  const time = read();
  // A busy machine makes any of them slow, but hardly the same one again.
  if (time > watch.slowest) watch.slowest = Math.max(watch.slowest, Math.min(time, read(), read()));
}

/** Commands of public scripts. */
export const corpusLines = () =>
  readCorpus(projectPath('test/golden/records/corpus')).map(({ command }) => command.split(' ').slice(1));

export function tryTrees(seed: number, scripts: number, failures: string[]): string {
  let exact = 0;
  for (let i = 0; i < scripts && failures.length === 0; i++) {
    const trial = tryExactness(seed * 1_000_003 + 100 * i);
    exact += trial.exact;
    if (trial.broken !== null) failures.push(trial.broken);
  }
  return `${exact} exact results of ${scripts} trees`;
}

export function tryPairs(seed: number, count: number, failures: string[]): string {
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

export async function tryFiles(seed: number, count: number, failures: string[]): Promise<string> {
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

/** Broken netlink requests, given to emulated kernels; how many. */
export function tryMessages(seed: number, span: Span, failures: string[]): number {
  const requests = requestsOf(new Random(seed), 5000, corpusLines());
  let messages = 0;
  for (let round = 0; goesOn(messages, span, failures); round++) {
    const random = new Random(seed * 1_000_003 + round);
    const kernel = freshKernel();
    for (let i = 0; i < KERNEL_ROUND && goesOn(messages, span, failures); i++, messages++) {
      const datagram = brokenRequest(random, requests);
      attempt(
        failures,
        () => ({ request: textOf(datagram) }),
        () => tryRequest(kernel, datagram),
      );
    }
    attempt(
      failures,
      () => ({ round }),
      () => tryShow(kernel),
    );
  }
  return messages;
}

/** Every attribute of real requests, of so many lines, at every length, misaligned and nested deep; how many messages. */
export function tryAttributes(seed: number, lines: number, failures: string[]): number {
  const requests = requestsOf(new Random(seed), lines, corpusLines());
  const seen = new Set<string>();
  let messages = 0;
  for (const [i, request] of requests.entries()) {
    const kernel = freshKernel();
    const deep = i % 10 === 0 ? [2, 9, 11, 0x8002].map((type) => nested(request, type, DEEP)) : [];
    for (const made of [...ofEveryLength(request, seen), ...misaligned(request), ...deep]) {
      if (failures.length > 0) return messages;
      messages++;
      attempt(
        failures,
        () => ({ request: textOf(made) }),
        () => tryBoth(kernel, made),
      );
    }
  }
  return messages;
}

const DEEP = 1000;

/** Random filters written and read again; how many. */
export function tryRoundTrips(seed: number, span: Span, failures: string[]): number {
  const random = new Random(seed);
  let filters = 0;
  for (; goesOn(filters, span, failures); filters++) {
    attempt(
      failures,
      () => ({}),
      () => tryRoundTrip(random),
    );
  }
  return filters;
}

/** One line in so many is a batch of the lines before it. */
const BATCH_EVERY = 100;

export function tryCommands(seed: number, count: number, failures: string[]): string {
  const corpus = corpusLines();
  let lines = 0;
  for (let round = 0; lines < count && failures.length === 0; round++) {
    const random = new Random(seed * 1_000_003 + round);
    const kernel = freshKernel();
    let batch: string[] = [];
    for (let i = 0; i < KERNEL_ROUND && lines < count; i++, lines++) {
      const words = i % BATCH_EVERY === BATCH_EVERY - 1 ? ['-force', '-batch', '-'] : commandLine(random, corpus);
      const text = batch.join('\n');
      attempt(
        failures,
        () => ({ words }),
        () => tryCommand(kernel, words, text),
      );
      batch = text.length > 4000 ? [] : [...batch, words.join(' ')];
    }
    attempt(
      failures,
      () => ({ round }),
      () => tryShow(kernel),
    );
  }
  return `${lines} command lines`;
}

/** Scripts with words and lines altered: what check says is refused, and what tc refuses. */
export function tryScripts(seed: number, count: number, failures: string[]): string {
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
export function attempt(failures: string[], row: () => object, run: () => void): void {
  try {
    run();
  } catch (error) {
    const text = error instanceof Error ? error.stack : String(error);
    failures.push(`${JSON.stringify({ name: '?', ...row() })}\n${text}`);
  }
}

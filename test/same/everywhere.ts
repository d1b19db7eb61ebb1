import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Found, Trial } from '../reliability/row.ts';
import { chromiumHere, inChromium } from './chromium.ts';
import { comparable, firstDifference } from './compare.ts';
import { nodesHere, Runner } from './nodes.ts';
import { packetsIn, type Source } from './sources.ts';
import { type Tried, Ways, zstdMadeBy } from './ways.ts';

/** A large capture has so many bytes. */
const LARGE = 64 << 20;
/** One large capture in so many is tried in all ways, with more numbers of threads, and through the library. */
const THOROUGH = 8;
/** Exit code of a command line that is wrong. */
const USAGE = 2;
/** Lines on how far it has come. */
const SAID = 100;
const SAID_LARGE = 10;

/** Every file in every way on every Node, and its content in the browser: all must come to the same. */
export async function trySame(files: readonly Source[], trial: Trial, folder: string): Promise<Found> {
  const nodes = nodesHere(trial.scale === 'release');
  const runners = nodes.paths.map((path) => new Runner(path));
  const browser = chromiumHere();
  const trying = new Trying(runners, folder, trial);
  try {
    const packets = files.reduce((sum, file) => sum + packetsIn(file), 0);
    await trying.commands(files);
    await trying.library(files, 0, browser);
    const sound = files.filter(({ isDamaged }) => !isDamaged);
    await trying.largeOnes(sound);
    await trying.library(
      sound.filter((_, i) => i < trying.large && i % THOROUGH === 0),
      LARGE,
      browser,
    );
    const where = [...runners.map(({ name }) => name), ...(browser === null ? [] : ['Chromium'])].join(', ');
    const figure = `${files.length} files with ${packets} packets, ${trying.large} also as 64 MiB: ${trying.runs} runs in ${where}; zstd files by ${zstdMadeBy}`;
    const short = [nodes.missing, browser === null ? 'without Chromium: CHROMIUM=PATH' : null]
      .filter(isText)
      .join('; ');
    return { figure, failures: trying.failures, ...(short === '' ? {} : { short }) };
  } finally {
    for (const runner of runners) runner.stop();
  }
}

const isText = (text: string | null): text is string => text !== null;

class Trying {
  readonly failures: string[] = [];
  runs = 0;
  /** Captures that were made longer. */
  large = 0;
  private readonly runners: readonly Runner[];
  private readonly folder: string;
  private readonly trial: Trial;
  private readonly ways: Ways;

  constructor(runners: readonly Runner[], folder: string, trial: Trial) {
    this.runners = runners;
    this.folder = folder;
    this.trial = trial;
    this.ways = new Ways(folder);
  }

  /** The command line. */
  async commands(files: readonly Source[]): Promise<void> {
    for (const [i, file] of files.entries()) {
      for (const tried of this.ways.small(file, i)) await this.compare(file, tried);
      if (i % SAID === SAID - 1) this.say(`${i + 1} files`);
    }
  }

  /** The command line on captures made longer, until the minutes are over. */
  async largeOnes(files: readonly Source[]): Promise<void> {
    const until = performance.now() + (this.trial.minutes ?? Number.POSITIVE_INFINITY) * 60_000;
    for (const [i, file] of files.entries()) {
      if (performance.now() > until) return;
      const large = this.ways.large(file, i, LARGE, i % THOROUGH === 0);
      if (large !== null) await this.compare(file, large);
      this.large++;
      if (i % SAID_LARGE === SAID_LARGE - 1) this.say(`${i + 1} large files`);
    }
  }

  private say(what: string): void {
    this.trial.say(`${what}, ${this.runs} runs, ${this.failures.length} differ`);
  }

  /** All on each Node, beside the first on the first. */
  private async compare(file: Source, tried: readonly Tried[]): Promise<void> {
    const found = await Promise.all(
      this.runners.flatMap((runner) =>
        tried.map(async ({ way, path, job }) => ({
          way: `${way}, ${runner.name}, ${job.args.slice(2).join(' ')}`,
          result: comparable(await runner.run(job), path),
        })),
      ),
    );
    this.runs += found.length;
    const [first] = found;
    if (first?.result.exit === USAGE) throw new Error(`a wrong question: ${first.result.stderr}`);
    for (const { way, result } of found) this.differ(file, `${way} beside ${first?.way}`, first?.result, result);
  }

  /** The library, in each Node and in the browser; `least`: see core.ts. */
  async library(files: readonly Source[], least: number, browser: string | null): Promise<void> {
    const contents = files.map(({ content }) => content);
    const [first = [], ...others] = await Promise.all([
      ...this.runners.map((runner) => this.inNode(runner, contents, least)),
      ...(browser === null ? [] : [inChromium(browser, contents, least, this.folder)]),
    ]);
    this.runs += (others.length + 1) * files.length;
    const names = [...this.runners.slice(1).map(({ name }) => name), 'Chromium'];
    for (const [at, answers] of others.entries()) {
      for (const [i, file] of files.entries()) {
        this.differ(file, `library, ${names[at]}, ${least} bytes`, parsed(first[i]), parsed(answers[i]));
      }
    }
  }

  private async inNode(runner: Runner, contents: readonly Uint8Array[], least: number): Promise<string[]> {
    const answers: string[] = [];
    for (const content of contents) {
      const file = join(this.folder, `${runner.name}.capture`);
      writeFileSync(file, content);
      answers.push((await runner.run({ file, least })).stdout);
    }
    return answers;
  }

  private differ(file: Source, way: string, one: unknown, other: unknown): void {
    const difference = firstDifference(one, other);
    if (difference === null) return;
    const failure = `${file.name}: ${way}: ${difference}`;
    this.failures.push(failure);
    this.trial.say(failure);
  }
}

function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return text;
  }
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Netns, type SavedNetns } from '../../../src/kernel/index.ts';
import type { Typed } from '../../errno/commands.ts';
import { afterEnding, type Ending, type Sound, soundRun, WRITERS } from '../../errno/killed.ts';
import { envOf } from '../../frames.ts';
import { projectPath } from '../../fuzz/corpus.ts';
import { Random } from '../../fuzz/random.ts';
import type { Counts, Found, Row, Trial } from '../row.ts';

const KILLS: Counts = { ci: 20, night: 200, release: 1000 };
const SIGNALS: Counts = { ci: 6, night: 60, release: 300 };
const ROUNDS: Counts = { ci: 1, night: 5, release: 20 };
const ADDERS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', 'a'];
const SAID = 100;
const START = projectPath('dist/node/cli/start.cjs');

export const R16: Row = {
  id: 'R16',
  test: 'kill -9 at any point of a run that writes (exports, copies, advice, mended scripts, states, records), other signals, ten writers of one state at once',
  bar: '1 000 kills: never a half file, nothing left after the next run',
  inCi: true,
  run: tryEndings,
};

async function tryEndings({ scale, seed, say }: Trial): Promise<Found> {
  const sound = new Map<Typed, Sound>();
  for (const typed of WRITERS) sound.set(typed, await soundRun(typed, linesOf));
  const random = new Random(seed);
  const endings = [
    ...Array.from({ length: KILLS[scale] }, (_, i) => kill(random, sound, i)),
    ...Array.from({ length: SIGNALS[scale] }, (_, i) => signal(random, sound, i)),
  ];
  const failures: string[] = [];
  let done = 0;
  await inParallel(endings, async ([typed, ending, run]) => {
    failures.push(...(await afterEnding(typed, ending, run)));
    if (++done % SAID === 0) say(`${done} of ${endings.length}`);
  });
  for (let round = 0; round < ROUNDS[scale]; round++) failures.push(...(await tenWriters()));
  const figure = `${KILLS[scale]} kills and ${SIGNALS[scale]} other signals in ${WRITERS.length} commands, ${ROUNDS[scale]} times ten writers: ${failures.length} left something half, or behind`;
  return { figure, failures };
}

type Planned = readonly [typed: Typed, ending: Ending, sound: Sound];

function planned(sound: ReadonlyMap<Typed, Sound>, i: number, endingOf: (run: Sound) => Ending): Planned {
  const all = [...sound];
  const [typed, run] = all[i % all.length] as [Typed, Sound];
  return [typed, endingOf(run), run];
}

/** Half of them at a call, where a write may be half done; half at any time. */
function kill(random: Random, sound: ReadonlyMap<Typed, Sound>, i: number): Planned {
  return planned(sound, i, ({ calls, milliseconds }) =>
    random.oneIn(2)
      ? { signal: 'SIGKILL', call: random.below(calls) }
      : { signal: 'SIGKILL', after: random.below(milliseconds) },
  );
}

function signal(random: Random, sound: ReadonlyMap<Typed, Sound>, i: number): Planned {
  return planned(sound, i, ({ milliseconds }) => ({
    signal: random.pick(['SIGTERM', 'SIGHUP', 'SIGINT'] as const),
    after: random.below(milliseconds),
  }));
}

const linesOf = (log: string): number => readFileSync(log, 'utf8').split('\n').length - 1;

/** As many at a time as there are processors. */
async function inParallel<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const queue = all.values();
  const lane = async (): Promise<void> => {
    for (const one of queue) await work(one);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, lane));
}

/** All of ten classes are in a state that ten processes write at once. */
async function tenWriters(): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'cls-flow-writers-'));
  const state = join(folder, 's.json');
  const tc = async (words: string): Promise<number | null> => {
    const child = spawn(process.execPath, [START, 'tc', '--state', state, ...words.split(' ')], { stdio: 'ignore' });
    const [code] = (await once(child, 'exit')) as [number | null];
    return code;
  };
  await tc('qdisc add dev d0 root handle 1: htb');
  const codes = await Promise.all(
    ADDERS.map((minor) => tc(`class add dev d0 parent 1: classid 1:${minor} htb rate 1mbit`)),
  );
  const count = classesOf(JSON.parse(readFileSync(state, 'utf8')) as SavedNetns);
  rmSync(folder, { recursive: true });
  const isRight = count === ADDERS.length && codes.every((code) => code === 0);
  return isRight ? [] : [`ten writers made ${count} classes and ended with ${codes.join(' ')}`];
}

function classesOf(saved: SavedNetns): number {
  const { plan } = Netns.load(saved, envOf());
  return plan.devices.find(({ name }) => name === 'd0')?.root?.classes.length ?? 0;
}

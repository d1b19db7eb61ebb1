import { brokenCapture, readTwice, smallCaptures } from './captures.ts';
import { ownFrames } from './corpus.ts';
import { trial } from './generate.ts';
import { DEVICES, Observer } from './observe.ts';
import { Random } from './random.ts';

/** `npm run fuzz [-- --seed S] [--seconds N]`: tries frames and capture files until the time is over. */
const USAGE = 'usage: npm run fuzz -- [--seed NUMBER] [--seconds NUMBER]';
/** Trackers and their tables begin anew so often. */
const ROUND = 2000;

function option(name: string, otherwise: number): number {
  const at = process.argv.indexOf(`--${name}`);
  if (at < 0) return otherwise;
  const value = Number(process.argv[at + 1]);
  if (Number.isFinite(value) && value >= 0) return value;
  console.error(USAGE);
  process.exit(2);
}

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

function main(): number {
  const seed = option('seed', 1);
  const until = performance.now() + 1000 * option('seconds', 30);
  const corpus = ownFrames();
  const captures = smallCaptures(corpus.filter(({ linkType }) => linkType === 1).slice(0, 12));
  const failures: string[] = [];
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
  for (const failure of failures) console.error(failure);
  console.log(`fuzz: seed ${seed}, ${frames} frames, ${files} capture files, ${failures.length} failed`);
  return failures.length === 0 ? 0 : 1;
}

/** Runs one trial; what goes wrong becomes a row for regressions.ts. */
function attempt(failures: string[], row: object, run: () => void): void {
  try {
    run();
  } catch (error) {
    failures.push(`${JSON.stringify({ name: '?', ...row })}\n${error instanceof Error ? error.stack : String(error)}`);
  }
}

process.exitCode = main();

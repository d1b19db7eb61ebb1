import {
  forSeconds,
  times,
  tryCaptures,
  tryCommands,
  tryFiles,
  tryFrames,
  tryMessages,
  tryPairs,
  tryScripts,
  tryTrees,
} from './loops.ts';

/**
 * `npm run fuzz [-- --seed S] [--seconds N] [--messages N] [--commands N] [--scripts N] [--pairs N]
 * [--trees N] [--files N]`: tries frames and capture files
 * until the time is over, then so many netlink messages on the emulated kernel, so many command lines on tc, and so many
 * pairs of a frame and a filter on both engines, so many trees for what `exact` promises, and so many large files, most of
 * them damaged, on one thread and on several.
 */
const USAGE =
  'usage: npm run fuzz -- [--seed NUMBER] [--seconds NUMBER] [--messages NUMBER] [--commands NUMBER] [--scripts NUMBER] [--pairs NUMBER] [--trees NUMBER] [--files NUMBER]';
/** The share of `--seconds` that frames get; capture files get the rest. */
const FRAMES_SHARE = 0.8;

function option(name: string, otherwise: number): number {
  const at = process.argv.indexOf(`--${name}`);
  if (at < 0) return otherwise;
  const value = Number(process.argv[at + 1]);
  if (Number.isFinite(value) && value >= 0) return value;
  console.error(USAGE);
  process.exit(2);
}

async function main(): Promise<number> {
  const seed = option('seed', 1);
  const seconds = option('seconds', 30);
  const failures: string[] = [];
  const parts = [
    () => `${tryFrames(seed, forSeconds(FRAMES_SHARE * seconds), failures)} frames`,
    () => `${tryCaptures(seed, forSeconds((1 - FRAMES_SHARE) * seconds), failures)} capture files`,
    () => `${tryMessages(seed, times(option('messages', 1_000_000)), failures)} messages`,
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

process.exitCode = await main();

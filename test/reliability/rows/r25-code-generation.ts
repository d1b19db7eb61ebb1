import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Found, Row, Scale, Trial } from '../row.ts';

const ROOT = new URL('../../../../', import.meta.url);
const at = (name: string): string => fileURLToPath(new URL(name, ROOT));
const FLAG = '--disallow-code-generation-from-strings';
const MOST_OUTPUT = 1 << 28;

const FILTER = ['--filter', 'flow hash keys src,dst,proto-src divisor 64'];
const SCRIPT = ['--script', 'examples/household.tc'];
const CLI = 'dist/node/cli/start.cjs';

/** What is run with the flag and without: programs and their arguments. */
const SMALL: readonly (readonly string[])[] = [
  [CLI, 'classify', 'examples/household.pcapng', ...FILTER, '--format', 'json'],
  [CLI, 'check', 'examples/household.tc', '--format', 'json'],
];
const WHOLE: readonly (readonly string[])[] = [
  ...SMALL,
  [CLI, 'classify', 'examples/household.pcapng', ...SCRIPT, '--format', 'json'],
  [CLI, 'classify', 'examples/household.pcapng', ...FILTER, '--packets', '--format', 'csv'],
  [CLI, 'explain', 'examples/household.pcapng', '--packet', '7', ...SCRIPT, '--format', 'json'],
  [CLI, 'advise', 'examples/household.pcapng', '--format', 'json'],
  [CLI, 'compare', 'examples/household.pcapng', ...FILTER, '--filter', 'flow map key dst', '--format', 'json'],
  ['dist/test/golden/main.js'],
];
const RUNS: Readonly<Record<Scale, typeof SMALL>> = { ci: SMALL, night: WHOLE, release: WHOLE };

/** `eval(…)`, `new Function(…)`, timers that are given text. */
const GENERATES =
  /(?<![\w.$])eval\s*\(|\bnew\s+Function\b|(?<![\w.$])Function\s*\(|\bset(?:Timeout|Interval)\s*\(\s*['"`]/;

const FOLDERS = ['dist/src', 'dist/node'];

/** Files of the package that make code out of text. */
function generating(): string[] {
  return FOLDERS.flatMap((folder) =>
    readdirSync(at(folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.c?js$/.test(name))
      .filter((name) => GENERATES.test(readFileSync(at(`${folder}/${name}`), 'utf8')))
      .map((name) => `${folder}/${name} makes code out of text`),
  );
}

function outcome(flags: readonly string[], words: readonly string[]): string {
  const options = { cwd: at(''), encoding: 'utf8', maxBuffer: MOST_OUTPUT } as const;
  const { status, stdout } = spawnSync(process.execPath, [...flags, ...words], options);
  return JSON.stringify({ status, stdout: stdout.replace(/\d+(?:\.\d+)? m?s\b/g, '') });
}

/** The flag is really there: a program that needs what it forbids ends. */
function isForbidden(): boolean {
  return spawnSync(process.execPath, [FLAG, '-e', "new Function('return 1')()"], { stdio: 'ignore' }).status !== 0;
}

function run({ scale, say }: Trial): Found {
  const failures = generating();
  if (!isForbidden()) failures.push(`${FLAG} forbids nothing here`);
  for (const words of RUNS[scale]) {
    say(words.slice(0, 2).join(' '));
    if (outcome([FLAG], words) !== outcome([], words)) failures.push(`${words.join(' ')}: otherwise with ${FLAG}`);
  }
  return {
    figure: `${RUNS[scale].length} programs, ${failures.length} differences; no source makes code out of text`,
    failures,
  };
}

export const R25: Row = {
  id: 'R25',
  test: `The same results with ${FLAG}, and no eval or Function in the sources`,
  bar: 'the golden records and the commands, equal',
  inCi: true,
  run,
};

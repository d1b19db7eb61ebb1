import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { emulated, runTc } from '../../../src/command/index.ts';
import { createEnv } from '../../../src/env.ts';
import { ERAS } from '../../../src/era.ts';
import { Netns } from '../../../src/kernel/index.ts';
import { shellQuoted, shellWords } from '../../../src/lang/index.ts';
import { Random } from '../../fuzz/random.ts';
import type { Counts, Found, Row, Trial } from '../row.ts';

const NAMES: Counts = { ci: 5_000, night: 100_000, release: 100_000 };
const MOST_FAILURES = 20;
/** Names that one shell is given. */
const BATCH = 500;
const IFNAMSIZ = 16;

const PIECES = [
  '$(id)',
  '`id`',
  ';',
  '&&',
  '|',
  '>x',
  '<',
  '\n',
  ' ',
  '\t',
  "'",
  '"',
  '\\',
  '*',
  '?',
  '~',
  '#',
  '!',
  '{a,b}',
];
const PLAIN = [
  'eth0',
  'e',
  '.',
  '..',
  '/',
  ':',
  '-',
  '--',
  '%',
  'ä',
  '流',
  '$HOME',
  '${',
  'IFS}',
  '0',
  'wlan',
  '-n',
  '\u001b',
];

const randomName = (random: Random): string =>
  Array.from({ length: 1 + random.below(5) }, () => random.pick(random.oneIn(2) ? PIECES : PLAIN)).join('');

/** net/core/dev.c: dev_valid_name() */
function isValid(name: string): boolean {
  const bytes = Buffer.from(name);
  if (bytes.length === 0 || bytes.length >= IFNAMSIZ || name === '.' || name === '..') return false;
  return !bytes.some(
    (byte) => byte === 0x2f || byte === 0x3a || byte === 0x20 || (byte >= 9 && byte <= 13) || byte === 0xa0,
  );
}

/** A device comes into being only under a name that the kernel would take. */
function wronglyMade(names: readonly string[]): string[] {
  const env = createEnv({ era: ERAS['6.1'], seed: 1 });
  return names.flatMap((name) => {
    const netns = new Netns({ env, devices: [] });
    runTc(['qdisc', 'add', 'dev', name, 'root', 'drr'], { transport: emulated(netns) });
    return netns.devices
      .filter(({ spec }) => !isValid(spec.name))
      .map(({ spec }) => `a device is made: ${JSON.stringify(spec.name)}`);
  });
}

/** Names as we quote them for a shell, given to one: they come back as they are, and nothing else happens. */
function throughShell(names: readonly string[]): string[] {
  const failures: string[] = [];
  for (let at = 0; at < names.length; at += BATCH) {
    const batch = names.slice(at, at + BATCH);
    const input = `printf '%s\\0' ${batch.map(shellQuoted).join(' ')}\n`;
    const { stdout, stderr } = spawnSync('/bin/sh', [], { input, encoding: 'utf8', env: {} });
    const back = stdout.split('\0').slice(0, -1);
    failures.push(
      ...batch.filter((name, i) => back[i] !== name).map((name) => `a shell reads ${JSON.stringify(name)} otherwise`),
    );
    if (stderr !== '') failures.push(`a shell says: ${stderr}`);
    failures.push(
      ...batch
        .filter((name) => !/[\n\r]/.test(name) && shellWords(shellQuoted(name))[0] !== name)
        .map((name) => `we read ${JSON.stringify(name)} otherwise`),
    );
  }
  return failures;
}

const NODE = fileURLToPath(new URL('../../../../node/', import.meta.url));
/** Ways of node:child_process that start a shell. */
const SHELL = /\b(?:exec|execSync)\s*[,}(]|\bshell\s*:/;

/** Sources that start programs by a shell. */
function shells(): string[] {
  return readdirSync(NODE, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.c?ts$/.test(name) && !name.endsWith('.test.ts'))
    .filter((name) => {
      const text = readFileSync(NODE + name, 'utf8');
      return text.includes('child_process') && SHELL.test(text.replace(/\.exec\(/g, ''));
    })
    .map((name) => `node/${name} may start a shell`);
}

function run({ scale, seed }: Trial): Found {
  const random = new Random(seed);
  const names = Array.from({ length: NAMES[scale] }, () => randomName(random));
  const shell = process.platform === 'win32' ? [] : throughShell(names);
  const failures = [...shells(), ...shell, ...wronglyMade(names)];
  const figure = `${names.length} names, ${failures.length} of them reach a shell, are made or are read otherwise`;
  return { figure, failures: failures.slice(0, MOST_FAILURES) };
}

export const R28: Row = {
  id: 'R28',
  test: 'Command execution: interface names with everything that a shell knows',
  bar: '10^5 names, no metacharacter reaches a shell; names as IFNAMSIZ and dev_valid_name() have them',
  inCi: true,
  run,
};

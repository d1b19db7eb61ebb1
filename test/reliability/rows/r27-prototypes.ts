import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { emulated, runScript } from '../../../src/command/index.ts';
import { createEnv } from '../../../src/env.ts';
import { ERAS } from '../../../src/era.ts';
import { ArgumentError, FormatError, KernelError, UsageError } from '../../../src/errors.ts';
import { Netns } from '../../../src/kernel/index.ts';
import { check } from '../../../src/lint/index.ts';
import { parseMetadata, parseValues } from '../../../src/packet/index.ts';
import { Random } from '../../fuzz/random.ts';
import type { Counts, Found, Row, Trial } from '../row.ts';

const TEXTS: Counts = { ci: 2_000, night: 100_000, release: 100_000 };
const MOST_FAILURES = 20;
const DEEPEST = 4;
const KEYS = [
  '__proto__',
  'constructor',
  'prototype',
  'polluted',
  'toString',
  'hasOwnProperty',
  'mark',
  'packet',
  'kind',
];

const env = createEnv({ era: ERAS['6.1'], seed: 1 });
const SAVED = savedKernel();

function savedKernel(): object {
  const netns = new Netns({ env, devices: [{ name: 'eth0', ifindex: 2 }] });
  runScript(
    'qdisc add dev eth0 root handle 1: htb\nclass add dev eth0 parent 1: classid 1:1 htb rate 1mbit\n',
    emulated(netns),
  );
  return netns.save();
}

const DUMP = [
  {
    protocol: 'ip',
    pref: 1,
    kind: 'flow',
    chain: 0,
    options: { handle: '0x1', mode: 'map', keys: ['mark'], divisor: 4 },
  },
];
const META = [
  { packet: 1, mark: 3, conntrack: { direction: 'original', original: { src: '192.0.2.1', dst: '192.0.2.2' } } },
];

/** Every reader of JSON, by its name: what it is given when all is well, and the reader. */
const READERS: Readonly<Record<string, readonly [sound: unknown, read: (value: unknown) => unknown]>> = {
  state: [SAVED, (value) => Netns.load(value, env)],
  meta: [META, (value) => parseMetadata(Array.isArray(value) ? value : [value])],
  set: [{ mark: 1, 'vlan-offload': true }, (value) => parseValues(Object(value))],
  dump: [DUMP, (value) => check(JSON.stringify(value))],
};

/** JSON text with members of Object.prototype put anywhere in it. */
function poisoned(value: unknown, random: Random, depth = 0): string {
  const harm = (): string =>
    `${JSON.stringify(random.pick(KEYS))}:${random.oneIn(2) ? '{"polluted":1}' : '"polluted"'}`;
  if (Array.isArray(value)) return `[${value.map((item) => poisoned(item, random, depth + 1)).join(',')}]`;
  if (typeof value !== 'object' || value === null) {
    return random.oneIn(20) ? `{${harm()}}` : JSON.stringify(value ?? null);
  }
  const members = Object.entries(value).map(([key, item]) => {
    const name = random.oneIn(12) ? random.pick(KEYS) : key;
    return `${JSON.stringify(name)}:${poisoned(item, random, depth + 1)}`;
  });
  while (depth < DEEPEST && random.oneIn(2)) members.push(harm());
  return `{${members.join(',')}}`;
}

const OURS = [ArgumentError, FormatError, KernelError, UsageError];
const isOurs = (error: unknown): boolean => OURS.some((kind) => error instanceof kind);

const prototypes = (): string =>
  JSON.stringify([Object.prototype, Array.prototype, Function.prototype].map((one) => Object.getOwnPropertyNames(one)));

function fuzz(count: number, random: Random): string[] {
  const failures: string[] = [];
  const before = prototypes();
  const readers = Object.entries(READERS);
  for (let i = 0; i < count && failures.length < MOST_FAILURES; i++) {
    const [name, [sound, read]] = random.pick(readers);
    const text = poisoned(sound, random);
    try {
      read(JSON.parse(text));
    } catch (error) {
      if (!isOurs(error)) failures.push(`${name}: ${text}: ${String(error)}`);
    }
    if ('polluted' in {}) {
      failures.push(`${name}: ${text}: Object.prototype is polluted`);
      Reflect.deleteProperty(Object.prototype, 'polluted');
    }
  }
  if (prototypes() !== before) failures.push('a prototype has other members than before');
  return failures;
}

const CLI = fileURLToPath(new URL('../../../../dist/node/cli/start.cjs', import.meta.url));
const CAPTURE = fileURLToPath(new URL('../../../../examples/household.pcapng', import.meta.url));

/** The command line, where `__proto__` may not be touched: the same, and names of prototypes are no names of values. */
function commandLine(): string[] {
  const run = (flags: readonly string[], words: readonly string[]) =>
    spawnSync(
      process.execPath,
      [...flags, CLI, 'classify', CAPTURE, '--filter', 'hash keys mark', ...words, '--format', 'json'],
      {
        encoding: 'utf8',
      },
    );
  const [as, thrown] = [run([], ['--set', 'mark=1']), run(['--disable-proto=throw'], ['--set', 'mark=1'])];
  const failures =
    as.stdout === thrown.stdout && thrown.status === 0 ? [] : [`--disable-proto=throw: ${thrown.stderr}`];
  for (const key of ['__proto__.polluted']) {
    const { status, stderr } = run(['--disable-proto=throw'], ['--set', `${key}=1`]);
    if (status !== 2 || !stderr.includes('unknown name')) failures.push(`--set ${key}=1: ${status} ${stderr}`);
  }
  return failures;
}

function run({ scale, seed }: Trial): Found {
  const failures = [...fuzz(TEXTS[scale], new Random(seed)), ...commandLine()];
  const readers = Object.keys(READERS).length;
  return { figure: `${TEXTS[scale]} JSON texts for ${readers} readers, ${failures.length} failures`, failures };
}

export const R27: Row = {
  id: 'R27',
  test: 'Prototype pollution: __proto__, constructor and prototype in every JSON that is read, and in --set',
  bar: '10^5 fuzzed JSON texts: ({}).polluted === undefined; the same with --disable-proto=throw',
  inCi: true,
  run,
};

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createEnv, createPacket } from '../src/env.ts';
import { ERAS } from '../src/era.ts';
import type { Command } from './measure.ts';
import { CACHE, pathOf, type Workload } from './workload.ts';

/** One command line that is measured. */
export interface Contender extends Command {
  readonly name: string;
  /** The capture it reads. */
  readonly workload: Workload | null;
  /** What must be installed, as one says it to Debian; null: comes with us. */
  readonly needs: string | null;
  /** From what it printed, the packets and bytes of each class; null where it counts no classes. */
  readonly counts: ((output: string) => Counts) | null;
}

/** By the class's minor number. */
export type Counts = ReadonlyMap<number, string>;

const CLI = fileURLToPath(new URL('../node/cli/start.cjs', import.meta.url));
const SOURCE = fileURLToPath(new URL('../../bench/yardstick/yardstick.c', import.meta.url));
const YARDSTICK = path.join(CACHE, 'yardstick');

export const DIVISOR = 1024;
export const FIVE_KEYS = `hash keys src,dst,proto,proto-src,proto-dst divisor ${DIVISOR}`;
export const NFCT_KEYS = `hash keys proto,nfct-src,nfct-dst,nfct-proto-src,nfct-proto-dst divisor ${DIVISOR}`;
const HASHRND = '0';

/** The command line itself. */
export const clsFlow = (...args: readonly string[]): Contender => ({
  ...{ name: 'cls-flow', program: process.execPath, args: [CLI, ...args] },
  ...{ workload: null, needs: null, counts: null },
});

/** What every process of ours begins with. */
export const NODE: Contender = {
  ...{ name: 'node', program: process.execPath, args: ['-e', '0'] },
  ...{ workload: null, needs: null, counts: null },
};

/** What a run of `classify` may have besides its capture. */
export interface Classifying {
  readonly filters?: readonly string[];
  /** The bare job, if left out: neither flows nor hosts. */
  readonly flags?: readonly string[];
  readonly threads?: number;
}

export function classify(
  workload: Workload,
  { filters = [FIVE_KEYS], flags = ['--no-flows'], threads = 1 }: Classifying,
): Contender {
  const asked = filters.flatMap((filter) => ['--filter', filter, '--hashrnd', HASHRND]);
  return {
    ...clsFlow(
      'classify',
      pathOf(workload),
      ...asked,
      '--conntrack-max',
      '0',
      '--format',
      'json',
      '--threads',
      String(threads),
      ...flags,
    ),
    workload,
    counts: ourCounts,
  };
}

interface Printed {
  readonly classes: readonly { readonly classid: string; readonly packets: number; readonly bytes: number }[];
}

function ourCounts(output: string): Counts {
  const { classes } = JSON.parse(output) as Printed;
  const minor = (classid: string): number => Number.parseInt(classid.slice(classid.indexOf(':') + 1), 16);
  return new Map(classes.map(({ classid, packets, bytes }) => [minor(classid), `${packets} ${bytes}`]));
}

/** The same job in C, one thread; `ct` looks every packet's connection up. */
export function yardstick(mode: 'hash' | 'ct', workload: Workload): Contender {
  const { sk } = createPacket(createEnv({ era: ERAS['6.1'], seed: 0 }));
  return {
    ...{ name: 'yardstick', program: YARDSTICK, needs: 'gcc libc6-dev' },
    args: [mode, pathOf(workload), HASHRND, String(sk >>> 0), String(DIVISOR)],
    workload,
    counts: yardstickCounts,
  };
}

/** Class 1:1 is the first bucket, as the kernel's default base class has it. */
function yardstickCounts(output: string): Counts {
  const { classes } = JSON.parse(output) as { classes: readonly (readonly [packets: number, bytes: number])[] };
  const met = classes.map(([packets, bytes], bucket) => [bucket + 1, `${packets} ${bytes}`, packets] as const);
  return new Map(met.filter(([, , packets]) => packets > 0).map(([minor, counts]) => [minor, counts]));
}

/** A filter that matches nothing: what it costs to look at every packet and no more. */
export const tcpdump = (workload: Workload): Contender => ({
  ...{ name: 'tcpdump', program: 'tcpdump', needs: 'tcpdump', workload, counts: null },
  args: ['-nr', pathOf(workload), '-w', '/dev/null', 'ip[16:4]=1'],
});

export const tshark = (workload: Workload): Contender => ({
  ...{ name: 'tshark', program: 'tshark', needs: 'tshark', workload, counts: null },
  args: ['-nqr', pathOf(workload), '-z', 'io,phs'],
});

/** Why a contender cannot run here, with the line that mends it; null: it can. */
export function absence({ name, program, needs }: Contender): string | null {
  if (needs === null) return null;
  const present = program === YARDSTICK ? buildYardstick() : versionOf(program) !== null;
  return present ? null : `${name}: apt install ${needs}`;
}

/** Compiles the yardstick unless that was done since its source changed; false: there is no C compiler. */
function buildYardstick(): boolean {
  if (existsSync(YARDSTICK) && statSync(YARDSTICK).mtimeMs > statSync(SOURCE).mtimeMs) return true;
  if (versionOf('cc') === null) return false;
  mkdirSync(CACHE, { recursive: true });
  execFileSync('cc', ['-O3', '-march=native', '-o', `${YARDSTICK}.new`, SOURCE], { stdio: 'inherit' });
  renameSync(`${YARDSTICK}.new`, YARDSTICK);
  return true;
}

/** The first line that a program prints about itself; null: it is not installed. */
export function versionOf(program: string): string | null {
  const { error, stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  return error === undefined ? (stdout.split('\n')[0] ?? '') : null;
}

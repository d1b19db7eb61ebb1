import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { CACHE, ROOT } from '../root.ts';
import { PLANTED, type PlantedError } from './planted.ts';

const USAGE = `npm run kernel:plant -- [--kernel NAME] [N…]
Plants deliberate errors (all, or those with the numbers given) in a copy of the build, one at a time, and looks whether
the differential test finds each.`;

const SECONDS = 120;
const COPY = path.join(CACHE, 'planted');
/** One question of each kind is enough, or the error is too well hidden. */
const RUN = ['--pairs', '1', '--messages', '1', '--tell', '0', '--seed', '1'];

function main(): number {
  const { values, positionals } = parseArgs({
    options: { kernel: { type: 'string', default: '6.1.192' } },
    allowPositionals: true,
  });
  const { kernel } = values;
  const chosen = positionals.map(Number);
  if (chosen.some((number) => PLANTED[number - 1] === undefined)) {
    console.log(USAGE);
    return 2;
  }
  process.on('exit', () => rmSync(COPY, { recursive: true, force: true }));
  copy();
  const { differ: without, said } = differences(kernel);
  if (without < 0) {
    console.log(`the run without an error did not end: ${said}`);
    return 1;
  }
  console.log(`without an error: ${without} differ`);
  const missed = PLANTED.filter(
    (error, i) => (chosen.length === 0 || chosen.includes(i + 1)) && !found(error, i + 1, without, kernel),
  );
  return missed.length === 0 ? 0 : 1;
}

/** Whether the run with this error has more differences than the one without. */
function found(error: PlantedError, number: number, without: number, kernel: string): boolean {
  copy();
  plant(error);
  const { differ, seconds, said } = differences(kernel);
  const caught = differ > without;
  console.log(`${number}. ${error.name}: ${caught ? `found in ${seconds} s, ${differ} differ` : `NOT FOUND: ${said}`}`);
  return caught;
}

function copy(): void {
  rmSync(COPY, { recursive: true, force: true });
  cpSync(path.join(ROOT, 'dist'), COPY, { recursive: true });
}

function differences(kernel: string): { differ: number; seconds: string; said: string } {
  const start = performance.now();
  const run = spawnSync(process.execPath, [path.join(COPY, 'test/kernel/diff/main.js'), '--kernel', kernel, ...RUN], {
    encoding: 'utf8',
    timeout: SECONDS * 1000,
  });
  const differ = /(\d+) differ/.exec(run.stdout)?.[1];
  const said = `${run.stdout}${run.stderr}`;
  return { differ: Number(differ ?? -1), seconds: ((performance.now() - start) / 1000).toFixed(1), said };
}

function plant({ file, from, to }: PlantedError): void {
  const target = path.join(COPY, file);
  const parts = existsSync(target) ? readFileSync(target, 'utf8').split(from) : [];
  if (parts.length !== 2)
    throw new Error(`${file} has ${parts.length - 1} times ${from}: the planted error no longer fits`);
  writeFileSync(target, parts.join(to));
}

process.exitCode = main();

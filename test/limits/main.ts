import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { OWN_CAPTURES } from '../fuzz/corpus.ts';
import { makeBroken } from './broken.ts';
import { checkCommands } from './commands.ts';
import { checkGrowth } from './growth.ts';
import { Comparison } from './reference.ts';
import { type Outcome, walk } from './walk.ts';

/**
 * `npm run limits [-- DIR]`: every file ends in a result or a typed error, in five times a second per MiB at most:
 * our own captures, files made to be slow or broken, and all files of DIR. Where DIR/reference holds TShark's reading
 * of them, plain TCP and UDP packets are compared with it. Every tc command line of 1 MiB ends in five times 100 ms.
 * Scripts and tables twice and four times as long take about twice and four times as much processor time.
 */
const SECONDS_PER_MIB = 1;
const ALLOWANCE = 5;
const MIB = 1 << 20;
const NO_CAPTURES = /(\.json|\.md)$/;
const REFERENCE = 'reference';

interface Totals {
  files: number;
  failed: number;
  slowest: number;
  compared: number;
  differ: number;
  readonly ends: Map<string, number>;
  readonly exceptions: Map<string, string[]>;
}

async function check(file: string, name: string, reference: string | null, totals: Totals): Promise<void> {
  const comparison = reference === null ? null : new Comparison(reference);
  totals.files++;
  let outcome: Outcome;
  try {
    outcome = await walk(file, (run, keys) => comparison?.next(run, keys));
  } catch (error) {
    totals.failed++;
    console.log(`${name}: ${error instanceof Error ? error.stack : String(error)}`);
    return;
  }
  const perMib = outcome.seconds / Math.max(1, outcome.bytes / MIB);
  totals.slowest = Math.max(totals.slowest, perMib);
  const kind = /^\w+/.exec(outcome.end)?.[0] ?? '';
  totals.ends.set(kind, (totals.ends.get(kind) ?? 0) + 1);
  if (kind !== 'result') console.log(`${name}: ${outcome.frames} frames, ${outcome.end}`);
  if (perMib > SECONDS_PER_MIB * ALLOWANCE) {
    totals.failed++;
    console.log(`${name}: ${perMib.toFixed(2)} s per MiB, expected at most ${SECONDS_PER_MIB * ALLOWANCE}`);
  }
  if (comparison !== null) report(name, comparison, totals);
}

function report(name: string, comparison: Comparison, totals: Totals): void {
  totals.compared += comparison.compared;
  totals.differ += comparison.differences.length;
  for (const line of comparison.differences.slice(0, 5)) console.log(`${name}: ${line}`);
  for (const [reason, count] of comparison.exceptions) {
    const list = totals.exceptions.get(reason) ?? [];
    list.push(`${name} (${count})`);
    totals.exceptions.set(reason, list);
  }
}

function filesUnder(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !NO_CAPTURES.test(entry.name))
    .map((entry) => path.relative(directory, path.join(entry.parentPath, entry.name)))
    .filter((name) => name.split(path.sep)[0] !== REFERENCE)
    .sort();
}

async function main(): Promise<number> {
  const totals: Totals = {
    files: 0,
    failed: 0,
    slowest: 0,
    compared: 0,
    differ: 0,
    ends: new Map(),
    exceptions: new Map(),
  };
  const root = fileURLToPath(new URL('../../../', import.meta.url));
  for (const own of OWN_CAPTURES) await check(path.join(root, own), own, null, totals);
  const scratch = mkdtempSync(path.join(tmpdir(), 'cls-flow-limits-'));
  try {
    for (const file of makeBroken(scratch)) await check(file, path.basename(file), null, totals);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  const directory = process.argv[2];
  for (const name of directory === undefined ? [] : filesUnder(directory)) {
    const reference = path.join(directory ?? '', REFERENCE, `${name}.jsonl.gz`);
    await check(path.join(directory ?? '', name), name, existsSync(reference) ? reference : null, totals);
  }
  for (const [reason, list] of totals.exceptions) console.log(`exception: ${reason}: ${list.join(', ')}`);
  if (totals.compared > 0) console.log(`reference: ${totals.compared} packets agree, ${totals.differ} differ`);
  const ends = [...totals.ends].map(([end, count]) => `${count} ${end}`).join(', ');
  console.log(
    `limits: ${totals.files} files (${ends}), ${totals.failed} failed, slowest ${totals.slowest.toFixed(3)} s per MiB`,
  );
  const commands = checkCommands(console.log);
  console.log(
    `limits: ${commands.lines} command lines of 1 MiB, ${commands.failed} failed, slowest ${commands.slowest}`,
  );
  const growth = checkGrowth(console.log);
  console.log(`limits: ${growth.texts} texts that grow, ${growth.failed} failed, most ${growth.most}`);
  const failed = totals.failed + totals.differ + commands.failed + growth.failed;
  return failed === 0 ? 0 : 1;
}

process.exitCode = await main();

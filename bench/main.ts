import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeAtomically } from '../node/files.ts';
import type { Measurement } from './plain.ts';
import { SMALL, writeWorkload } from './workload.ts';

/**
 * `npm run bench [-- CAPTURE]`: the plain engine over a workload of our own making, or over a capture, each time in a
 * process of its own. Exit 1 if it takes more memory than promised. Our own workload's figures go to bench/RESULTS.md.
 */
const MEMORY_MB = 100;
const TURNS = 5;
const CASES = ['no-flows', 'flows'] as const;
const COLUMNS = ['case', 'packets/s', 'CPU s', 'peak MB', 'classes'];

const PLAIN = fileURLToPath(new URL('./plain.js', import.meta.url));
const RESULTS = fileURLToPath(new URL('../../bench/RESULTS.md', import.meta.url));

function measure(file: string, flows: string): Measurement {
  return JSON.parse(execFileSync(process.execPath, [PLAIN, file, flows], { encoding: 'utf8' }));
}

/** The middle one by CPU time of several turns. */
function median(turns: readonly Measurement[]): Measurement {
  const sorted = [...turns].sort((a, b) => a.cpuSeconds - b.cpuSeconds);
  const middle = sorted[sorted.length >> 1];
  if (middle === undefined) throw new RangeError('nothing measured');
  return middle;
}

function table(rows: readonly (readonly string[])[]): string {
  return rows.map((row) => `| ${row.join(' | ')} |`).join('\n');
}

function machine(): string {
  const all = cpus();
  const maker = /intel|amd|apple|arm/i.exec(all[0]?.model ?? '')?.[0] ?? 'unknown';
  return `${process.platform} ${process.arch}, ${all.length} cores (${maker}), Node ${process.versions.node}`;
}

async function main(): Promise<number> {
  const given = process.argv[2];
  const scratch = mkdtempSync(path.join(tmpdir(), 'cls-flow-bench-'));
  try {
    const file = given ?? path.join(scratch, 'small.pcap');
    if (given === undefined) await writeAtomically(file, (sink) => writeWorkload(SMALL, sink));
    const turns = CASES.map((): Measurement[] => []);
    // In turn, so that a busy moment of the machine falls on both.
    for (let turn = 0; turn < TURNS; turn++) {
      for (const [index, flows] of CASES.entries()) turns[index]?.push(measure(file, flows));
    }
    const results = turns.map(median);
    const rows = results.map(({ packets, classes, seconds, cpuSeconds, peakMb }, index) => [
      ...[CASES[index] ?? '', String(Math.round(packets / seconds)), cpuSeconds.toFixed(2)],
      ...[peakMb.toFixed(0), String(classes)],
    ]);
    const lines = table([COLUMNS, COLUMNS.map(() => '---'), ...rows]);
    const title = `${given === undefined ? SMALL.name : path.basename(file)}, plain engine, ${machine()}`;
    console.log(`${title}\n\n${lines}`);
    if (given === undefined) writeFileSync(RESULTS, document(title, lines));
    return results.every(({ peakMb }) => peakMb < MEMORY_MB) ? 0 : 1;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function document(title: string, lines: string): string {
  const date = new Date().toISOString().slice(0, 10);
  return `# Bench

Written by \`npm run bench\`, ${date}. Medians of ${TURNS} processes; CPU seconds are the whole process, start included;
packets/s leaves the start out. \`flows\` counts distinct flows and hosts per class as well.

${title}

${lines}

Memory must stay below ${MEMORY_MB} MB.
`;
}

process.exitCode = await main();

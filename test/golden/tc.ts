import { runTc } from '../../src/command/index.ts';
import { createEnv } from '../../src/env.ts';
import type { Era } from '../../src/era.ts';
import type { Netns } from '../../src/kernel/index.ts';
import { shellWords } from '../../src/lang/index.ts';
import { readEra, readLines } from './records.ts';
import { emptyReport, type Report, record, skip } from './report.ts';
import { namespaceAfter, transportOf } from './setup.ts';

interface RecordedStep {
  readonly command?: string;
  readonly batch?: readonly string[];
  readonly raw?: string;
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly replies?: readonly string[];
  readonly volatile?: boolean;
}

interface Case {
  readonly id: string;
  readonly setup: readonly string[];
  readonly steps: readonly RecordedStep[];
  readonly userNamespace?: boolean;
}

/** errors/ and show/: what tc printed and exited with, step by step; raw datagrams and their answers. */
export function checkTc(directory: string): Report {
  const report = emptyReport();
  const era = readEra(directory);
  for (const one of readLines<Case>(directory, 'cases.jsonl')) checkCase(one, era, report);
  return report;
}

function checkCase(one: Case, era: Era, report: Report): void {
  const clock = { now: 0 };
  const env = createEnv({ era, seed: 0, clock });
  const netns = namespaceAfter(one.setup, { env, userNamespace: one.userNamespace ?? false });
  for (const step of one.steps) {
    // Some time passes between commands, as run times of 0 are not shown.
    clock.now += 1e9;
    const id = `${one.id} ${step.raw === undefined ? step.command : `raw ${step.raw}`}`;
    const differences = step.raw === undefined ? checkCommand(netns, step) : checkRaw(netns, step.raw, step);
    if (step.volatile) skip(report, 'volatile: differed between two boots');
    else record(report, id, differences);
  }
}

function run(netns: Netns, step: Pick<RecordedStep, 'command' | 'batch'>) {
  const transport = transportOf(netns);
  const args = shellWords(step.command ?? '').slice(1);
  return runTc(args, { transport, readBatch: () => `${(step.batch ?? []).join('\n')}\n`, oldJson: true });
}

function checkCommand(netns: Netns, step: RecordedStep): string[] {
  const ours = run(netns, step);
  const differences: string[] = [];
  if (ours.exit !== step.exit) differences.push(`exit ${ours.exit}, tc ${step.exit}`);
  compare('stdout', beforeUsage(ours.stdout), beforeUsage(step.stdout), differences);
  compare('stderr', beforeUsage(ours.stderr), beforeUsage(step.stderr), differences);
  return differences;
}

function compare(what: string, ours: string, theirs: string, differences: string[]): void {
  const [a, b] = [masked(ours), masked(theirs)];
  if (a !== b) differences.push(`${what} ${JSON.stringify(a)}, tc ${JSON.stringify(b)}`);
}

/** Usage blocks are our own words: only what stands before them is compared. */
function beforeUsage(text: string): string {
  const at = text.search(/^Usage:/m);
  return at < 0 ? text : text.slice(0, at).trimEnd();
}

/** Run times, in text and in JSON. */
function masked(text: string): string {
  return text
    .replace(/(installed|used|firstused|expires) \d+ sec/g, '$1 N sec')
    .replace(/"(installed|last_used|first_used|expires)":( ?)\d+/g, '"$1":$2N');
}

function checkRaw(netns: Netns, raw: string, step: RecordedStep): string[] {
  const theirs = step.replies ?? [];
  const port = Buffer.from(theirs[0] ?? '', 'hex').subarray(12, 16);
  const replies = netns
    .request(Buffer.from(raw, 'hex'), port.length < 4 ? 0 : port.readUInt32LE())
    .map((reply) => Buffer.from(reply).toString('hex'));
  if (replies.join(' ') === theirs.join(' ')) return [];
  return [`replies ${replies.join(' ') || 'none'}, kernel ${theirs.join(' ') || 'none'}`];
}

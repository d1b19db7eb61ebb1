import {
  commandsOf,
  differencesOf,
  differing,
  type PlanText,
  QuestionError,
  simulateQuestion,
} from '../../src/api/index.ts';
import { runTc, type Transport } from '../../src/command/index.ts';
import { createEnv } from '../../src/env.ts';
import { ERAS } from '../../src/era.ts';
import { Netns, type SavedNetns } from '../../src/kernel/index.ts';
import { counted, escapeText, shellQuoted } from '../../src/lang/index.ts';
import { type Diff, diffSetups, type Plan, planScript, readSetup } from '../../src/study/index.ts';
import { explainRefusal, type LiveKernel } from '../kernel.ts';
import { openKernel } from '../socket.ts';
import type { DiffFlags } from './commands/diff.ts';
import { CommandLineError } from './errors.ts';
import { limitsOf } from './limits.ts';
import { readCommands } from './named-file.ts';
import { say } from './output.ts';
import { Output } from './result.ts';
import { shellOf, shellQuestion } from './script-files.ts';
import { nameOfSetUp, setUpOf } from './set-up.ts';

const EQUAL = 0;
const DIFFERENT = 1;
const CANNOT = 2;

/** What became of `--apply`. */
interface Applied {
  /** Commands that the kernel obeyed. */
  readonly done: number;
  /** What it said of the one after them; null: there was none. */
  readonly refused: string | null;
}

/** `cls-flow diff SCRIPT --live DEV`, `--with FILE`, `--state FILE`; returns what the process exits with. */
export async function diff(script: string, flags: DiffFlags): Promise<number> {
  const { live, state, with: other, dev, apply } = flags;
  const given = [live, state, other].filter((value) => value !== undefined).length;
  if (given !== 1) throw new CommandLineError('diff: give one of --live, --with and --state');
  if (live !== undefined && dev !== undefined) throw new CommandLineError('--dev: --live names the device');
  if (live === undefined && apply) throw new CommandLineError('--apply: goes with --live only');
  const plan = await planOf(script, readCommands(script, limitsOf(flags), CommandLineError), flags);
  if (live === undefined) return diffKept(script, plan, flags);
  const kernel = openKernel();
  try {
    return diffLive({ script, ...plan, device: live }, kernel, flags);
  } finally {
    kernel.close();
  }
}

/** The commands of a script; a shell script is simulated with what the flags give. */
async function planOf(script: string, text: string, flags: DiffFlags): Promise<PlanText> {
  const { live } = flags;
  const limits = limitsOf(flags);
  const asked = { script: text, ...shellQuestion(flags, limits), ...(live === undefined ? {} : { dev: live }) };
  const simulated = await simulateQuestion(asked, shellOf(script, limits));
  if (simulated === null) return { text, commands: text };
  const unread = simulated.unchecked.map(({ place: { line }, why }) => ({ line, why }));
  return { text, commands: { ...commandsOf(simulated), unexpanded: [], unread } };
}

/** What is installed was written down or kept; nothing is asked. */
async function diffKept(script: string, plan: PlanText, flags: DiffFlags): Promise<number> {
  const { with: other, state, dev } = flags;
  const { script: text, state: saved } = setUpOf({ ...flags, live: undefined, script: other });
  const installed =
    text === undefined || other === undefined
      ? { state: saved as SavedNetns }
      : { script: await planOf(other, text, flags) };
  const report = comparing({ script, dump: nameOfSetUp({ script: other, state }) }, () =>
    differing(plan, installed, dev),
  );
  print(flags, report, () => diffText(report.device, { ...report, equal: report.same }, null, false));
  return report.equal ? EQUAL : DIFFERENT;
}

/** What is wrong with the plan or the dump is told with its file. */
function comparing<T>({ script, dump }: { readonly script: string; readonly dump: string }, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof QuestionError)) throw error;
    const { field, problem } = error;
    if (field === 'device') throw new CommandLineError(`--dev: ${problem}`);
    throw new CommandLineError(`${field === 'plan' ? script : dump}: ${problem}`);
  }
}

/** A plan, and the device that it is for. */
interface Planned extends PlanText {
  readonly script: string;
  readonly device: string;
}

function diffLive({ script, text, commands, device }: Planned, kernel: LiveKernel, flags: DiffFlags): number {
  if (kernel.device(device) === null) throw new CommandLineError(`--live ${device}: this machine has no such device`);
  const ask = (): { readonly plan: Plan; readonly found: Diff } => {
    const installed = readSetup(kernel, kernel.links.index(device));
    const plan = planScript(commands, () => emulated(kernel), device, installed);
    return { plan, found: diffSetups(plan, installed, device) };
  };
  const { plan, found } = ask();
  if (!isWhole(script, plan)) return CANNOT;
  if (plan.shared) say('cls-flow: note: shared blocks and their filters are not compared');
  if (flags.apply !== true || found.differences.length === 0) {
    show(device, found, null, flags, text);
    return found.differences.length === 0 ? EQUAL : DIFFERENT;
  }
  const applied = apply(found.commands, kernel);
  const after = ask().found;
  show(device, found, { applied, after }, flags, text);
  if (applied.refused !== null) return CANNOT;
  return after.differences.length === 0 ? EQUAL : DIFFERENT;
}

/** A script of which a part cannot be foreseen has no plan; says why. */
function isWhole(script: string, { failed, commands }: Plan): boolean {
  for (const { line, says } of failed) say(`cls-flow: ${escapeText(script)}:${line}: ${escapeText(says)}`);
  if (commands === 0) say(`cls-flow: ${escapeText(script)}: no tc command in it`);
  return failed.length === 0 && commands > 0;
}

/** A fresh kernel whose devices are those that the running one has, as far as anybody names them. */
function emulated(kernel: LiveKernel): Transport {
  const netns = new Netns({ env: createEnv({ era: ERAS['6.1'], seed: 0 }), devices: [] });
  const index = (name: string): number => {
    if (netns.links.index(name) === 0) {
      const device = kernel.device(name);
      if (device !== null) netns.addDevice(device);
    }
    return netns.links.index(name);
  };
  return {
    request: (datagram) => netns.request(datagram),
    links: { index, name: (number) => kernel.links.name(number) },
  };
}

function apply(commands: Diff['commands'], kernel: LiveKernel): Applied {
  for (const [done, words] of commands.entries()) {
    const { exit, stderr } = runTc(words, { transport: kernel, modelledOnly: true });
    if (exit === 0) continue;
    const why = kernel.refusal === null ? null : explainRefusal(kernel.refusal);
    return { done, refused: `${shellLine(words)}: ${why ?? stderr.split('\n')[0] ?? ''}` };
  }
  return { done: commands.length, refused: null };
}

/** What was done with --apply, and what it came to. */
export interface After {
  readonly applied: Applied;
  /** What was found when it was read back. */
  readonly after: Diff;
}

function show(device: string, found: Diff, after: After | null, flags: DiffFlags, plan: string): void {
  print(flags, reportOf(device, found, after, plan), () => diffText(device, found, after));
}

function print({ format }: DiffFlags, report: object, asText: () => string): void {
  const output = new Output();
  output.write(format === 'json' ? `${JSON.stringify(report, null, 2)}\n` : asText());
  output.flush();
}

/** What `--format json` prints: docs/schema/diff.schema.json. */
export function reportOf(device: string, found: Diff, after: After | null, plan: string): object {
  const report = differencesOf(device, found, plan);
  if (after === null) return report;
  const left = after.after.differences;
  return { ...report, applied: { ...after.applied, equal: left.length === 0, differences: left } };
}

function diffText(device: string, found: Diff, after: After | null, canApply = true): string {
  const lines = [`${escapeText(device)}: ${counts(found)}`, ...differenceLines(found)];
  if (after === null) {
    if (found.commands.length > 0)
      lines.push(`to make them equal${canApply ? ' (or --apply)' : ''}:`, ...found.commands.map(shellLine));
  } else {
    const { done, refused } = after.applied;
    lines.push(`applied: ${done} of ${counted(found.commands.length, 'command')}`);
    if (refused !== null) lines.push(`refused: ${escapeText(refused)}`);
    lines.push(`read back: ${counts(after.after)}`, ...differenceLines(after.after));
  }
  return `${lines.join('\n')}\n`;
}

function counts({ differences, equal }: Diff): string {
  if (differences.length === 0) return `as planned (${equal} qdiscs, classes and filters)`;
  return `${differences.length} differ, ${equal} as planned`;
}

function differenceLines({ differences }: Diff): string[] {
  return differences.flatMap(({ planned, installed }) => [
    ...(installed === null ? [] : [`- ${escapeText(installed)}`]),
    ...(planned === null ? [] : [`+ ${escapeText(planned)}`]),
  ]);
}

/** A command as a shell takes it. */
function shellLine(words: readonly string[]): string {
  return ['tc', ...words.map((word) => shellQuoted(escapeText(word)))].join(' ');
}

import {
  buildsNothing,
  commandsIn,
  emulated,
  type ScriptCommands,
  setUpScript,
  type Transport,
} from '../command/index.ts';
import type { EraName } from '../era.ts';
import { Netns, type SavedNetns } from '../kernel/index.ts';
import { type Diff, diffSetups, planScript, readSetup } from '../study/index.ts';
import { digestOfText, type InputDigest } from './digest.ts';
import { text } from './question.ts';
import { inField, QuestionError } from './question-error.ts';
import { type CallRecord, recordOf } from './record.ts';
import { environment, readState } from './state.ts';

/** What `diff` returns, and what `cls-flow diff --format json` prints: docs/schema/diff.schema.json. */
export interface Differences {
  readonly schema: 1;
  readonly device: string;
  readonly equal: boolean;
  /** Things that are as planned. */
  readonly same: number;
  readonly differences: Diff['differences'];
  /** tc commands that make them equal, each as words. */
  readonly commands: Diff['commands'];
  readonly record: CallRecord;
}

/**
 * What a script plans for a device, and what a kernel has there.
 *
 * @param plan a tc batch file, a shell script's literal tc lines, or what `tc … show` printed
 * @param dump the kernel: the state of an earlier `tc()`, or the text of what `tc -j … show` or `tc … show` printed
 * @param device the device that is compared. Default: the only one that the plan names
 * @returns what differs, each as tc would list it, and the tc commands (as words) that make the device as planned
 * @throws QuestionError where the plan, the dump or the device is wrong
 * @example
 * const { state } = tc('qdisc add dev eth0 root handle 1: htb\n');
 * const { equal } = diff('qdisc add dev eth0 root handle 1: htb default 10\n', state, 'eth0');
 */
export function diff(plan: string, dump: SavedNetns | string, device?: string): Differences {
  const script = text(plan, 'plan');
  const installed = typeof dump === 'string' ? { script: { text: dump, commands: dump } } : { state: dump };
  return differing({ text: script, commands: script }, installed, device);
}

/** A script's text, and what is run of it: of a shell script that was simulated, the commands that it gave. */
export interface PlanText {
  readonly text: string;
  readonly commands: ScriptCommands;
}

/** What a kernel has: what made it, or as it was kept. */
export type InstalledText = { readonly script: PlanText } | { readonly state: SavedNetns };

/** The same of scripts that may come from simulated runs. */
export function differing({ text: script, commands }: PlanText, dump: InstalledText, device?: string): Differences {
  const name = device === undefined ? deviceIn(commands) : text(device, 'device');
  const { netns, era, content } = kernelOf(dump, name);
  const ifindex = netns.links.index(name);
  if (ifindex === 0) throw new QuestionError('device', `the dump has no device ${name}`);
  const installed = readSetup(emulated(netns), ifindex);
  const empty = (): Transport => {
    const devices = netns.devices.map(({ spec }) => spec);
    return emulated(new Netns({ env: environment(era), devices }));
  };
  const planned = inField('plan', () => planScript(commands, empty, name, installed));
  const [failed] = planned.failed;
  if (failed !== undefined) throw new QuestionError('plan', `line ${failed.line}: ${failed.says}`);
  if (planned.commands === 0) throw new QuestionError('plan', 'no tc command in it');
  return differencesOf(name, diffSetups(planned, installed, name), script, [digestOfText('dump', content)]);
}

/** The only device that a plan names. */
function deviceIn(plan: ScriptCommands): string {
  const names = new Set<string>();
  for (const { words } of inField('plan', () => commandsIn(plan)).commands) {
    const at = words.indexOf('dev');
    const name = words[at + 1];
    if (at >= 0 && name !== undefined) names.add(name);
  }
  const [name] = names;
  if (name !== undefined && names.size === 1) return name;
  const choice = names.size === 0 ? 'the plan names none' : `the plan names ${[...names].join(', ')}`;
  throw new QuestionError('device', `which device? ${choice}`);
}

/** A kernel to compare with. */
interface Installed {
  readonly netns: Netns;
  readonly era: EraName;
  /** What it was made of. */
  readonly content: string;
}

function kernelOf(dump: InstalledText, device: string): Installed {
  if ('state' in dump) {
    const { saved, env } = readState(dump.state, 'dump');
    return { netns: Netns.load(saved, env), era: saved.era, content: JSON.stringify(saved) };
  }
  const { text: content, commands } = dump.script;
  const fresh = (): Netns => new Netns({ env: environment(ERA), devices: [{ name: 'lo', ifindex: 1 }] });
  const { netns, answers, unread, unexpanded } = inField('dump', () =>
    setUpScript(commands, fresh, {}, { nameless: device }),
  );
  const failed = answers.find(({ exit, words, mayFail }) => exit !== 0 && mayFail !== true && !buildsNothing(words));
  const [lost = failed && { line: failed.line, why: failed.stderr.split('\n')[0] }] = unread;
  if (lost !== undefined) throw new QuestionError('dump', `line ${lost.line}: ${lost.why}`);
  const [open] = unexpanded;
  if (open !== undefined) throw new QuestionError('dump', `line ${open}: a variable, which is not expanded`);
  if (answers.length === 0) throw new QuestionError('dump', 'nothing that tc lists is in it');
  return { netns, era: ERA, content };
}

/** Whose rules a listing is made again by. */
const ERA = '6.1';

/** The JSON of what was found. */
export function differencesOf(
  device: string,
  { differences, equal, commands }: Diff,
  plan: string,
  inputs: readonly InputDigest[] = [],
): Differences {
  const found = { equal: differences.length === 0, same: equal, differences, commands };
  return {
    schema: 1,
    device,
    ...found,
    record: recordOf('diff', { dev: device }, [digestOfText('plan', plan), ...inputs]),
  };
}

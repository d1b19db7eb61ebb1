import { emulated, type Transport } from '../command/index.ts';
import { Netns, type SavedNetns } from '../kernel/index.ts';
import { type Diff, diffSetups, planScript, readSetup } from '../study/index.ts';
import { digestOfText, type InputDigest } from './digest.ts';
import { text } from './question.ts';
import { QuestionError } from './question-error.ts';
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
 * @param plan a tc batch file, or a shell script's literal tc lines
 * @param dump the kernel: the state of an earlier `tc()`
 * @param device the device that is compared
 * @returns what differs, each as tc would list it, and the tc commands (as words) that make the device as planned
 * @throws QuestionError where the plan, the dump or the device is wrong
 * @example
 * const { state } = tc('qdisc add dev eth0 root handle 1: htb\n');
 * const { equal } = diff('qdisc add dev eth0 root handle 1: htb default 10\n', state, 'eth0');
 */
export function diff(plan: string, dump: SavedNetns, device: string): Differences {
  const script = text(plan, 'plan');
  const { saved, env } = readState(dump, 'dump');
  const netns = Netns.load(saved, env);
  const ifindex = netns.links.index(text(device, 'device'));
  if (ifindex === 0) throw new QuestionError('device', 'the dump has no such device');
  const installed = readSetup(emulated(netns), ifindex);
  const empty = (): Transport => {
    const devices = netns.devices.map(({ spec }) => spec);
    return emulated(new Netns({ env: environment(saved.era), devices }));
  };
  const planned = planScript(script, empty, device, installed);
  const [failed] = planned.failed;
  if (failed !== undefined) throw new QuestionError('plan', `line ${failed.line}: ${failed.says}`);
  if (planned.commands === 0) throw new QuestionError('plan', 'no tc command in it');
  return differencesOf(device, diffSetups(planned, installed, device), script, [
    digestOfText('dump', JSON.stringify(saved)),
  ]);
}

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

import { buildsNothing, makeDevice, type ScriptAnswer, setUpScript } from '../../src/command/index.ts';
import type { Env } from '../../src/env.ts';
import { type FilterName, Netns, type PlanNode } from '../../src/kernel/index.ts';
import { counted, escapeText, getClassid } from '../../src/lang/index.ts';
import type { Around, Asked } from '../../src/plan.ts';
import { classidText } from '../../src/u32.ts';
import { caretInValue } from './caret.ts';
import type { WalkFlags } from './commands/walk.ts';
import { CommandLineError, FailedError } from './errors.ts';
import { limitsOf } from './limits.ts';
import { readCommands } from './named-file.ts';
import { txQueuesOf } from './numbers.ts';
import { say } from './output.ts';

/** Commands told of in full; the rest is counted. */
const TOLD = 5;

/** Runs a script's tc commands in a kernel of its own; what failed and what was left out is told on standard error. */
export function readScript(
  file: string,
  flags: WalkFlags,
  around: Around & { readonly env: Env },
  seeds: readonly number[],
): Asked {
  if (flags.filter !== undefined) throw new CommandLineError('--filter and --script: give one of them');
  const txQueues = txQueuesOf(flags);
  const fresh = (): Netns => {
    const netns = new Netns({ ...around, devices: [{ name: 'lo', ifindex: 1 }], hashrnd: inOrder(seeds) });
    if (flags.dev !== undefined) makeDevice(netns, { name: flags.dev, txQueues });
    return netns;
  };
  const { netns, answers, standing, unexpanded, others } = setUpScript(readCommands(file, limitsOf(flags)), fresh, {
    txQueues,
  });
  // Scripts begin by deleting what may not be there.
  const failed = answers.filter(({ exit, words }) => exit !== 0 && !buildsNothing(words));
  for (const { line, stderr } of failed.slice(0, TOLD)) {
    const [sentence = ''] = stderr.split('\n');
    say(`${escapeText(file)}:${line}: ${escapeText(sentence)}`);
  }
  if (failed.length > TOLD) say(`${escapeText(file)}: ${counted(failed.length - TOLD, 'more command')} failed`);
  noteNotModelled(file, answers);
  if (unexpanded.length > 0) {
    say(
      `${escapeText(file)}: ${counted(unexpanded.length, 'tc line')} with variables left out, the first is line ${unexpanded[0]}`,
    );
  }
  if (answers.length === 0) throw new FailedError(`${file}: no tc command in ${counted(others, 'line')}`);
  sayAssumed(file, standing);
  const place = placeOf(netns, flags);
  if (!netns.has(place)) say(`note: ${escapeText(file)} ${nothingThere(netns, place)}`);
  return { netns, place, assumed: standing };
}

/** What the script says and nothing here models: results do not show what it does. */
function noteNotModelled(file: string, answers: readonly ScriptAnswer[]): void {
  const notes = answers.flatMap(({ line, notModelled }) => notModelled.map(({ why }) => `${line}: note: ${why}`));
  for (const note of notes.slice(0, TOLD)) say(`${escapeText(file)}:${escapeText(note)}`);
  if (notes.length > TOLD) say(`${escapeText(file)}: ${counted(notes.length - TOLD, 'more note')} like these`);
}

/** What another program must have made: the results rest on it. */
function sayAssumed(file: string, assumed: readonly string[]): void {
  if (assumed.length === 0) return;
  say(`${escapeText(file)}: it builds on what it does not make; assumed (and so are the results):`);
  for (const line of assumed) say(`  tc ${escapeText(line)}`);
}

/** `--hashrnd` in the order in which the filters are made; a filter that is named again keeps its own. */
function inOrder(seeds: readonly number[]): (filter: FilterName) => number | undefined {
  const known = new Map<string, number | undefined>();
  return ({ parent, chain, pref, handle }) => {
    const name = `${parent} ${chain} ${pref} ${handle}`;
    if (!known.has(name)) known.set(name, seeds[known.size]);
    return known.get(name);
  };
}

function placeOf(netns: Netns, flags: WalkFlags): Asked['place'] {
  const parent = flags.parent === undefined ? undefined : getClassid(flags.parent);
  if (flags.parent !== undefined && parent === undefined) {
    throw new CommandLineError(
      `--parent ${flags.parent}: a class id like 1: or 1:10 expected`,
      caretInValue('--parent', flags.parent, -1),
    );
  }
  return { dev: flags.dev ?? onlyDevice(netns), hook: flags.at, ...(parent === undefined ? {} : { parent }) };
}

/** The script puts nothing where packets are to go; where it puts something. */
function nothingThere(netns: Netns, { dev, hook, parent }: Asked['place']): string {
  const name = escapeText(dev);
  const at = { egress: '', ingress: ' at ingress', 'clsact-egress': " at clsact's egress" }[hook];
  const device = netns.plan.devices.find((device) => device.name === dev);
  if (parent !== undefined && device !== undefined) {
    const lists = [...listsOf(device.ingress), ...listsOf(device.root)];
    return `has no ${classidText(parent)} on ${name} that filters can be attached to, but ${orNone(lists)}`;
  }
  const other = hook === 'ingress' ? 'egress' : 'ingress';
  if (hook !== 'clsact-egress' && netns.has({ dev, hook: other }))
    return `puts nothing on ${name}${at || ' at egress'}, only at ${other}`;
  const names = netns.devices.map((one) => one.name);
  const made = names.filter(
    (one) => netns.has({ dev: one, hook: 'egress' }) || netns.has({ dev: one, hook: 'ingress' }),
  );
  return `puts nothing on ${name}${at}, but ${orNone(made.map(escapeText))}`;
}

/** The first of some names; the rest is counted. */
function orNone(names: readonly string[]): string {
  if (names.length === 0) return 'on none';
  const more = names.length > TOLD ? ` and ${names.length - TOLD} more` : '';
  return `on ${names.slice(0, TOLD).join(', ')}${more}`;
}

/** Where filters can be attached, from a qdisc downwards. */
function listsOf(node: PlanNode | null): string[] {
  if (node === null) return [];
  return [
    ...node.lists.map(({ at }) => at),
    ...node.classes.flatMap(({ list, qdisc }) => [...(list === undefined ? [] : [list.at]), ...listsOf(qdisc)]),
  ];
}

/** The one device that the script gave a qdisc, or that it names at all. */
function onlyDevice(netns: Netns): string {
  const named = netns.devices.filter(({ name }) => name !== 'lo');
  const made = named.filter(({ root, ingress }) => ingress !== null || (root !== null && root.handle !== 0));
  const names = (made.length === 0 ? named : made).map(({ name }) => name);
  const [name] = names;
  if (name !== undefined && names.length === 1) return name;
  const choice = names.length === 0 ? 'the script names none' : `the script names ${names.map(escapeText).join(', ')}`;
  throw new CommandLineError(`which device? ${choice}`, null, 'add --dev NAME');
}

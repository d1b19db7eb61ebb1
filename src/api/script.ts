import {
  buildsNothing,
  type InputKind,
  kindOf,
  makeDevice,
  type ReadCommands,
  type ScriptAnswer,
  type ScriptSetup,
  setUpScript,
} from '../command/index.ts';
import type { NatRule } from '../conntrack/index.ts';
import type { Env } from '../env.ts';
import { type FilterName, Netns, type PlanNode } from '../kernel/index.ts';
import { counted, getClassid } from '../lang/index.ts';
import { recordedCommands } from '../netfilter/index.ts';
import type { Around, Asked } from '../plan.ts';
import { type MakeSet, Marks, natRulesOf } from '../ruleset/index.ts';
import { parseSetLines } from '../sched/ematch/index.ts';
import type { Simulated } from '../shell/index.ts';
import { classidText } from '../u32.ts';
import type { Question } from './question.ts';
import { inField, QuestionError } from './question-error.ts';

/** What came of running a script's commands. */
export interface ScriptReport {
  /** What the text was taken for; `state`: a saved kernel, which was not run. */
  readonly kind: InputKind | 'state';
  /** Commands that tc or the kernel refused, but for those that delete what may not be there. */
  readonly failed: readonly { readonly line: number; readonly message: string }[];
  /** Words that tc takes and that are not modelled here. */
  readonly notModelled: readonly { readonly line: number; readonly why: string }[];
  /** Lines whose tc commands hold variables, or could not be simulated: they were left out. */
  readonly unexpanded: readonly number[];
  /** The run of a shell script that the commands come from; null: they were read from the text. */
  readonly simulated: Simulated | null;
  /** Of what tc printed (a dump, a listing), what could not be read: it was left out. */
  readonly unread: readonly { readonly line: number; readonly why: string }[];
  /** tc commands of what the script builds on and does not make: results rest on them. */
  readonly assumed: readonly string[];
  /** Where the packets come by the script puts nothing: what it does put, and where; absent where it puts something. */
  readonly empty?: string;
}

/** A script's kernel, where in it the packets are, and what running it came to. */
export interface ScriptKernel {
  readonly asked: Asked;
  readonly report: ScriptReport;
  /** The rules of NAT that the script makes. */
  readonly nat: readonly NatRule[];
  /** Its rules that write marks; null: there are none. */
  readonly marks: Marks | null;
}

export type RunScript = typeof runQuestionScript;

/** The tc commands of a simulated run, of the namespace that it is started in. */
export function commandsOf({ commands, unchecked }: Simulated): ReadCommands {
  const own = commands.filter(({ tool, netns }) => tool === 'tc' && netns === '');
  return {
    commands: own.map(({ words, place: { line }, mayFail }) => ({
      line,
      words: words.map(({ text }) => text),
      mayFail,
    })),
    unexpanded: unchecked.map(({ place }) => place.line),
    unread: [],
    others: commands.length - own.length,
  };
}

/**
 * Runs a script's tc commands in a kernel of its own, or loads the one that was saved. `simulated`: what a shell script
 * does; null: the text holds the commands themselves. Throws a QuestionError.
 */
export function runQuestionScript(
  question: Question,
  around: Around & { readonly env: Env },
  simulated: Simulated | null,
): ScriptKernel {
  const { script, state, hashrnd = [] } = question;
  if (script !== undefined) return inField('script', () => runText(script, question, around, simulated));
  const { env, ...outside } = around;
  const seeds = inOrder(hashrnd);
  const netns = inField('state', () => Netns.load(state, env, { ...withSets(outside), hashrnd: seeds }));
  const place = placeOf(netns, question);
  return {
    asked: { netns, place, assumed: [] },
    nat: [],
    marks: null,
    report: {
      ...{ kind: 'state', failed: [], notModelled: [], unexpanded: [], unread: [], assumed: [], simulated: null },
      ...(netns.has(place) ? {} : { empty: nothingThere(netns, place) }),
    },
  };
}

function runText(
  text: string,
  question: Question,
  around: Around & { readonly env: Env },
  simulated: Simulated | null,
): ScriptKernel {
  const { txQueues, dev, hashrnd = [] } = question;
  const fresh = (): Netns => {
    const netns = new Netns({ ...around, devices: [{ name: 'lo', ifindex: 1 }], hashrnd: inOrder(hashrnd) });
    if (dev !== undefined) makeDevice(netns, { name: dev, txQueues });
    return netns;
  };
  const script = simulated === null ? text : commandsOf(simulated);
  const made = setUpScript(script, fresh, { txQueues }, { nameless: dev });
  const { netns, answers, standing, unexpanded, unread } = made;
  if (answers.length === 0) throw nothingToRun(made);
  const place = placeOf(netns, question);
  const rules = simulated?.commands ?? recordedCommands(text);
  const marks = new Marks(rules, setMaker(around));
  return {
    asked: { netns, place, assumed: standing },
    nat: natRulesOf(rules),
    marks: marks.isEmpty ? null : marks,
    report: {
      kind: kindOf(text),
      // Scripts begin by deleting what may not be there.
      failed: answers
        .filter(({ exit, words, mayFail }) => exit !== 0 && mayFail !== true && !buildsNothing(words))
        .map(failure),
      notModelled: answers.flatMap(({ line, notModelled }) => notModelled.map(({ why }) => ({ line, why }))),
      unexpanded,
      simulated,
      unread,
      assumed: standing,
      ...(netns.has(place) ? {} : { empty: nothingThere(netns, place) }),
    },
  };
}

/** Sets that are given stand in the place of those that the script makes. */
const setMaker =
  ({ sets = [] }: Around): MakeSet =>
  (name, lines) => {
    const known = sets.find((set) => set.name === name);
    if (known !== undefined || lines === null) return known ?? null;
    if (lines.length === 0) return { has: () => false };
    try {
      const [made] = parseSetLines(lines, () => 0, name ?? NFT_SET);
      return made ?? null;
    } catch {
      // Of a kind that is not known here: whoever asks it is in doubt.
      return null;
    }
  };

/** Elements alone make a set of networks; it needs a name. */
const NFT_SET = 'nft';

/** Sets that are given go before those that were saved. */
const withSets = ({ sets = [], ...rest }: Around): Around => (sets.length === 0 ? rest : { ...rest, sets });

function nothingToRun({ others, unexpanded, unread }: ScriptSetup): QuestionError {
  const [first] = unexpanded;
  const [lost] = unread;
  if (lost !== undefined)
    return new QuestionError('script', `nothing of it can be read: line ${lost.line}: ${lost.why}`);
  if (first === undefined) return new QuestionError('script', `no tc command in ${counted(others, 'line')}`);
  const held = `${counted(unexpanded.length, 'tc line')} with variables left out, the first is line ${first}`;
  return new QuestionError('script', `no tc command that can be run: ${held}`);
}

const failure = ({ line, stderr }: ScriptAnswer): ScriptReport['failed'][number] => ({
  line,
  message: stderr.split('\n')[0] ?? '',
});

/** `hashrnd` in the order in which the filters are made; a filter that is named again keeps its own. */
function inOrder(seeds: readonly number[]): (filter: FilterName) => number | undefined {
  const known = new Map<string, number | undefined>();
  return ({ parent, chain, pref, handle }) => {
    const name = `${parent} ${chain} ${pref} ${handle}`;
    if (!known.has(name)) known.set(name, seeds[known.size]);
    return known.get(name);
  };
}

function placeOf(netns: Netns, { dev, parent: typed, at = 'egress' }: Question): Asked['place'] {
  const parent = typed === undefined ? undefined : getClassid(typed);
  if (typed !== undefined && parent === undefined) {
    throw new QuestionError('parent', 'a class id like 1: or 1:10 expected');
  }
  return { dev: dev ?? onlyDevice(netns), hook: at, ...(parent === undefined ? {} : { parent }) };
}

/** The one device that the script gave a qdisc, or that it names at all. */
function onlyDevice(netns: Netns): string {
  const named = netns.devices.filter(({ name }) => name !== 'lo');
  const made = named.filter(({ root, ingress }) => ingress !== null || (root !== null && root.handle !== 0));
  const names = (made.length === 0 ? named : made).map(({ name }) => name);
  const [name] = names;
  if (name !== undefined && names.length === 1) return name;
  const choice = names.length === 0 ? 'the script names none' : `the script names ${names.join(', ')}`;
  throw new QuestionError('dev', `which device? ${choice}`);
}

/** Names that a sentence lists; the rest is counted. */
const LISTED = 5;

/** Where the packets come by there is nothing; where there is something. */
function nothingThere(netns: Netns, { dev, hook, parent }: Asked['place']): string {
  const at = { egress: '', ingress: ' at ingress', 'clsact-egress': " at clsact's egress" }[hook];
  const device = netns.plan.devices.find(({ name }) => name === dev);
  if (parent !== undefined && device !== undefined) {
    const lists = [...listsOf(device.ingress), ...listsOf(device.root)];
    return `has no ${classidText(parent)} on ${dev} that filters can be attached to, but ${orNone(lists)}`;
  }
  const other = hook === 'ingress' ? 'egress' : 'ingress';
  if (hook !== 'clsact-egress' && netns.has({ dev, hook: other }))
    return `puts nothing on ${dev}${at || ' at egress'}, only at ${other}`;
  const made = netns.devices
    .map(({ name }) => name)
    .filter((name) => netns.has({ dev: name, hook: 'egress' }) || netns.has({ dev: name, hook: 'ingress' }));
  return `puts nothing on ${dev}${at}, but ${orNone(made)}`;
}

function orNone(names: readonly string[]): string {
  if (names.length === 0) return 'on none';
  const more = names.length > LISTED ? ` and ${names.length - LISTED} more` : '';
  return `on ${names.slice(0, LISTED).join(', ')}${more}`;
}

/** Where filters can be attached, from a qdisc downwards. */
function listsOf(node: PlanNode | null): string[] {
  if (node === null) return [];
  return [
    ...node.lists.map(({ at }) => at),
    ...node.classes.flatMap(({ list, qdisc }) => [...(list === undefined ? [] : [list.at]), ...listsOf(qdisc)]),
  ];
}

import { buildsNothing } from '../../command/index.ts';
import type { RefusalCode } from '../../errors.ts';
import { counted, getClassid, getQdiscHandle } from '../../lang/index.ts';
import { insteadOfEsfq } from '../esfq.ts';
import { type Found, lineOf } from '../finding.ts';
import { argument, type Command, filterKind, flowArgument, type Script, type UncheckedAt, whereIs } from '../script.ts';
import type { Refusal, Setup } from '../setup.ts';
import { lostText } from './ft040-script-ends.ts';

/** Of two branches a script takes one. */
const BRANCHES = /^\s*(?:else\b|elif\b|case\b)/;
const EXISTS: ReadonlySet<string> = new Set(['qdisc-exists', 'qdisc-moved', 'class-exists', 'filter-exists']);
const MISSING: ReadonlySet<string> = new Set([
  'no-device',
  'qdisc-not-found',
  'class-not-found',
  'chain-not-found',
  'filter-not-found',
]);

/** The findings for the commands that tc or the kernel refuses. */
export function* refusals(by: Refusal['by'], usual: string, setup: Setup): Generator<Found> {
  const { others } = setup.script;
  const branches = others.some(({ source }) => BRANCHES.test(source));
  const hidden = setup.hides('qdisc') || setup.hides('class');
  const causes = causesOf(setup.refusals);
  for (const refusal of setup.refusals) {
    if (refusal.by !== by) continue;
    if (isExpected(refusal, setup.script) || unlistedObject(refusal, setup) !== null) continue;
    const { command, sentence, mend } = refusal;
    const excuse = excuseOf(refusal, branches, hidden);
    const cause = causes.get(command) ?? null;
    const effect = excuse ?? (cause === null ? usual : `follows from ${lineOf(cause)}`);
    yield {
      command,
      word: wordOf(refusal),
      message: sentence === '' ? 'the command is refused' : sentence,
      effect: `${effect}${reasonOf(refusal)}${batchEnd(refusal, setup.script)}${scriptEnd(refusal, setup.script)}${meantText(refusal)}`,
      mend,
      ...(excuse === null ? {} : { severity: 'advice' }),
    };
  }
}

/** The script goes on whatever comes of it, or the run showed that there was nothing to delete. */
function isExpected({ command: { mayFail, words }, code }: Refusal, { simulated }: Script): boolean {
  return mayFail || (simulated !== null && MISSING.has(code ?? '') && buildsNothing(words));
}

/** The word that the refusal is about; where it is about one that is not there, the kind of the filter. -1: not known. */
function wordOf({ command, attribute, code, word }: Refusal): number {
  if (attribute === null && word >= 0) return word;
  const before = attribute === null ? -1 : argument(command, attribute);
  if (before >= 0) return before;
  const own = attribute === null ? -1 : flowArgument(command, attribute);
  return own >= 0 || !LACKS.has(code ?? '') ? own : filterKind(command);
}

const LACKS: ReadonlySet<string> = new Set(['needs-handle', 'needs-keys', 'needs-baseclass', 'needs-mark']);

/** Why a refusal may be none where the script runs; null: there is no reason to think so. */
function excuseOf({ command, code }: Refusal, branches: boolean, hidden: boolean): string | null {
  if (EXISTS.has(code ?? '')) return branches ? 'it is there already if both branches of the script are taken' : null;
  if (!MISSING.has(code ?? '')) return null;
  if (buildsNothing(command.words)) return 'there is nothing that the command could show or delete';
  return hidden ? 'a line with variables may make what is missing' : null;
}

/** What tc was not asked for, of which a listed line needs one; null: something else is wrong with the line. */
function unlistedObject({ code }: Refusal, setup: Setup): 'class' | 'qdisc' | null {
  if (!setup.script.dump) return null;
  if (code === 'class-not-found' && setup.hides('class')) return 'class';
  return code === 'qdisc-not-found' && setup.hides('qdisc') ? 'qdisc' : null;
}

const PLURAL = { class: 'classes', qdisc: 'qdiscs' } as const;

/** Listed lines that cannot be judged, as what they stand on is not listed. */
export function unlisted(setup: Setup): UncheckedAt[] {
  const places = setup.refusals.flatMap((refusal) => {
    const object = unlistedObject(refusal, setup);
    if (object === null) return [];
    const why = `${PLURAL[object]} were not listed: add what tc ${object} show prints`;
    return [{ ...whereIs(refusal.command, wordOf(refusal)), why }];
  });
  return places.sort((a, b) => a.line - b.line);
}

/** By a command that lacks a qdisc or a class: the first refusal because of which that is not there. */
function causesOf(refusals: readonly Refusal[]): ReadonlyMap<Command, Command> {
  const causes = new Map<Command, Command>();
  const makers = new Map<string, Command>();
  for (const { command, code } of refusals) {
    const device = command.words[argument(command, 'dev')] ?? '';
    const parent = getClassid(command.words[argument(command, 'parent')] ?? '');
    const cause = parent === undefined || !FOLLOWS.has(code ?? '') ? undefined : makers.get(`${device} ${parent}`);
    if (cause !== undefined) causes.set(command, cause);
    const made = madeBy(command);
    const name = `${device} ${made}`;
    if (made !== undefined && !makers.has(name)) makers.set(name, cause ?? command);
  }
  return causes;
}

const FOLLOWS: ReadonlySet<string> = new Set(['qdisc-not-found', 'class-not-found']);

/** The number of the qdisc or class that a command names for what it makes. */
function madeBy(command: Command): number | undefined {
  const { words } = command;
  if (buildsNothing(words)) return undefined;
  if (words[0] === 'class') return getClassid(words[argument(command, 'classid')] ?? '');
  return words[0] === 'qdisc' ? getQdiscHandle(words[argument(command, 'handle')] ?? '') : undefined;
}

/** What the rule wants, where the answer does not say it. */
const REASONS: Readonly<Partial<Record<RefusalCode, string>>> = {
  'filter-other-kind': 'filters of one preference are of one kind, so this one needs another prio',
  'filter-other-protocol': 'filters of one preference are for one protocol, so this one needs another prio',
  'needs-handle': 'a filter of this kind needs a handle',
  'needs-keys': 'a flow filter needs keys',
  'one-key': 'a map takes one key',
  'perturb-of-map': 'only a hash can have perturb',
  'baseclass-minor': 'the minor number of the base class is not 0',
  'power-of-two': 'the divisor is a power of two, at most 65536',
  'bands-range': 'there are 2 to 16 bands',
  'buckets-range': 'there are 2 to 262144 buckets',
  'burst-zero': 'a burst of 0 bytes lets no packet through',
  'class-depth': 'htb has at most 8 levels of classes',
  'class-is-inner': 'the class has classes below it, and packets wait only in a class that has none',
  'flows-range': 'there are 1 to 65536 flows, and their number cannot change once the qdisc is there',
  'limit-range': 'the limit is at most 131072 packets',
  'needs-curve': 'the class needs rt, ls or sc with a rate above 0',
  'no-offload': 'the device has no hardware that does the work of htb',
  'other-major': "the class has the qdisc's number before its colon",
  'own-classes': 'this qdisc makes its classes itself, and takes no others',
  'peakrate-low': 'the peakrate is above the rate',
  'priomap-range': 'each number in priomap is below the number of bands; without priomap there are at least 3 bands',
  'quantum-range': 'the quantum is at most 262136 bytes',
  'rate-zero': 'the rate and the ceil of a class are above 0',
  'red-thresholds': 'max is not below min, and both are small enough for the averages',
  'weight-sum': 'the weights of all classes together are at most 65536',
};

function reasonOf({ command, code }: Refusal): string {
  const reason = insteadOfEsfq(command) ?? Object.entries(REASONS).find(([known]) => known === code)?.[1];
  return reason === undefined ? '' : `; ${reason}`;
}

function meantText({ meant }: Refusal): string {
  return meant === null ? '' : `; did you mean ${meant.map((word) => `"${word}"`).join(' or ')}?`;
}

/** Quirk 51. */
function batchEnd({ command, endsBatch }: Refusal, { commands, unexpanded }: Script): string {
  if (!endsBatch || command.before !== '') return '';
  const count = [...commands, ...unexpanded].filter(
    ({ file, line }) => file === command.file && line > command.line,
  ).length;
  if (count === 0) return '';
  return `; tc -batch ends here, also with -force: ${counted(count, 'command')} below never run`;
}

/** With `set -e`. */
function scriptEnd({ command }: Refusal, { ended }: Script): string {
  return ended?.command === command ? `; the script ends here (set -e): ${lostText(ended)}` : '';
}

/** Flow filters that the kernel refuses by one of its rules. */
export function* refusedFlows({ refusals, asked }: Setup, code: RefusalCode): Generator<Refusal> {
  const flows = new Set(asked.map(({ command }) => command));
  for (const refusal of refusals) if (refusal.code === code && flows.has(refusal.command)) yield refusal;
}

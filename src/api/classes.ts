import type { Netns, Qdisc } from '../kernel/index.ts';
import { counted, getClassid } from '../lang/index.ts';
import type { Run } from '../run.ts';
import { ASSUMED, QDISCS } from '../sched/qdisc/index.ts';
import { evenRates, type NoClasses, noClassesOf, reachableMinors, targetsOf } from '../study/index.ts';
import { classidText, tcH, tcMajor, tcMinor } from '../u32.ts';
import { deviceName, linkRate, MAX_CLASSES } from './advise.ts';
import { checkOptions } from './options.ts';
import { type Fields, fieldsReader, oneOf, QUESTION_FIELDS, type Question, text, whole } from './question.ts';
import { QuestionError } from './question-error.ts';
import { type CallRecord, recordOf } from './record.ts';
import { runQuestionScript } from './script.ts';
import { type Besides, runOf, settleNow } from './settle.ts';

/** Of which filters, and what the commands need besides. */
export interface ClassesQuestion
  extends Pick<Question, 'filters' | 'script' | 'args' | 'env' | 'files' | 'state' | 'txQueues' | 'sets' | 'kernel'> {
  /** With a script: the device whose filters are meant. Default: `eth0`. */
  readonly dev?: string;
  /** Of the classes. Default: the qdisc of the filters' base class, as `1:`. */
  readonly parent?: string;
  /** Of the classes. Default: as the qdisc with the filter, `htb` without a script. */
  readonly qdisc?: string;
  /** The same, under its earlier name. */
  readonly kind?: string;
  /** Of the link, which htb and hfsc classes share evenly. Default: `100mbit`. */
  readonly rate?: string;
  /** More classes than this are none: an error. Default: 4096. */
  readonly max?: number;
}

const DEVICE = 'eth0';
const MOST = 65536;

const { filters, script, args, env, files, state, txQueues, sets, kernel } = QUESTION_FIELDS;
const FIELDS: Fields<ClassesQuestion> = {
  ...{ filters, script, args, env, files, state, txQueues, sets, kernel },
  dev: deviceName,
  parent: text,
  qdisc: kindOfClasses,
  kind: kindOfClasses,
  rate: text,
  max: whole(1, MOST),
};
const readClassesQuestion = fieldsReader<ClassesQuestion>(FIELDS);

/** What `classes` returns; the command line prints the commands. */
export interface ClassCommands {
  readonly schema: 1;
  /** A `tc class add` for every class that the filters can give. */
  readonly commands: readonly string[];
  readonly notes: readonly string[];
  readonly record: CallRecord;
}

/**
 * The tc commands that make all classes which filters can give.
 *
 * @param asked the filters or the script; `rate` as tc writes it (`100mbit`)
 * @returns one `tc class add` line for each class, by class id; class ids are `MAJOR:MINOR` in hex. The bits that a filter can
 * give are those of net/sched/cls_flow.c: flow_classify()
 * @throws QuestionError with the field that is wrong, or where there are no classes to make, or too many
 * @example
 * const { commands } = classes({ filters: ['hash keys src divisor 16'], dev: 'eth1', rate: '1gbit' });
 */
export function classes(asked: ClassesQuestion, besides: Besides = {}): ClassCommands {
  const question = readClassesQuestion(asked);
  checkOptions(besides);
  const { parent: typed, dev, qdisc, kind = qdisc, rate = '100mbit', max = MAX_CLASSES, ...rest } = question;
  const link = linkRate(rate);
  const parent = typed === undefined ? undefined : parentId(typed);
  const isBare = rest.script === undefined && rest.state === undefined;
  const withDev = isBare || dev === undefined ? rest : { ...rest, dev };
  const settled = settleNow({ ...withDev, flows: false }, besides, runQuestionScript);
  const { options } = settled;
  const device = deviceName(dev ?? options.kernel?.place.dev ?? DEVICE, 'dev');
  const there = options.kernel?.netns;
  const { filters } = runOf(settled);
  if (filters.length === 0) throw noFilter(there);
  const notes: string[] = [];
  const note = (line: string): void => void notes.push(line);
  const own = kind === undefined && there !== undefined ? withClasses(filters, there, device, note) : null;
  const ids = classIds(own === null ? filters : own.filters, parent);
  const named = ids.filter((id) => tcMinor(id) !== 0);
  if (named.length < ids.length) note('minor number 0 can come out, too: it is the qdisc, no class');
  if (named.length > max) {
    const hint = `give the filter a divisor, or take them all: --max ${MOST}`;
    throw new QuestionError('max', `${counted(ids.length, 'class')} can come out, more than ${max}`, { hint });
  }
  const kindOf = (major: number): string => own?.kinds.get(major) ?? kind ?? ASSUMED.root;
  return {
    schema: 1,
    commands: classLines(named, { kindOf, device, link, parent, there, note }),
    notes,
    record: recordOf('classes', question, settled.inputs),
  };
}

/** A kind of qdisc whose classes users make. */
function kindOfClasses(value: unknown, field: string): string {
  return oneOf(QDISCS.flatMap(({ kind, classes }) => (classes === null ? [] : [kind])))(value, field);
}

type Filters = Run['filters'];

/** The script holds no flow filter that packets meet on their way out. */
function noFilter(there: Netns | undefined): QuestionError {
  const on = (hook: 'egress' | 'ingress'): string[] =>
    (there?.devices ?? []).map(({ name }) => name).filter((dev) => there?.flowFilters({ dev, hook }).length !== 0);
  if (on('egress').length > 0) {
    const hint = `add --dev ${on('egress').join(' or ')}`;
    return new QuestionError('dev', 'no flow filter is asked there', { hint });
  }
  if (on('ingress').length === 0) return new QuestionError('script.filters', 'there is no flow filter in it');
  return new QuestionError('script.filters', 'its flow filters are at ingress, where there are no classes');
}

interface OwnKinds {
  /** Those on qdiscs that take classes. */
  readonly filters: Filters;
  /** The kind of the qdisc, by the major number of the classes that its filters give. */
  readonly kinds: ReadonlyMap<number, string>;
}

/** Classes are of the kind of the qdisc that the filter stands on. Where no such qdisc takes any there is nothing to print. */
function withClasses(filters: Filters, there: Netns, device: string, note: (line: string) => void): OwnKinds {
  const kinds = new Map<number, string>();
  const without = new Map<Qdisc, Filters>();
  const kept = filters.filter((at) => {
    const q = there.devices.find(({ name }) => name === device)?.lookup(tcH(tcMajor(at.list), 0)) ?? null;
    if (q !== null && q.kind.classes === null) {
      without.set(q, [...(without.get(q) ?? []), at]);
      return false;
    }
    const major = tcMajor(at.filter.baseclass);
    if (q !== null && !kinds.has(major)) kinds.set(major, q.kind.kind);
    return true;
  });
  const refused = [...without].map(([q, own]) => noClassesOf(q, highestMinor(own)));
  const [first] = refused;
  if (kept.length === 0 && first !== undefined) throw refusal(first);
  for (const { message } of refused) note(message);
  return { filters: kept, kinds };
}

const refusal = ({ message, instead }: NoClasses): QuestionError => new QuestionError('', message, { hint: instead });

function highestMinor(filters: Filters): number {
  let highest = 0;
  for (const { filter } of filters) highest = Math.max(highest, reachableMinors(filter).at(-1) ?? 0);
  return highest;
}

interface Around {
  /** Of the classes with this major number. */
  kindOf(major: number): string;
  readonly device: string;
  /** Bits per second. */
  readonly link: number;
  /** As `--parent` names it. */
  readonly parent: number | undefined;
  /** What the script makes. */
  readonly there: Netns | undefined;
  note(line: string): void;
}

/**
 * Kinds that share one rate out get a class around the others, as a class borrows from its parent class only. Classes that the
 * script makes are left out, and the class above them is the parent of the others.
 */
function classLines(ids: readonly number[], { kindOf, device, link, parent, there, note }: Around): string[] {
  const rates = evenRates(link, ids.length);
  return [...new Set(ids.map(tcMajor))].flatMap((major) => {
    const kind = kindOf(major);
    const { class: words, outer } = targetsOf(kind);
    const add = (above: string, id: number, options: string = kind) =>
      `tc class add dev ${device} parent ${above} classid ${classidText(id)} ${options}`;
    const q = there?.devices.find(({ name }) => name === device)?.lookup(tcH(major, 0)) ?? null;
    const made = [...(q?.classes.walk() ?? [])];
    const known = new Map(made.map((cl) => [cl.id, cl]));
    const all = ids.filter((id) => tcMajor(id) === major);
    const own = all.filter((id) => !known.has(id));
    if (own.length < all.length)
      note(`${counted(all.length - own.length, 'class')} of ${major.toString(16)}: there already`);
    if (own.length === 0) return [];
    const inner = (above: string) => own.map((id) => add(above, id, words?.(rates)));
    const above = parent ?? all.map((id) => known.get(id)?.above?.id ?? 0).find((id) => id !== 0) ?? 0;
    if (tcMinor(above) !== 0) return inner(classidText(above));
    const qdisc = `${major.toString(16)}:`;
    if (outer === null) return inner(qdisc);
    const around = freeId(major, new Set([...all, ...known.keys()]));
    if (around !== null) return [add(qdisc, around, outer(rates)), ...inner(classidText(around))];
    note(`no number is left for a class around those of ${qdisc}, so none of them can borrow`);
    return inner(qdisc);
  });
}

/** The last number that nobody has; null: all are taken. */
function freeId(major: number, taken: ReadonlySet<number>): number | null {
  for (let minor = MOST - 1; minor > 0; minor--) if (!taken.has(tcH(major, minor))) return tcH(major, minor);
  return null;
}

/** Ascending, each once. A `--filter` that names no major number gets the parent's, as the kernel does it. */
function classIds(filters: Filters, parent: number | undefined): number[] {
  const ids = new Set<number>();
  for (const { filter } of filters) {
    const isOwn = tcMajor(filter.options.baseclass ?? 0) !== 0;
    const major = isOwn || parent === undefined ? tcMajor(filter.baseclass) : tcMajor(parent);
    // net/sched/sch_api.c: tc_ctl_tclass(): a class has its qdisc's major number.
    if (parent !== undefined && major !== tcMajor(parent)) {
      throw new QuestionError(
        'parent',
        `the filter gives classes of ${major.toString(16)}:, which are no children of it`,
      );
    }
    for (const minor of reachableMinors(filter)) ids.add(tcH(major, minor));
  }
  return [...ids].sort((a, b) => a - b);
}

function parentId(typed: string): number {
  const id = /^[0-9a-f]+:[0-9a-f]*$/i.test(typed) ? getClassid(typed) : undefined;
  if (id !== undefined && tcMajor(id) !== 0) return id;
  throw new QuestionError('parent', 'a class id like 1: or 1:10 expected');
}

import type { Netns, Qdisc } from '../../src/kernel/index.ts';
import { counted, escapeText, getClassid } from '../../src/lang/index.ts';
import { ASSUMED } from '../../src/sched/qdisc/index.ts';
import { type NoClasses, noClassesOf, reachableMinors, targetsOf } from '../../src/study/index.ts';
import { classidText, tcH, tcMajor, tcMinor } from '../../src/u32.ts';
import { checkDevice, linkRate } from './advise.ts';
import { caretInValue } from './caret.ts';
import type { ClassesFlags } from './commands/classes.ts';
import { CommandLineError } from './errors.ts';
import { unsigned } from './numbers.ts';
import { createRun, readWalk } from './options.ts';
import { say } from './output.ts';
import { Output } from './result.ts';

const DEVICE = 'eth0';
const MOST = 65536;

/** `cls-flow classes`: a `tc class add` for every class that filters can give. */
export function classes(flags: ClassesFlags): void {
  const { parent: typed, dev, ...rest } = flags;
  const link = linkRate(flags.rate);
  const max = unsigned('--max', flags.max, MOST, 1);
  const parent = typed === undefined ? undefined : parentId(typed);
  const asked = flags.script === undefined || dev === undefined ? rest : { ...rest, dev };
  const { options } = readWalk({ ...asked, at: 'egress', vlan: 'offload' }, false);
  const device = dev ?? options.kernel?.place.dev ?? DEVICE;
  checkDevice(device);
  const there = flags.script === undefined ? undefined : options.kernel?.netns;
  const { filters } = createRun(options);
  if (filters.length === 0) throw noFilter(flags.script ?? '', there);
  const own = flags.kind === undefined && there !== undefined ? withClasses(filters, there, device) : null;
  const ids = classIds(own === null ? filters : own.filters, parent);
  const named = ids.filter((id) => tcMinor(id) !== 0);
  if (named.length < ids.length) say('note: minor number 0 can come out, too: it is the qdisc, no class');
  if (named.length > max) {
    const message = `${counted(ids.length, 'class')} can come out, more than --max ${max}`;
    throw new CommandLineError(message, null, `give the filter a divisor, or take them all: --max ${MOST}`);
  }
  const kindOf = (major: number): string => own?.kinds.get(major) ?? flags.kind ?? ASSUMED.root;
  const output = new Output();
  for (const line of classLines(named, { kindOf, device, link, parent, there })) output.write(`${line}\n`);
  output.flush();
}

type Filters = ReturnType<typeof createRun>['filters'];

/** The script holds no flow filter that packets meet on their way out. */
function noFilter(script: string, there: Netns | undefined): CommandLineError {
  const on = (hook: 'egress' | 'ingress'): string[] =>
    (there?.devices ?? []).map(({ name }) => name).filter((dev) => there?.flowFilters({ dev, hook }).length !== 0);
  const [other] = on('egress');
  if (other !== undefined) {
    return new CommandLineError(
      'no flow filter is asked there',
      null,
      `add --dev ${on('egress').map(escapeText).join(' or ')}`,
    );
  }
  if (on('ingress').length === 0) return new CommandLineError(`${script}: there is no flow filter in it`);
  return new CommandLineError(`${script}: its flow filters are at ingress, where there are no classes`);
}

interface OwnKinds {
  /** Those on qdiscs that take classes. */
  readonly filters: Filters;
  /** The kind of the qdisc, by the major number of the classes that its filters give. */
  readonly kinds: ReadonlyMap<number, string>;
}

/** Classes are of the kind of the qdisc that the filter stands on. Where no such qdisc takes any there is nothing to print. */
function withClasses(filters: Filters, there: Netns, device: string): OwnKinds {
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
  for (const { message } of refused) say(`note: ${message}`);
  return { filters: kept, kinds };
}

const refusal = ({ message, instead }: NoClasses): CommandLineError => new CommandLineError(message, null, instead);

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
}

/** Kinds that share one rate out get a class around the others, as a class borrows from its parent class only. */
function classLines(ids: readonly number[], { kindOf, device, link, parent, there }: Around): string[] {
  const each = link / ids.length;
  return [...new Set(ids.map(tcMajor))].flatMap((major) => {
    const kind = kindOf(major);
    const { class: words, outer } = targetsOf(kind);
    const add = (above: string, id: number, options: string = kind) =>
      `tc class add dev ${device} parent ${above} classid ${classidText(id)} ${options}`;
    const own = ids.filter((id) => tcMajor(id) === major);
    const inner = (above: string) => own.map((id) => add(above, id, words?.({ link, each })));
    if (parent !== undefined && tcMinor(parent) !== 0) return inner(classidText(parent));
    const qdisc = `${major.toString(16)}:`;
    if (outer === null) return inner(qdisc);
    const q = there?.devices.find(({ name }) => name === device)?.lookup(tcH(major, 0)) ?? null;
    const around = freeId(major, new Set([...own, ...[...(q?.classes.walk() ?? [])].map(({ id }) => id)]));
    if (around !== null) return [add(qdisc, around, outer({ link, each })), ...inner(classidText(around))];
    say(`note: no number is left for a class around those of ${qdisc}, so none of them can borrow`);
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
      const message = `--parent: the filter gives classes of ${major.toString(16)}:, which are no children of it`;
      throw new CommandLineError(message);
    }
    for (const minor of reachableMinors(filter)) ids.add(tcH(major, minor));
  }
  return [...ids].sort((a, b) => a - b);
}

function parentId(typed: string): number {
  const id = /^[0-9a-f]+:[0-9a-f]*$/i.test(typed) ? getClassid(typed) : undefined;
  if (id !== undefined && tcMajor(id) !== 0) return id;
  throw new CommandLineError('--parent: a class id like 1: or 1:10 expected', caretInValue('--parent', typed, -1));
}

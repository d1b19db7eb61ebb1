import { type KernelError, UsageError } from '../errors.ts';
import { majorOf } from '../kernel/index.ts';
import { matches, Words } from '../lang/index.ts';
import { MAGIC_BLOCK, type Message, NLM_F, RTM, readTc, TC_H } from '../netlink/index.ts';
import { ASSUMED, findQdisc } from '../sched/qdisc/index.ts';
import { classidText, tcMajor, tcMinor } from '../u32.ts';
import type { Judged } from './emulated.ts';
import { Listener } from './encode.ts';
import { emptySelector, MODIFY, takeSelectors } from './filter-words.ts';
import { runTc } from './tc.ts';
import { buildsNothing } from './verbs.ts';

/** A line of a script: what follows `tc`. */
export interface Line {
  readonly words: readonly string[];
}

/** A fresh kernel that lines are run in. */
export interface Trial<L extends Line> {
  run(line: L): Judged;
  /** A line that is no part of the script. */
  assume(words: readonly string[]): Judged;
}

/** What a line asks of the kernel. */
interface Wanted {
  readonly type: number;
  readonly flags: number;
  readonly device: string;
  readonly handle: number;
  readonly parent: number;
  readonly kind: string | undefined;
}

/** An object that the script needs and does not make. */
interface Assumption {
  readonly device: string;
  readonly what: 'root' | 'below' | 'ingress' | 'class';
  /** `major:` of the qdisc, or the class. */
  readonly id: number;
  /** Of the qdisc or class. */
  readonly kind: string;
  readonly lines: readonly (readonly string[])[];
}

/** Passes over a script until its set-up is known. A script that needs more is not one that anybody wrote. */
const MOST_PASSES = 6;
/** Things that one line may lack: the root, and the class. */
const MOST_LACKS = 2;
/** Refusals of a request about what is not there. */
const LACKS: ReadonlySet<string> = new Set(['no-device', 'qdisc-not-found', 'class-not-found', 'not-classful']);
/** Refusals of a request to make what is there already. */
const CLASHES: ReadonlySet<string> = new Set(['qdisc-exists', 'qdisc-moved', 'class-exists']);

/**
 * Runs a script in a kernel that holds what it is built on: many a script adds classes and filters to a root that
 * another program made, or begins by deleting it. Only what the script names, does not make and needs is assumed, on a
 * device where it has made no root (or ingress) of its own before that line. The trial returned has run the assumed
 * lines, then every line of the script. `standing`: those of the assumed lines whose objects the script has not
 * replaced by its own, so that packets may meet them.
 */
export function runAssumed<L extends Line, T extends Trial<L>>(
  lines: readonly L[],
  fresh: () => T,
): { readonly trial: T; readonly assumed: readonly string[]; readonly standing: readonly string[] } {
  const setup = new Setup(lines);
  for (let pass = 1; ; pass++) {
    const trial = fresh();
    if (setup.pass(trial, pass === MOST_PASSES)) return { trial, assumed: setup.texts, standing: setup.standing };
  }
}

class Setup<L extends Line> {
  private readonly lines: readonly L[];
  /** By device, in the order in which they are made. */
  private readonly assumptions = new Map<string, Assumption[]>();
  /** The names of all of them. */
  private readonly names = new Set<string>();
  /** Those that a line of the script contradicts. */
  private readonly wrong = new Set<string>();
  /** `device root` and `device ingress` that the script has made so far in this pass. */
  private readonly made = new Set<string>();
  /** What is assumed is no longer what the pass began with. */
  private changed = false;
  /** Kinds of the classes that the script adds, by device and major; read when they are first needed. */
  private kinds: Map<string, string> | null = null;

  constructor(lines: readonly L[]) {
    this.lines = lines;
  }

  get texts(): string[] {
    return textsOf([...this.assumptions.values()].flat());
  }

  /** Of those whose root or ingress qdisc the script makes anew, mostly as it deletes the old one first, nothing is left. */
  get standing(): string[] {
    const isLeft = ({ device, what }: Assumption): boolean =>
      !this.made.has(`${device} ${what === 'ingress' ? 'ingress' : 'root'}`);
    return textsOf([...this.assumptions.values()].flat().filter(isLeft));
  }

  /** Runs all lines; true: nothing was missing or contradicted, so that the trial counts. */
  pass(trial: Trial<L>, last: boolean): boolean {
    this.changed = false;
    for (const device of this.assumptions.keys()) this.keep(device, (one) => isAccepted(one, trial));
    this.made.clear();
    for (const line of this.lines) {
      let error = trial.run(line).refusal;
      for (let turn = 0; !last && turn < MOST_LACKS && error !== null && this.mend(line, error, trial); turn++) {
        error = trial.run(line).refusal;
      }
      if (error === null) this.noteTop(line.words);
    }
    return last || !this.changed;
  }

  /** Assumes what a refused line lacks: true. What a line contradicts is assumed no longer from the next pass on. */
  private mend({ words }: L, error: KernelError | UsageError, trial: Trial<L>): boolean {
    const code = error.code ?? '';
    const lacks = LACKS.has(code);
    const wanted = lacks || CLASHES.has(code) ? wantedBy(words) : null;
    if (wanted === null) return false;
    if (!lacks) {
      this.withdraw(wanted);
      return false;
    }
    const lack = this.lackOf(wanted);
    if (lack === null || this.wrong.has(nameOf(lack))) return false;
    const known = this.of(lack.device);
    if (this.names.has(nameOf(lack)) || !isAccepted(lack, trial)) return false;
    known.push(lack);
    this.names.add(nameOf(lack));
    this.changed = true;
    return true;
  }

  private of(device: string): Assumption[] {
    const known = this.assumptions.get(device);
    if (known !== undefined) return known;
    const none: Assumption[] = [];
    this.assumptions.set(device, none);
    return none;
  }

  /** Drops what is assumed no longer. */
  private keep(device: string, isKept: (one: Assumption) => boolean): void {
    const list = this.of(device);
    const kept = list.filter(isKept);
    if (kept.length === list.length) return;
    this.changed = true;
    this.assumptions.set(device, kept);
    for (const one of list) if (!kept.includes(one)) this.names.delete(nameOf(one));
  }

  /** The script makes later what was assumed for it. */
  private withdraw({ type, device, handle, parent }: Wanted): void {
    const contradicted = (one: Assumption): boolean => {
      if (type === RTM.NEWTCLASS) return one.what === 'class' && one.id === handle;
      if (one.what === 'class' || this.made.has(`${device} ${one.what}`)) return false;
      if (parent === TC_H.INGRESS) return one.what === 'ingress';
      return one.id === handle || (one.what === 'root' && parent === TC_H.ROOT);
    };
    const gone = this.of(device).filter(contradicted);
    const rootGone = gone.some(({ what }) => what === 'root');
    for (const one of gone) this.wrong.add(nameOf(one));
    this.keep(device, (one) => !gone.includes(one) && (one.what === 'ingress' || !rootGone));
  }

  /** A line that was accepted: whether it makes the root or the ingress qdisc of a device. */
  private noteTop(words: readonly string[]): void {
    if (!words.some((word) => TOP_WORDS.has(word))) return;
    const wanted = wantedBy(words);
    if (wanted?.type !== RTM.NEWQDISC) return;
    if (wanted.parent === TC_H.ROOT) this.made.add(`${wanted.device} root`);
    if (wanted.parent === TC_H.INGRESS) this.made.add(`${wanted.device} ingress`);
  }

  /** The object that a refused line lacks; null: none that may be assumed. */
  private lackOf(wanted: Wanted): Assumption | null {
    const { type, flags, device, parent, kind } = wanted;
    const top = parent === TC_H.ROOT || tcMajor(parent) === INGRESS_MAJOR;
    const builds = (type & 3) === 0 && !(type === RTM.NEWQDISC && top && (flags & NLM_F.CREATE) !== 0);
    if (device === '' || !(builds || (type === RTM.DELQDISC && top))) return null;
    if (top && parent !== TC_H.ROOT) {
      if (this.made.has(`${device} ingress`)) return null;
      const hooks = findQdisc(kind ?? '')?.egress === true || tcMinor(parent) === tcMinor(TC_H.MIN_EGRESS);
      const words = ['qdisc', 'add', 'dev', device, hooks ? ASSUMED.bothHooks : ASSUMED.ingress];
      return { device, what: 'ingress', id: majorOf(parent), kind: '', lines: [words] };
    }
    if (this.made.has(`${device} root`)) return null;
    const id = (parent === TC_H.ROOT ? 0 : majorOf(parent)) || majorOf(wanted.handle);
    const root = this.of(device).find(({ what }) => what === 'root');
    if (root === undefined) return this.rootFor(wanted, id || FIRST_HANDLE);
    const q = this.of(device).find((one) => one.what !== 'class' && one.id === id);
    return q === undefined ? this.below(root, id) : classOf(q, wanted);
  }

  private rootFor({ type, device, parent, kind: named }: Wanted, id: number): Assumption {
    const isNamed = named !== undefined && type < RTM.NEWTFILTER && (type !== RTM.NEWQDISC || parent === TC_H.ROOT);
    const kind = isNamed ? named : this.kindOf(device, id);
    const words = ['qdisc', 'add', 'dev', device, 'root', 'handle', classidText(id), kind];
    return { device, what: 'root', id, kind, lines: [words] };
  }

  /** Another qdisc on the same device hangs on a class of the root that the script does not name. */
  private below(root: Assumption, id: number): Assumption | null {
    const { device } = root;
    if (id === 0) return null;
    const count = this.of(device).filter(({ what }) => what === 'below').length;
    const classid = (root.id + SPARE_MINOR + count) >>> 0;
    const kind = this.kindOf(device, id);
    const words = ['qdisc', 'add', 'dev', device, 'parent', classidText(classid), 'handle', classidText(id), kind];
    return { device, what: 'below', id, kind, lines: [addClass(root, classid), words] };
  }

  /** Of the classes that the script adds to this qdisc, else the usual kind. */
  private kindOf(device: string, major: number): string {
    this.kinds ??= this.classKinds();
    return this.kinds.get(`${device} ${major}`) ?? ASSUMED.root;
  }

  private classKinds(): Map<string, string> {
    const kinds = new Map<string, string>();
    for (const { words } of this.lines) {
      const wanted = matches(words[0] ?? '', 'class') ? wantedBy(words) : null;
      if (wanted?.type !== RTM.NEWTCLASS || wanted.kind === undefined) continue;
      kinds.set(`${wanted.device} ${majorOf(wanted.handle || wanted.parent)}`, wanted.kind);
    }
    return kinds;
  }
}

/** The class that a line hangs something on. */
function classOf(q: Assumption, { device, parent }: Wanted): Assumption | null {
  if (majorOf(parent) !== q.id || tcMinor(parent) === 0) return null;
  return { device, what: 'class', id: parent, kind: q.kind, lines: [addClass(q, parent)] };
}

function addClass({ device, id, kind }: Assumption, classid: number): string[] {
  return [
    'class',
    'add',
    'dev',
    device,
    'parent',
    classidText(id),
    'classid',
    classidText(classid),
    ...classWords(kind),
  ];
}

/** The least that a class of a kind must be given. */
const classWords = (kind: string): string[] => (findQdisc(kind)?.classes?.fewest ?? kind).split(' ');

const isAccepted = <L extends Line>({ lines }: Assumption, trial: Trial<L>): boolean =>
  lines.every((words) => trial.assume(words).refusal === null);

const SPARE_MINOR = 0xfe00;
const INGRESS_MAJOR = 0xffff;
const FIRST_HANDLE = 0x10000;
const TOP_WORDS: ReadonlySet<string> = new Set(['root', ASSUMED.ingress, ASSUMED.bothHooks]);

/** Messages about qdiscs, classes, filters and chains. */
const BUILDING: ReadonlySet<number> = new Set([RTM.NEWQDISC, RTM.NEWTCLASS, RTM.NEWTFILTER, RTM.NEWCHAIN]);

const textsOf = (assumptions: readonly Assumption[]): string[] =>
  assumptions.flatMap(({ lines }) => lines.map((words) => words.join(' ')));

const nameOf = ({ device, what, id }: Assumption): string => `${device} ${what} ${id}`;

/** What tc would send for these words; null: nothing that is about qdiscs, classes or filters. */
function wantedBy(words: readonly string[]): Wanted | null {
  const listener = new Listener();
  runTc(words, { transport: listener });
  const [message] = listener.requests;
  if (message === undefined) return wantedByFilter(words);
  return BUILDING.has(message.type & ~3) ? wantedOf(message, listener) : null;
}

/** A filter whose kind's own words are wrong: tc looks for its device before it reads them. */
function wantedByFilter(list: readonly string[]): Wanted | null {
  if (!matches(list[0] ?? '', 'filter') || buildsNothing(list)) return null;
  const selector = emptySelector(0);
  try {
    takeSelectors(new Words(list, 2), selector, MODIFY);
  } catch (error) {
    if (error instanceof UsageError) return null;
    throw error;
  }
  const { device, parent } = selector;
  return { type: RTM.NEWTFILTER, flags: NLM_F.CREATE, device, handle: 0, parent, kind: undefined };
}

function wantedOf(message: Message, { links }: Listener): Wanted {
  const { ifindex, handle, parent, attributes } = readTc(message);
  const device = ifindex === MAGIC_BLOCK ? '' : (links.name(ifindex) ?? '');
  return { type: message.type, flags: message.flags, device, handle, parent, kind: attributes.kind };
}

import {
  emptySelector,
  Listener,
  MODIFY,
  runTc,
  type Selector,
  type Transport,
  takeSelectors,
} from '../command/index.ts';
import type { Env } from '../env.ts';
import { KernelError, UsageError } from '../errors.ts';
import { type Device, majorOf, Netns, type Qdisc } from '../kernel/index.ts';
import { matches, Words } from '../lang/index.ts';
import { decode, RTM, readTc, type TcMessage } from '../netlink/index.ts';
import { ETH_P_ALL } from '../packet/index.ts';
import { FLOW, type FlowConfig, type FlowOptions, settle } from '../sched/flow/index.ts';
import { findQdisc } from '../sched/qdisc/index.ts';
import { tcMajor, tcMinor } from '../u32.ts';
import { HIERARCHIES } from './kinds.ts';
import { otherTarget } from './other.ts';
import type { Command, Script } from './script.ts';

/** A filter that is there when the script has ended. */
export interface FilterAt {
  readonly command: Command;
  readonly kind: string;
  readonly device: string;
  /** What it is attached to; null: the script does not make that qdisc, so nothing is known of it. */
  readonly q: Qdisc | null;
  /** Completed: a class, `major:` of the qdisc, or a hook. */
  readonly parent: number;
  readonly chain: number;
  readonly pref: number;
  /** EtherType; 3: all. */
  readonly protocol: number;
  readonly handle: number;
  /** Of a flow filter: as asked for, and as the kernel settles it. */
  readonly flow: { readonly options: FlowOptions; readonly config: FlowConfig } | null;
  /** Class that another kind's words name; null: none, or several. */
  readonly target: number | null;
}

/** A command that was refused. */
export interface Refusal {
  readonly command: Command;
  /** By the kernel; otherwise tc did not understand it. */
  readonly kernel: boolean;
  /** First sentence of what tc printed. */
  readonly sentence: string;
  /** Index of the word it is about; -1: none in particular. */
  readonly word: number;
}

/** What a request asked for, as tc sends it. */
interface Asked extends TcMessage {
  readonly type: number;
  readonly device: string;
}

type Parsed = { readonly asked: Asked | null; readonly error: UsageError | null; readonly sentence: string };

const AUTO_PREF = 0xc000;
const AUTO_FLOOR = 0x8000;
/** Enough for any mq or multiq that a script makes. */
const TX_QUEUES = 64;
/** Under a qdisc that the script does not make, others that it does not make are hung from here on. */
const SPARE_MINOR = 0xfe00;

/** The tree that a script makes: its commands run, in order, in a kernel of its own. */
export class Tree {
  readonly script: Script;
  /** Those whose qdisc is still there, in the order in which they were added. */
  filters: FilterAt[] = [];
  readonly refusals: Refusal[] = [];
  /** Every flow filter that tc understood, refused or not, with what it asks for. */
  readonly asked: { readonly command: Command; readonly options: FlowOptions }[] = [];
  private readonly netns: Netns;
  private readonly env: Env;
  private readonly origins = new Map<object, Command>();
  /** Qdiscs that stand in for those of somebody else. */
  private readonly assumed = new Set<Qdisc>();
  /** `device major` of every qdisc that the script makes, and `device root`. */
  private readonly made = new Set<string>();
  /** Kind of a qdisc that somebody else makes, from the classes that the script adds to it. */
  private readonly kinds = new Map<string, string>();
  private spare = SPARE_MINOR;
  /** The filters by place, lowest preference first; filled when the script has ended. */
  private readonly places = new Map<string, FilterAt[]>();

  constructor(script: Script, env: Env) {
    this.script = script;
    this.env = env;
    this.netns = new Netns({ env, devices: [{ name: 'lo', ifindex: 1 }] });
    for (const command of script.commands) this.foresee(command);
    const { commands } = script;
    for (const [i, command] of commands.entries()) if (!isTakenDown(command, commands, i)) this.run(command);
    this.filters = this.filters.filter(({ q, device }) => q === null || this.device(device)?.lookup(q.handle) === q);
    for (const filter of this.filters) {
      const place = this.places.get(placeOf(filter));
      if (place === undefined) this.places.set(placeOf(filter), [filter]);
      else place.push(filter);
    }
    for (const place of this.places.values()) place.sort((a, b) => a.pref - b.pref);
  }

  get devices(): readonly Device[] {
    return this.netns.devices;
  }

  device(name: string): Device | undefined {
    return this.devices.find((device) => device.name === name);
  }

  /** The script makes it; otherwise its kind, classes and place are anybody's guess. */
  known(q: Qdisc | null): q is Qdisc {
    return q !== null && !this.assumed.has(q);
  }

  /** Lines of this object (class, qdisc, filter) could not be read. */
  hides(object: string): boolean {
    return this.script.dump || this.script.unexpanded.some(({ words }) => hidden(words, object));
  }

  /** The command that made a qdisc or class. */
  origin(of: object): Command | null {
    return this.origins.get(of) ?? null;
  }

  qdiscs(): Qdisc[] {
    return this.devices
      .flatMap((device) => [device.root, ...device.listed(), device.ingress])
      .filter((q) => q !== null && this.origins.has(q)) as Qdisc[];
  }

  /** Flow filters that are asked, and whose qdisc the script makes. */
  *flows(): Generator<FilterAt & { readonly q: Qdisc; readonly flow: NonNullable<FilterAt['flow']> }> {
    for (const filter of this.filters) {
      const { q, flow } = filter;
      if (this.known(q) && flow !== null && !isDeaf(filter)) yield { ...filter, q, flow };
    }
  }

  /** Filters of the same place in the order in which they are asked. */
  beside(filter: FilterAt): readonly FilterAt[] {
    return this.places.get(placeOf(filter)) ?? [];
  }

  /** All places with filters. */
  get asking(): Iterable<readonly FilterAt[]> {
    return this.places.values();
  }

  private foresee(command: Command): void {
    const { asked } = parse(command);
    if (asked === null) return;
    const kind = asked.attributes.kind;
    if (asked.type === RTM.NEWQDISC && kind !== undefined && findQdisc(kind) !== null) {
      this.made.add(`${asked.device} ${tcMajor(asked.handle)}`);
      if (asked.parent === 0xffffffff) this.made.add(`${asked.device} root`);
      if (findQdisc(kind)?.ingress) this.made.add(`${asked.device} ${0xffff}`);
    }
    if (asked.type === RTM.NEWTCLASS && kind !== undefined) this.kinds.set(keyOf(asked), kind);
  }

  private run(command: Command): void {
    const [object = '', verb = ''] = command.words;
    if (matches(object, 'filter')) this.runFilter(command, verb);
    else if (matches(object, 'qdisc') || matches(object, 'class')) this.runObject(command);
    else this.judge(command, parse(command));
  }

  /** tc's objections to a command that only looks, or is about something else. */
  private judge(command: Command, { error, sentence }: Parsed): void {
    if (error !== null && !isOurs(error)) {
      this.refusals.push({ command, kernel: false, sentence, word: error.word });
    }
  }

  private runObject(command: Command): void {
    const parsed = parse(command);
    const { asked } = parsed;
    if (asked === null || isShow(asked.type)) {
      this.judge(command, parsed);
      return;
    }
    const kind = asked.attributes.kind;
    const isQdisc = asked.type === RTM.NEWQDISC || asked.type === RTM.DELQDISC;
    if (isQdisc && kind !== undefined && findQdisc(kind) === null) return;
    if (isMaking(asked.type)) this.provide(asked);
    this.send(command, asked);
    if (!isMaking(asked.type)) return;
    const device = this.device(asked.device);
    const q = isQdisc ? this.qdiscOf(device, asked) : (device?.lookup(majorOf(asked.handle || asked.parent)) ?? null);
    const made = isQdisc ? q : (q?.classes.get(asked.handle) ?? null);
    if (made !== null && !this.origins.has(made)) this.origins.set(made, command);
  }

  private qdiscOf(device: Device | undefined, { handle, parent }: Asked): Qdisc | null {
    if (device === undefined) return null;
    if (parent === 0xffffffff) return device.root;
    if (parent === 0xfffffff1) return device.ingress;
    return device.lookup(majorOf(handle)) ?? device.lookup(majorOf(parent))?.leaf(parent) ?? null;
  }

  private runFilter(command: Command, verb: string): void {
    const makes = ['add', 'change', 'replace'].some((known) => matches(verb, known));
    const words = new Words(command.words, 2);
    const selector = emptySelector(ETH_P_ALL);
    try {
      takeSelectors(words, selector, MODIFY);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      const [sentence = ''] = error.message.split('\n');
      this.refusals.push({ command, kernel: false, sentence, word: error.word });
      return;
    }
    const kind = words.peek();
    if (matches(verb, 'delete')) this.removeFilter(command, selector, kind);
    else if (makes && kind === 'flow') this.addFlow(command, selector);
    else if (makes && kind !== '') this.addOther(command, selector, kind);
    else this.judge(command, parse(command));
  }

  private removeFilter(command: Command, s: Selector, kind: string): void {
    const parsed = parse(command);
    this.judge(command, parsed);
    if (parsed.asked !== null) this.request(command);
    const parent = this.parentOf(s);
    const handle = parsed.asked?.handle ?? 0;
    const goes = (filter: FilterAt): boolean =>
      filter.device === s.device &&
      filter.parent === parent &&
      filter.chain === (s.chain ?? 0) &&
      (s.preference === 0 || filter.pref === s.preference) &&
      (kind === '' || filter.kind === kind) &&
      (handle === 0 || filter.handle === handle);
    const kept = this.filters.filter((filter) => !goes(filter));
    this.filters.splice(0, this.filters.length, ...kept);
  }

  /** Another classifier: only where it stands, and the class that its words name. */
  private addOther(command: Command, s: Selector, kind: string): void {
    this.provideFor(s);
    const at = this.at(s);
    this.filters.push({
      ...at,
      command,
      kind,
      pref: s.preference || this.autoPref(at),
      protocol: s.protocol,
      handle: 0,
      flow: null,
      target: otherTarget(command.words),
    });
  }

  private addFlow(command: Command, s: Selector): void {
    const parsed = parse(command);
    const { asked } = parsed;
    if (asked === null) {
      this.judge(command, parsed);
      return;
    }
    const options = decode(FLOW, asked.attributes.options ?? new Uint8Array(0));
    this.asked.push({ command, options });
    this.provideFor(s);
    const at = this.at(s);
    const changes = !matches(command.words[1] ?? '', 'add') && s.preference !== 0;
    const standing = changes
      ? this.filters.find(
          (other) =>
            other.kind === 'flow' &&
            other.handle === asked.handle &&
            other.pref === s.preference &&
            placeOf(other) === placeOf(at),
        )
      : undefined;
    const refused = this.known(at.q) ? this.send(command, asked) : this.settled(command, asked.handle, options, at.q);
    if (refused && asked.handle !== 0 && at.parent === this.parentOf(s)) return;
    const config = this.config(asked.handle || 1, options, at.q, standing?.flow?.config ?? null);
    if (config === null) return;
    if (standing !== undefined) this.filters.splice(this.filters.indexOf(standing), 1);
    const pref = s.preference || this.autoPref(at);
    const protocol = standing?.protocol ?? s.protocol;
    this.filters.push({
      ...at,
      command,
      kind: 'flow',
      pref,
      protocol,
      handle: config.handle,
      flow: { options, config },
      target: null,
    });
  }

  /** A filter of a place that nobody knows: only the rules about its own options. True if they refuse it. */
  private settled(command: Command, handle: number, options: FlowOptions, q: Qdisc | null): boolean {
    try {
      this.settle(handle, options, q, null);
      return false;
    } catch (error) {
      if (!(error instanceof KernelError)) throw error;
      const sentence = error.extack === '' ? 'RTNETLINK answers: Invalid argument' : `Error: ${error.extack}.`;
      this.refusals.push({ command, kernel: true, sentence, word: -1 });
      return true;
    }
  }

  private config(handle: number, options: FlowOptions, q: Qdisc | null, old: FlowConfig | null): FlowConfig | null {
    try {
      return this.settle(handle, options, q, old);
    } catch (error) {
      if (error instanceof KernelError) return null;
      throw error;
    }
  }

  private settle(handle: number, options: FlowOptions, q: Qdisc | null, old: FlowConfig | null): FlowConfig {
    const merged = old === null ? options : { ...options, keys: options.keys ?? old.keymask };
    return settle(null, handle, merged, {
      env: this.env,
      qdisc: q?.handle ?? 0x10000,
      sharedBlock: false,
      userNamespace: false,
      build: () => ({ match: () => true, act: () => 0 }),
      stream: 1,
    });
  }

  /** tcf_auto_prio(), over the filters of all kinds. */
  private autoPref(at: Pick<FilterAt, 'device' | 'parent' | 'chain' | 'q'>): number {
    let free = AUTO_PREF;
    for (const other of this.filters) {
      if (other.q !== at.q || other.parent !== at.parent || other.chain !== at.chain) continue;
      if (other.pref > AUTO_FLOOR && other.pref <= free) free = other.pref - 1;
    }
    return free;
  }

  private at(s: Selector): Pick<FilterAt, 'device' | 'q' | 'parent' | 'chain'> {
    const parent = this.parentOf(s);
    const device = this.device(s.device);
    const q = device?.lookup(majorOf(parent)) ?? null;
    // `parent 1` without the colon is class 0:1, which is nowhere; what was meant is looked at all the same.
    const meant = q === null && tcMajor(parent) === 0 ? (device?.lookup((parent << 16) >>> 0) ?? null) : null;
    if (meant !== null) return { device: s.device, q: meant, parent: meant.handle, chain: s.chain ?? 0 };
    return { device: s.device, q, parent, chain: s.chain ?? 0 };
  }

  /** The root qdisc's handle where the command names no parent. */
  private parentOf(s: Selector): number {
    const isRoot = s.parent === 0 || s.parent === 0xffffffff;
    return isRoot ? (this.device(s.device)?.root?.handle ?? 0) : s.parent;
  }

  /** Runs a command in the kernel; true if it was refused, which is remembered. */
  private send(command: Command, asked: Asked): boolean {
    const { exit, stderr, word } = this.request(command);
    if (exit === 0) return false;
    if (!isMaking(asked.type)) return true;
    const [sentence = ''] = stderr.split('\n');
    this.refusals.push({ command, kernel: word === null, sentence, word: word ?? -1 });
    return true;
  }

  private request(command: Command): { exit: number; stderr: string; word: number | null } {
    let word: number | null = null;
    const misunderstood = (error: UsageError): void => {
      word = error.word;
    };
    return { ...runTc(command.words, { transport: this.transport, misunderstood }), word };
  }

  /** Every device that a command names is there. */
  private get transport(): Transport {
    const index = (name: string): number => this.netns.links.index(name) || this.createDevice(name);
    return { request: (datagram) => this.netns.request(datagram), links: { ...this.netns.links, index } };
  }

  private createDevice(name: string): number {
    const ifindex = Math.max(...this.devices.map((device) => device.ifindex)) + 1;
    this.netns.addDevice({ name, ifindex, txQueues: TX_QUEUES });
    return ifindex;
  }

  /** Makes stand-ins for what a command hangs below and the script does not make. */
  private provide(asked: Asked): void {
    const { device, parent } = asked;
    if (asked.type === RTM.NEWTCLASS && (parent === 0 || parent === 0xffffffff)) {
      this.stand(device, tcMajor(asked.handle), 0);
      return;
    }
    if (parent !== 0 && parent < 0xffff0000) this.stand(device, tcMajor(parent), tcMinor(parent));
  }

  private provideFor(s: Selector): void {
    if (s.device !== '' && this.device(s.device) === undefined) this.createDevice(s.device);
  }

  private stand(name: string, major: number, minor: number): void {
    if (this.made.has(`${name} ${major}`)) return;
    if (this.made.has(`${name} root`) && !this.hides('qdisc') && !this.hides('class')) return;
    if (this.device(name) === undefined) this.createDevice(name);
    const device = this.device(name);
    const handle = (major << 16) >>> 0;
    if (device === undefined) return;
    const id = `${major.toString(16)}:`;
    const kind = this.kinds.get(`${name} ${major}`) ?? 'htb';
    if (device.lookup(handle) === null) {
      this.tell(`qdisc add dev ${name} ${this.place(device)} handle ${id} ${kind}`);
      const q = device.lookup(handle);
      if (q !== null) this.assumed.add(q);
    }
    const q = device.lookup(handle);
    if (q === null || minor === 0 || q.has(handle + minor)) return;
    this.tell(`class add dev ${name} parent ${id} classid ${id}${minor.toString(16)} ${classWords(kind)}`);
  }

  /** Where a stand-in hangs: at the root, or in a spare class of the first one. */
  private place(device: Device): string {
    const { root } = device;
    if (root === null || root.handle === 0 || !this.assumed.has(root)) return 'root';
    const major = tcMajor(root.handle).toString(16);
    const classid = `${major}:${(this.spare++).toString(16)}`;
    this.tell(`class add dev ${device.name} parent ${major}: classid ${classid} ${classWords(root.kind.kind)}`);
    return `parent ${classid}`;
  }

  private tell(line: string): void {
    runTc(line.split(' '), { transport: this.transport });
  }
}

/** Filters that are asked one after the other; a qdisc that nobody knows is one place by its name. */
function placeOf({ device, parent, chain }: Pick<FilterAt, 'device' | 'parent' | 'chain'>): string {
  return `${device} ${parent} ${chain}`;
}

/** On a leaf class of htb or hfsc, whose filters nobody asks. */
export function isDeaf({ q, parent }: Pick<FilterAt, 'q' | 'parent'>): boolean {
  if (q === null || tcMinor(parent) === 0 || !HIERARCHIES.has(q.kind.kind)) return false;
  const cl = q.classes.get(parent);
  return cl !== null && cl.children === 0 && !cl.root;
}

/** What tc would send, and what it does not understand; asked null: nothing is sent. */
function parse(command: Command): Parsed {
  const listener = new Listener();
  let error: UsageError | null = null;
  const misunderstood = (found: UsageError): void => {
    error = found;
  };
  const { stderr } = runTc(command.words, { transport: listener, misunderstood });
  const [message] = listener.requests;
  const [sentence = ''] = stderr.split('\n');
  if (message === undefined || error !== null || !isTrafficControl(message.type))
    return { asked: null, error, sentence };
  const read = readTc(message);
  return { asked: { ...read, type: message.type, device: listener.links.name(read.ifindex) ?? '' }, error, sentence };
}

const isTrafficControl = (type: number): boolean => type >= RTM.NEWQDISC && type <= RTM.GETTFILTER;
const isMaking = (type: number): boolean => (type & 3) === 0;
const isShow = (type: number): boolean => (type & 3) === 2;
/** The words are about such an object, or nobody can tell. */
function hidden([word = '']: readonly string[], object: string): boolean {
  return matches(word, object) || /[$`]/.test(word);
}

/**
 * A `stop` function behind a `start` function: a qdisc is deleted on a device for which nothing follows. What the
 * script sets up is what is to be judged.
 */
function isTakenDown({ words }: Command, commands: readonly Command[], at: number): boolean {
  if (!matches(words[0] ?? '', 'qdisc') || !matches(words[1] ?? '', 'delete')) return false;
  const device = words[words.indexOf('dev') + 1];
  return !commands
    .slice(at + 1)
    .some((later) => later.words.includes(device ?? '') && !matches(later.words[1] ?? '', 'delete'));
}

/** Words that tc knows and this program does not. */
const isOurs = (error: UsageError): boolean => error.message.includes('not supported yet') || error.message === '';
const keyOf = ({ device, handle, parent }: Asked): string => `${device} ${tcMajor(handle || parent)}`;

/** The least that a class of a kind must be told. */
function classWords(kind: string): string {
  if (kind === 'htb') return 'htb rate 1gbit';
  return kind === 'hfsc' ? 'hfsc ls rate 1gbit' : kind;
}

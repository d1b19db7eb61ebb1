import { type Judged, judge, runAssumed, type Trial } from '../command/index.ts';
import type { Env } from '../env.ts';
import { FatalUsageError, KernelError, type RefusalCode, type UsageCode, type UsageError } from '../errors.ts';
import { type Device, type FilterBlock, type KernelProto, type Made, Netns, type Qdisc } from '../kernel/index.ts';
import { matches } from '../lang/index.ts';
import { decode, RTM, readTc, splitMessages, TC_H } from '../netlink/index.ts';
import type { Bound } from '../sched/action/index.ts';
import type { FilterFacts } from '../sched/classifier/index.ts';
import { FLOW, type FlowConfig, type FlowOptions } from '../sched/flow/index.ts';
import { tcMinor } from '../u32.ts';
import { applied, type Edit, put } from './edit.ts';
import { insteadOfEsfq } from './esfq.ts';
import { classMinors, isHierarchy } from './kinds.ts';
import { type Meant, meantBy } from './meant.ts';
import { argument, type Command, flowArgument, type Script } from './script.ts';

/** A filter that is there when the script has ended, as the kernel settled it. */
export interface FilterAt {
  readonly command: Command;
  readonly kind: string;
  /** Of a shared block, the first device that uses it. */
  readonly device: string;
  readonly q: Qdisc;
  /** What it is attached to: a class, `major:` of the qdisc, a hook, or the number of a shared block. */
  readonly parent: number;
  /** Packets come by before connection tracking and routing. */
  readonly atIngress: boolean;
  readonly chain: number;
  readonly pref: number;
  /** EtherType; 3: all. */
  readonly protocol: number;
  readonly handle: number;
  /** Of a flow filter: as asked for, and as the kernel settled it. */
  readonly flow: { readonly options: FlowOptions; readonly config: FlowConfig } | null;
  /** Class that a filter of another kind names; null: none, or it depends on the packet. */
  readonly target: number | null;
  /** It takes every packet of its protocol, and never sends the search on. */
  readonly takesAll: boolean;
  /** null: of a kind that cannot be emulated. */
  readonly actions: Bound | null;
}

/** A command that was refused. */
export interface Refusal {
  readonly command: Command;
  /** tc did not understand it, or the kernel did not want it. */
  readonly by: 'tc' | 'kernel';
  readonly code: RefusalCode | UsageCode | null;
  /** What the kernel's rule is about. */
  readonly attribute: string | null;
  /** First sentence of what tc printed. */
  readonly sentence: string;
  /** Index of the word it is about; -1: none in particular. */
  readonly word: number;
  /** tc then exits, so that a batch ends here (quirk 51). */
  readonly endsBatch: boolean;
  /** What was plainly meant; null: that is not known. */
  readonly mend: readonly Edit[] | null;
  /** What may have been meant by a word; null: no known word is near. */
  readonly meant: Meant['words'] | null;
}

/** A word that tc takes and that is not modelled here. */
export interface Unmodelled {
  readonly command: Command;
  /** Index of the word. */
  readonly word: number;
  readonly why: string;
}

/** What a script sets up: every command was run, in order, in an emulated kernel, and this reads what is there then. */
export class Setup {
  readonly script: Script;
  /** Lines that were run before the script, since it builds on what they make. */
  readonly assumed: readonly string[];
  /** Those of them that the script has not replaced. */
  readonly standing: readonly string[];
  readonly refusals: readonly Refusal[];
  readonly notModelled: readonly Unmodelled[];
  /** Every flow filter that tc understood, refused or not, with what it asks for. */
  readonly asked: readonly { readonly command: Command; readonly options: FlowOptions }[];
  /** In the order of their commands. */
  readonly filters: readonly FilterAt[];
  private readonly kernel: Kernel;
  /** The filters by place, lowest preference first. */
  private readonly places = new Map<string, FilterAt[]>();
  /** Minors that filters of a qdisc give to more than some protocols, by these, once they were counted. */
  readonly minorsGiven = new Map<Qdisc, Map<string, ReadonlySet<number> | 'all'>>();
  private readonly minorsOfClasses = new Map<Qdisc, ReadonlySet<number>>();
  private readonly byQdisc = new Map<Qdisc, FilterAt[]>();
  /** By the name of the device that their actions send packets to. */
  private readonly byTarget = new Map<string, FilterAt[]>();

  constructor(script: Script, env: Env, { txQueues }: { readonly txQueues?: number | undefined } = {}) {
    this.script = script;
    const { trial, assumed, standing: left } = runAssumed(script.commands, () => new Kernel(env, txQueues));
    this.assumed = assumed;
    this.standing = left;
    this.refusals = trial.refusals.map((refusal, i) => (i < MOST_GUESSES ? guessed(refusal) : refusal));
    this.notModelled = [...trial.notModelled].flatMap(([command, words]) =>
      words.map((word) => ({ command, ...word })),
    );
    this.asked = trial.asked;
    this.kernel = standing(script.commands, trial, this.refusals, assumed, () => new Kernel(env, txQueues));
    this.filters = this.kernel.filters(script.commands);
    for (const filter of this.filters) {
      addTo(this.places, placeOf(filter), filter);
      addTo(this.byQdisc, filter.q, filter);
      for (const ifindex of filter.actions?.targets ?? []) {
        addTo(this.byTarget, this.kernel.netns.links.name(ifindex) ?? '', filter);
      }
    }
    for (const place of this.places.values()) place.sort((a, b) => a.pref - b.pref);
  }

  get devices(): readonly Device[] {
    return this.kernel.netns.devices;
  }

  device(name: string): Device | undefined {
    return this.devices.find((device) => device.name === name);
  }

  /** The script makes it; of what is assumed, kind, classes and place are anybody's guess. */
  known(q: Qdisc | null): q is Qdisc {
    return q !== null && this.kernel.origins.has(q);
  }

  /** Lines of this object (class, qdisc, filter) could not be read, or nobody asked tc for them. */
  hides(object: string): boolean {
    const { dump, commands, unexpanded } = this.script;
    const isAsked = !dump || commands.some(({ words }) => words[0] === object);
    return !isAsked || unexpanded.some(({ words }) => hidden(words, object));
  }

  /** The command that made a qdisc or class. */
  origin(of: object): Command | null {
    return this.kernel.origins.get(of) ?? null;
  }

  qdiscs(): Qdisc[] {
    return this.devices.flatMap(qdiscsOf).filter((q) => this.known(q));
  }

  /** Flow filters that are asked, and whose qdisc the script makes. */
  *flows(): Generator<FilterAt & { readonly flow: NonNullable<FilterAt['flow']> }> {
    for (const filter of this.filters) {
      const { q, flow } = filter;
      if (this.known(q) && flow !== null && !isDeaf(filter)) yield { ...filter, flow };
    }
  }

  /** Filters of the same place in the order in which they are asked. */
  beside(filter: FilterAt): readonly FilterAt[] {
    return this.places.get(placeOf(filter)) ?? [];
  }

  /** The classes of a qdisc, by minor. */
  classMinors(q: Qdisc): ReadonlySet<number> {
    const minors = this.minorsOfClasses.get(q) ?? new Set(classMinors(q));
    this.minorsOfClasses.set(q, minors);
    return minors;
  }

  /** Filters of a qdisc and of its classes. */
  on(q: Qdisc): readonly FilterAt[] {
    return this.byQdisc.get(q) ?? [];
  }

  /** Filters whose actions send packets to a device. */
  sending(device: string): readonly FilterAt[] {
    return this.byTarget.get(device) ?? [];
  }

  /** All places with filters. */
  get asking(): Iterable<readonly FilterAt[]> {
    return this.places.values();
  }
}

function addTo<K>(map: Map<K, FilterAt[]>, key: K, filter: FilterAt): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [filter]);
  else list.push(filter);
}

/** Filters that are asked one after the other. */
function placeOf({ device, parent, chain }: Pick<FilterAt, 'device' | 'parent' | 'chain'>): string {
  return `${device} ${parent} ${chain}`;
}

/** On a leaf class of htb or hfsc, whose filters nobody asks. */
export function isDeaf({ q, parent }: Pick<FilterAt, 'q' | 'parent'>): boolean {
  if (tcMinor(parent) === 0 || !isHierarchy(q)) return false;
  const cl = q.classes.get(parent);
  return cl !== null && cl.children === 0 && !cl.root;
}

function refusalOf(command: Command, refusal: KernelError | UsageError, { stderr }: Judged): Refusal {
  const [sentence = ''] = stderr.split('\n');
  const kernel = refusal instanceof KernelError;
  return {
    command,
    by: kernel ? 'kernel' : 'tc',
    code: refusal.code,
    attribute: kernel ? refusal.attribute : null,
    sentence,
    word: kernel ? -1 : refusal.word,
    endsBatch: refusal instanceof FatalUsageError,
    mend: mendOf(command, refusal),
    meant: null,
  };
}

/** Of a script in which more is refused, the words of the first refusals only: it suffers from something else. */
const MOST_GUESSES = 200;
const KINDS: ReadonlySet<string> = new Set(['qdisc-kind-unknown', 'filter-kind-unknown']);

/** With the word that may have been meant, and the finding at the one that stands in its place. */
function guessed(refusal: Refusal): Refusal {
  const { command, by, code, word, mend } = refusal;
  // Behind the name of a kind that it does not know, tc takes no word.
  const at = by === 'tc' ? word : KINDS.has(code ?? '') ? command.words.length - 1 : -1;
  if (at < 0 || mend !== null || insteadOfEsfq(command) !== null) return refusal;
  const meant = meantBy(command.words, at);
  return meant === null
    ? refusal
    : { ...refusal, attribute: null, word: meant.at, mend: meant.mend, meant: meant.words };
}

/** Of a refusal whose mend leaves no doubt: a flow filter's handle, a block's base class, or the colon of a parent. */
function mendOf(command: Command, { code }: KernelError | UsageError): Edit[] | null {
  const { words } = command;
  const flow = words.indexOf('flow', 2);
  if (code === 'needs-handle' && flow > 0) return [{ at: flow, remove: 0, insert: ['handle', '1'] }];
  if (code === 'needs-baseclass') {
    // Blocks are those of ingress and clsact, whose handle is ffff: always.
    const given = flowArgument(command, 'baseclass');
    const [, minor = '1'] = /:([0-9a-f]+)$/.exec(words[given] ?? '') ?? [];
    return given > 0 ? [put(given, `ffff:${minor}`)] : [{ at: flow + 1, remove: 0, insert: ['baseclass', 'ffff:1'] }];
  }
  const at = argument(command, 'parent');
  const bare = code === 'qdisc-not-found' && /^[0-9a-f]{1,4}$/.test(words[at] ?? '');
  return bare && words[0] === 'filter' ? [put(at, `${words[at]}:`)] : null;
}

/** A kernel in which a script's commands are run, and which command each object comes from. */
class Kernel implements Trial<Command> {
  readonly netns: Netns;
  readonly refusals: Refusal[] = [];
  readonly notModelled = new Map<Command, Judged['notModelled']>();
  readonly asked: { readonly command: Command; readonly options: FlowOptions }[] = [];
  /** The first command that made a qdisc or class. */
  readonly origins = new Map<object, Command>();
  private readonly assumed = new Set<object>();
  /** The last command that made or changed each filter. */
  private readonly makers = new Map<KernelProto, Map<number, Command>>();
  private readonly tc: (words: readonly string[]) => Judged;
  /** What is being run; null: an assumed line. */
  private command: Command | null = null;

  constructor(env: Env, txQueues: number | undefined) {
    this.netns = new Netns({ env, devices: [{ name: 'lo', ifindex: 1 }] });
    const made = (object: Made): void => {
      if ('proto' in object) this.noteFilter(object.proto, object.handle);
      else this.noteObject('qdisc' in object ? object.qdisc : object.class);
    };
    this.tc = judge(this.netns, {
      txQueues,
      watch: { made },
      sent: (datagram) => this.noteAsked(datagram),
    });
  }

  assume(words: readonly string[]): Judged {
    this.command = null;
    return this.tc(words);
  }

  run(command: Command, words = command.words): Judged {
    this.command = command;
    // A line that is run once more, since what it lacked is there now.
    if (this.refusals.at(-1)?.command === command) this.refusals.pop();
    const judged = this.tc(words);
    if (judged.notModelled.length > 0) this.notModelled.set(command, judged.notModelled);
    if (judged.refusal !== null) this.refusals.push(refusalOf(command, judged.refusal, judged));
    return judged;
  }

  private noteAsked(datagram: Uint8Array): void {
    const { command } = this;
    if (command === null || messageType(datagram) !== RTM.NEWTFILTER) return;
    for (const message of splitMessages(datagram)) {
      const { kind, options } = readTc(message).attributes;
      if (kind === 'flow') this.asked.push({ command, options: decode(FLOW, options ?? new Uint8Array(0)) });
    }
  }

  private noteObject(object: object): void {
    if (this.command === null) this.assumed.add(object);
    else if (!this.origins.has(object) && !this.assumed.has(object)) this.origins.set(object, this.command);
  }

  private noteFilter(proto: KernelProto, handle: number): void {
    const { command } = this;
    if (command === null) return;
    const makers = this.makers.get(proto);
    if (makers === undefined) this.makers.set(proto, new Map([[handle, command]]));
    else makers.set(handle, command);
  }

  /** The filters that are there, in the order of the commands. */
  filters(commands: readonly Command[]): FilterAt[] {
    const order = new Map(commands.map((command, i) => [command, i]));
    const seen = new Set<FilterBlock>();
    return this.netns.devices
      .flatMap(qdiscsOf)
      .flatMap((q) => blocksOf(q).flatMap((at) => this.filtersAt(q, at, seen)))
      .sort((a, b) => (order.get(a.command) ?? 0) - (order.get(b.command) ?? 0));
  }

  private filtersAt(q: Qdisc, { block, parent, atIngress }: BlockAt, seen: Set<FilterBlock>): FilterAt[] {
    if (seen.has(block)) return [];
    seen.add(block);
    const where = { q, device: q.device.name, parent: block.shared ? block.index : parent, atIngress };
    return block.chains.flatMap((chain) =>
      chain.protos.flatMap((proto) =>
        this.filtersOf(proto).map((filter) => ({
          ...where,
          ...filter,
          kind: proto.kind,
          chain: chain.index,
          pref: proto.pref,
          protocol: proto.protocol,
        })),
      ),
    );
  }

  private filtersOf(proto: KernelProto): OneFilter[] {
    const makers = this.makers.get(proto) ?? new Map<number, Command>();
    const facts = proto.classifier.facts();
    // Of a kind that cannot be emulated, and of fw without options, only the handles are known.
    if (facts.length === 0) return [...makers].map(([handle, command]) => ({ ...NO_FACTS, handle, command }));
    return facts.flatMap((fact) => {
      const command = makers.get(fact.handle);
      return command === undefined ? [] : [{ ...factsAt(proto, fact), command }];
    });
  }
}

type OneFilter = Pick<FilterAt, 'command' | 'handle' | 'flow' | 'target' | 'takesAll' | 'actions'>;
const NO_FACTS = { flow: null, target: null, takesAll: false, actions: null } as const;

function factsAt(proto: KernelProto, { handle, classid, takesAll, actions }: FilterFacts): Omit<OneFilter, 'command'> {
  const filter = proto.classifier.flow?.get(handle) ?? null;
  const flow = filter === null ? null : { options: filter.options, config: filter };
  return { handle, flow, target: classid, takesAll, actions };
}

/** A block, and what it is attached to. */
interface BlockAt {
  readonly block: FilterBlock;
  readonly parent: number;
  readonly atIngress: boolean;
}

/** The blocks of a qdisc: its own (of ingress and clsact, the hooks), and those of its classes. */
function blocksOf(q: Qdisc): BlockAt[] {
  const own: BlockAt[] = [];
  const { block, egressBlock } = q;
  const hooks = q.kind.ingress;
  if (block !== null) own.push({ block, parent: egressBlock === null ? q.handle : TC_H.MIN_INGRESS, atIngress: hooks });
  if (egressBlock !== null) own.push({ block: egressBlock, parent: TC_H.MIN_EGRESS, atIngress: false });
  for (const cl of q.classes.walk())
    if (cl.block !== null) own.push({ block: cl.block, parent: cl.id, atIngress: false });
  return own;
}

function qdiscsOf(device: Device): Qdisc[] {
  return [device.root, ...device.listed(), device.ingress].filter((q) => q !== null);
}

/** nlmsg_type of a datagram's first message. */
function messageType(datagram: Uint8Array): number {
  return (datagram[4] ?? 0) | ((datagram[5] ?? 0) << 8);
}

/** The words are about such an object, or nobody can tell. */
function hidden([word = '']: readonly string[], object: string): boolean {
  return matches(word, object) || /[$`]/.test(word);
}

/**
 * The kernel whose tree is judged: before a `stop` function behind a `start` function takes it down, and with the lines
 * in which what was meant is plain.
 */
function standing(
  commands: readonly Command[],
  trial: Kernel,
  refusals: readonly Refusal[],
  assumed: readonly string[],
  fresh: () => Kernel,
): Kernel {
  const left = withoutTeardown(commands);
  const mends = new Map(refusals.flatMap(({ command, mend }) => (mend === null ? [] : [[command, mend]])));
  if (left.length === commands.length && mends.size === 0) return trial;
  if (mends.size > 0) return asMeant(left, mends, fresh);
  const kernel = fresh();
  for (const line of assumed) kernel.assume(line.split(' '));
  for (const command of left) kernel.run(command);
  return kernel;
}

/** Where a line makes what another needs as soon as it is mended, that is assumed no longer. */
function asMeant(
  commands: readonly Command[],
  mends: ReadonlyMap<Command, readonly Edit[]>,
  fresh: () => Kernel,
): Kernel {
  const lines = commands.map((command) => ({ command, words: applied(command.words, mends.get(command) ?? []) }));
  const { trial } = runAssumed(lines, () => {
    const kernel = fresh();
    return {
      kernel,
      run: ({ command, words }: (typeof lines)[number]) => kernel.run(command, words),
      assume: (words: readonly string[]) => kernel.assume(words),
    };
  });
  return trial.kernel;
}

/** Without deletions of qdiscs on a device for which only deletions follow. */
function withoutTeardown(commands: readonly Command[]): Command[] {
  const built = new Set<string>();
  return [...commands]
    .reverse()
    .filter(({ words }) => {
      const device = words[words.indexOf('dev') + 1] ?? '';
      const deletes = matches(words[1] ?? '', 'delete');
      if (deletes && matches(words[0] ?? '', 'qdisc')) return built.has(device);
      if (!deletes) built.add(device);
      return true;
    })
    .reverse();
}

import { checkFrame } from './argument.ts';
import type { Frame } from './capture/index.ts';
import type { Tracker } from './conntrack/index.ts';
import { type Clock, createPacket, type Env } from './env.ts';
import { type Crossing, NOT_AT_HOOK } from './hook/index.ts';
import { type Evaluated, type FlowFilterAt, isList, type Journey, NONE } from './kernel/index.ts';
import { covers, Printer } from './lang/index.ts';
import { AttrWriter, decode } from './netlink/index.ts';
import {
  AddrType,
  applyMetadata,
  Ct,
  type Device,
  type Exactness,
  enter,
  exactnessOf,
  FlowKeys,
  hasConnection,
  Input,
  type Metadata,
  type Packet,
  weaker,
} from './packet/index.ts';
import { type Around, type Asked, type FilterPlan, kernelOf } from './plan.ts';
import { Fates, type FilterRow, type FullTable, Sharing, Tally } from './report/index.ts';
import type { Marks } from './ruleset/index.ts';
import {
  dumpFlow,
  FLOW,
  type FlowFilter,
  hostRule,
  type Known,
  knownBits,
  NEEDS_DISSECT,
  optionsOf,
  printFlow,
} from './sched/flow/index.ts';
import { Asks } from './sched/notation.ts';
import { classidText } from './u32.ts';
import { UNSPEC, Verdict, verdictName } from './verdict.ts';

export interface RunOptions {
  readonly env: Env;
  /** The clock behind `env.now()`; the run sets it to each packet's capture time. */
  readonly clock: Clock;
  readonly device: Device;
  /** In order of preference: 1, 2, …; each attached with `protocol all`, handle 0x1. */
  readonly filters: readonly FilterPlan[];
  /** A kernel that was told its filters otherwise, by a script; `filters` is not looked at then. */
  readonly kernel?: Asked | undefined;
  /** Sets, and who is told of copies, for `filters`; `kernel` was given its own. */
  readonly around?: Around;
  /** Which of the kernel's two boot secrets were told. */
  readonly known: Known;
  readonly metadata: Metadata;
  /** Conntrack for whatever asks for a packet's connection; null: nothing is tracked. */
  readonly tracker: Tracker | null;
  /** Whether to count flows and hosts: memory then grows with their number. */
  readonly sharing: boolean;
  /** Rules of the router that write marks before packets come to the egress hook of `device`. */
  readonly marks?: { readonly rules: Marks; readonly device: string | null } | null | undefined;
  /** From where packets were captured to the hook; absent: all of them come to the hook as they stand. */
  readonly crossing?: Crossing | undefined;
}

/** Reason of a packet that every filter was asked about. */
export const NO_FILTER = 'no filter took it';

/** nf_conntrack_core.c: nf_conntrack_in() — "nf_conntrack: table full, dropping packet". */
export const TABLE_FULL = 'dropped by conntrack: its table is full';

/** Why a packet about which the filters said this has no class; null: it has one. */
export function reasonOf(verdict: Verdict): string | null {
  return verdict < 0 ? NO_FILTER : (TAKEN.get(verdict) ?? null);
}

/** Verdicts after which the packet does not go on to a class. */
const TAKEN: ReadonlyMap<Verdict, string> = new Map(
  [Verdict.SHOT, Verdict.STOLEN, Verdict.QUEUED, Verdict.TRAP, Verdict.CONSUMED].map((verdict) => [
    verdict,
    `taken by an action: ${verdictName(verdict)}`,
  ]),
);

/** A flow filter that the run may ask: where it is, and what was typed. */
export interface RunFilter extends FlowFilterAt {
  readonly spec: string;
  /** As it is now: perturbation puts another in its place. */
  readonly filter: FlowFilter;
}

/**
 * The whole walk, one packet at a time: frame → link → metadata and conntrack → filters → counts.
 * Its fields tell about the packet that step() saw last; they are overwritten by the next.
 */
export class Run {
  readonly tally = new Tally();
  /** Where packets ended; null: no tree is walked, as only one list of filters is asked. */
  readonly fates: Fates | null;
  readonly sharing: Sharing | null;
  readonly packet: Packet;
  /** Number of the packet, counted from 1 over all captures. */
  number = 0;
  /** Name of the packet's capture, where whoever reads it says so; '': nobody does. */
  file = '';
  /** Why the packet has no class; null if it has one. */
  reason: string | null = null;
  verdict: Verdict = UNSPEC;
  exactness: Exactness = 'exact';
  /** The packet does not come to the hook: `reason` says why. It is counted apart. */
  isElsewhere = false;
  /** Bytes of the frame on the wire, link header included. */
  length = 0;
  classid = 0;
  /** Preference and handle of the filter that answered; 0: none did. */
  pref = 0;
  handle = 0;
  /** The inputs (bits of Input) that the result rests on and that are not known. */
  rests = 0;

  readonly options: RunOptions;
  readonly kernel: Asked;
  /** Index of the device whose filters are asked; 0: it has no name of its own. */
  private readonly dev: number;
  /** What every result rests on from here on: bits of Input. */
  assumed: number;
  /** Number of the packet for which the connection table had no room first; 0: it had room for all. */
  private fullFrom = 0;
  /** What is known of every packet: bits of Input. */
  private readonly known: number;
  /** Connections are followed. At ingress none is attached, but connmark and its like look into the table. */
  readonly tracks: boolean;
  /** What filters and actions on the way read of a packet's connection: bits of Asks. */
  private readonly asks: number;
  /** Whether the last flow filter on the way is noted: it decides whose packet it is. */
  notesFilter: boolean;
  /** The last flow filter that wanted the packet, and what it saw; null: none did. */
  private filter: FlowFilter | null = null;
  private seen: FlowKeys | null = null;
  /** The frame holds a packet, which can be dissected. */
  isEntered = false;
  /** The packet was put to the filters: the kernel knows its way. */
  isWalked = false;
  private frame: Frame | null = null;
  /** The frame as it came, where actions have changed the packet. */
  private readonly unchanged: Packet;
  /** Why packets have no class that come to a filter that nobody here can evaluate, by its number in the plan. */
  private readonly unknowns: string[] = [];
  private readonly ct = new Ct();
  private readonly found = new Ct();
  /** The table has had the packet's entry before it came to the hook: at ingress it is no new one. */
  private isLookedUp = false;
  private readonly flow = new FlowKeys();
  /** Time of the first packet. */
  readonly began = { seconds: 0, nanoseconds: 0 };

  /** Throws the KernelError of the first filter that the kernel would refuse. */
  constructor(options: RunOptions) {
    this.options = options;
    this.packet = createPacket(options.env);
    this.unchanged = createPacket(options.env);
    this.sharing = options.sharing ? new Sharing() : null;
    this.notesFilter = options.sharing;
    this.kernel = options.kernel ?? kernelOf(options.filters, options.env, options.device.hook, options.around);
    this.fates = options.kernel === undefined || isList(this.kernel.place) ? null : new Fates(this.kernel.netns);
    const { assumed: isDrawn, asks } = this.kernel.netns.survey(this.kernel.place);
    this.asks = asks;
    const isSetUp = (options.kernel?.assumed ?? []).length > 0;
    this.assumed = (isDrawn ? Input.DRAWN : 0) | (isSetUp ? Input.SET_UP : 0);
    this.known = knownBits(options.known);
    this.dev = options.kernel === undefined ? 0 : this.kernel.netns.links.index(this.kernel.place.dev);
    if (options.tracker !== null) options.tracker.notesStart = options.marks != null;
    const isAsked = this.isAttached ? asks !== 0 || options.marks?.rules.tracks === true : (asks & Asks.ENTRY) !== 0;
    this.tracks = options.tracker !== null && (isAsked || options.crossing?.needsConnections === true);
  }

  /** The flow filters that may be asked, in order. */
  get filters(): RunFilter[] {
    const { netns, place } = this.kernel;
    return netns.flowFilters(place).flatMap((at) => {
      const filter = at.classifier.get(at.handle);
      return filter === null ? [] : [{ ...at, filter, spec: this.specOf(at, filter) }];
    });
  }

  private specOf({ pref }: FlowFilterAt, filter: FlowFilter): string {
    const typed = this.options.kernel === undefined ? this.options.filters[pref - 1]?.spec : undefined;
    if (typed !== undefined) return typed;
    const w = new AttrWriter();
    dumpFlow(optionsOf(filter, this.options.env.hz), w);
    const out = new Printer();
    printFlow(filter.handle, decode(FLOW, w.done()), out);
    return `flow ${out.toString().trim()}`;
  }

  /** The filters as they are used, for the reports: call before the first packet, as perturbation changes hashrnd. */
  filterRows(): FilterRow[] {
    const told = this.options.kernel !== undefined;
    return this.filters.map(({ list, chain, pref, handle, spec, filter }) => ({
      ...(told ? { parent: classidText(list) } : {}),
      ...(chain === 0 ? {} : { chain }),
      pref,
      handle: `0x${handle.toString(16)}`,
      spec,
      hashrnd: `0x${filter.hashrnd.toString(16).padStart(8, '0')}`,
      from: filter.hashrndTold ? 'given' : 'seed',
    }));
  }

  /** Whether some filter or action reads the packet's connection, so that connections must be followed. */
  get needsConntrack(): boolean {
    return this.asks !== 0;
  }

  /** Some key is of the connection that is attached to the packet, and at this hook none is. */
  get fallsBack(): boolean {
    return (this.asks & Asks.TUPLE) !== 0 && !this.isAttached;
  }

  private get isAttached(): boolean {
    return hasConnection(this.options.device.hook);
  }

  /** Classifies one frame and counts it. */
  step(frame: Frame): void {
    this.prepare(frame);
    this.conclude();
  }

  /** Asks the filters about the prepared packet, and counts it. */
  conclude(): void {
    if (this.reason === null) {
      this.classify();
      this.judge();
    }
    this.count();
  }

  /** Everything before the filters are asked: the packet as the kernel would have it at the hook. */
  prepare(frame: Frame): void {
    checkFrame(frame);
    const { device, metadata, tracker, env, crossing } = this.options;
    const p = this.packet;
    this.number++;
    this.length = Math.max(frame.length, frame.end - frame.at);
    this.setClock(frame);
    this.verdict = UNSPEC;
    this.exactness = 'exact';
    this.rests = 0;
    this.isWalked = this.isElsewhere = false;
    this.filter = this.seen = null;
    this.frame = frame;
    this.reason = enter(frame, p, device);
    this.isEntered = this.reason === null;
    if (!this.isEntered) return;
    p.given |= this.known;
    p.dev = this.dev;
    const elsewhere = crossing?.arrive(frame, p) ?? null;
    const isTracked = tracker !== null && this.tracks && this.track(tracker);
    if (tracker !== null && this.reason === null) this.mark(tracker, elsewhere);
    const unreached = elsewhere ?? crossing?.cross(frame, p, isTracked ? tracker : null) ?? null;
    if (unreached !== null) {
      this.reason = unreached;
      this.isElsewhere = true;
      return;
    }
    if (tracker !== null && this.tracks && this.isLookedUp) this.look(tracker);
    if (metadata.byPrefix.length > 0) env.era.dissect(p, this.flow);
    applyMetadata(metadata, this.number, p, this.flow);
  }

  /** Connections whose ports behind NAT another one had; counted where packets pass the router. */
  get portsTaken(): number {
    const { tracker, crossing } = this.options;
    return crossing?.needsConnections === true ? (tracker?.portsTaken ?? 0) : 0;
  }

  /** What became of packets as the connection table was full; null: it was not. */
  get fullTable(): FullTable | null {
    const { tracker } = this.options;
    if (tracker === null || this.fullFrom === 0) return null;
    const { max, evicted, dropped } = tracker;
    return { max, from: this.fullFrom, evicted, dropped };
  }

  /** The router's rules give marks, also to connections of packets that go elsewhere; the same packet once. */
  private mark(tracker: Tracker, elsewhere: string | null): void {
    const { marks } = this.options;
    if (marks == null || elsewhere === NOT_AT_HOOK.otherSide || elsewhere === NOT_AT_HOOK.interface) return;
    const { packet, frame, options } = this;
    const incoming = frame === null ? null : (options.crossing?.incoming(frame) ?? null);
    marks.rules.run(packet, tracker, elsewhere === null ? marks.device : null, incoming);
  }

  /**
   * Gives the packet its connection. Where the kernel has no room for a new one, the packet ends here. At ingress all this
   * comes later. Returns whether it has one.
   */
  private track(tracker: Tracker): boolean {
    const { packet, isAttached } = this;
    const { now } = this.options.clock;
    const { dropped, size } = tracker;
    const isFound = tracker.track(packet, this.ct, now);
    if (isFound && isAttached) packet.ct = this.ct;
    this.isLookedUp = isAttached || tracker.size <= size;
    if (this.fullFrom === 0 && tracker.wasFull) {
      this.fullFrom = this.number;
      this.assumed |= Input.FULL_TABLE;
    }
    if (tracker.dropped === dropped || !isAttached) return isFound;
    this.reason = TABLE_FULL;
    this.judge();
    return false;
  }

  /** Shows the packet what a look into the table finds for it, with the headers that it has at the hook. */
  private look(tracker: Tracker): void {
    const { packet, found, asks, options } = this;
    if ((asks & Asks.ENTRY) !== 0 && tracker.look(packet, found, options.clock.now)) packet.entry = found;
  }

  /** The packet's way through the tree; null: none was walked. Good until the next packet. */
  get journey(): Journey | null {
    return this.isWalked ? this.kernel.netns.journey() : null;
  }

  /** Number of the packet's end; NONE: no tree was walked. */
  get end(): number {
    return this.isWalked && this.fates !== null ? this.kernel.netns.end : NONE;
  }

  /** Past the filters, or through the whole tree. The class is the one that the last list on the way gave. */
  private classify(): void {
    const { netns, place } = this.kernel;
    this.filter = this.seen = null;
    const { answer, unknown } = netns.walk(this.packet, place, this.notesFilter ? this.evaluated : null);
    this.isWalked = true;
    if (this.fates !== null) this.fates.add(netns.end, this.length);
    if (unknown !== NONE || netns.endIsUnknowable) {
      this.reason = unknown === NONE ? this.lostBelow() : this.unknowable(unknown);
      this.exactness = 'unknowable';
      return;
    }
    this.verdict = answer.verdict;
    this.classid = answer.classid;
    this.pref = answer.pref;
    this.handle = answer.handle;
    this.reason = reasonOf(answer.verdict);
    if (this.sharing !== null && this.reason === null) this.share(this.sharing);
  }

  /** What the walk has come to rests on what was read on the way. */
  private judge(): void {
    const { rests, wayRests } = this.packet;
    this.rests = rests | wayRests | this.assumed;
    this.exactness = weaker(this.exactness, exactnessOf(this.rests));
  }

  /** Flow filters on the way: the last decides whose packet it is. */
  private readonly evaluated: Evaluated = ({ classifier: { flow: classifier } }, verdict) => {
    const filter = classifier?.matched ?? null;
    if (classifier === null || filter === null || verdict < 0) return;
    this.filter = filter;
    this.seen = classifier.flow;
  };

  private unknowable(proto: number): string {
    const known = this.unknowns[proto];
    if (known !== undefined) return known;
    const filter = this.kernel.netns.filterAt(proto);
    const name = filter === null ? 'a filter' : `a ${filter.kind} filter, pref ${filter.pref},`;
    const reason = `unknowable: ${name} cannot be emulated`;
    this.unknowns[proto] = reason;
    return reason;
  }

  /** The way is lost at a qdisc: by its kind, or as the packet's transmit queue is not known. */
  private lostBelow(): string {
    const { kind = 'qdisc', qdisc = '', by } = this.kernel.netns.ends.names(this.end);
    if (by === 'queue') return `unknowable: ${kind} ${qdisc} chooses by transmit queue, which is not known`;
    return `unknowable: the qdisc ${kind} ${qdisc} is not modelled`;
  }

  private count(): void {
    const { tally } = this;
    if (this.isElsewhere) {
      tally.pass(this.reason ?? '', this.length);
      return;
    }
    tally.rest(this.rests);
    tally.results[this.exactness]++;
    if (this.reason !== null) {
      tally.miss(this.reason, this.length);
      return;
    }
    tally.add(this.classid, this.length);
    tally.exactness[this.exactness]++;
  }

  /** Remembers the packet's flow and host under its class; packets without an IP address have neither. */
  private share(sharing: Sharing): void {
    const { addrType, addr, ipProto, ports } = this.dissected();
    const words = ADDRESS_WORDS[addrType] ?? 0;
    if (words === 0) return;
    sharing.flow[1] = ipProto;
    sharing.flow[2] = ports;
    copy(addr, 0, sharing.flow, 3, 2 * words);
    if (this.writeHost(addr, words, sharing.host, 1)) sharing.add(this.classid, words === V6);
  }

  /**
   * Writes the address of the host whose packet the last one is, one word of IPv4 or four of IPv6, and returns how many;
   * 0: it is nobody's. That is known of packets that were put to the filters, where `notesFilter` was set.
   */
  readHost(row: Int32Array, at: number): number {
    if (!this.isWalked) return 0;
    const { addrType, addr } = this.dissected();
    const words = ADDRESS_WORDS[addrType] ?? 0;
    return words > 0 && this.writeHost(addr, words, row, at) ? words : 0;
  }

  /**
   * The host is the one behind the router where that is known, or the source as it came to the hook, unless a flow filter on
   * the way has keys that name another. Where prefixes say which addresses are hosts, it is the first that lies in one: this,
   * the packet's two ends, those of its connection. False: none does.
   */
  private writeHost(addr: Int32Array, words: number, row: Int32Array, at: number): boolean {
    const { packet, filter, options } = this;
    const { isDestination, isTuple } = hostRule(filter?.keymask ?? 0);
    const { ct } = packet;
    const own = isDestination ? words : 0;
    const { crossing } = options;
    const host = crossing?.host ?? null;
    if (host !== null) copy(host, 0, row, at, words);
    else if (isTuple && ct !== null) copy(isDestination ? ct.dst : ct.src, 0, row, at, words);
    else copy(addr, own, row, at, words);
    const hosts = crossing?.options.hosts ?? [];
    if (hosts.length === 0) return true;
    const family = words === V6 ? 6 : 4;
    const isHost = (): boolean => hosts.some((prefix) => covers(prefix, family, row.subarray(at, at + words)));
    if (isHost()) return true;
    for (const from of [own, words - own]) {
      copy(addr, from, row, at, words);
      if (isHost()) return true;
    }
    for (const address of ct === null ? [] : [ct.src, ct.dst]) {
      copy(address, 0, row, at, words);
      if (isHost()) return true;
    }
    return false;
  }

  /** The packet as the flow filter saw it, or as it came. */
  dissected(): FlowKeys {
    const { filter, seen } = this;
    return filter !== null && seen !== null && (filter.keymask & NEEDS_DISSECT) !== 0 ? seen : this.captured();
  }

  /** The packet as it was captured, before it was translated or changed. */
  captured(): FlowKeys {
    const { packet, flow, frame, unchanged, options } = this;
    let p = packet;
    if (frame !== null && packet.data !== frame.data) {
      enter(frame, unchanged, options.device);
      p = unchanged;
    }
    options.env.era.dissect(p, flow);
    return flow;
  }

  private setClock({ seconds, nanoseconds }: Frame): void {
    const { began } = this;
    if (this.number === 1) Object.assign(began, { seconds, nanoseconds });
    this.options.clock.now = (seconds - began.seconds) * 1e9 + (nanoseconds - began.nanoseconds);
  }
}

const V6 = 4;
/** Words of an address, by its type; others have none. */
const ADDRESS_WORDS: Readonly<Record<number, number>> = { [AddrType.IPV4]: 1, [AddrType.IPV6]: V6 };

function copy(from: Int32Array, at: number, to: Int32Array, position: number, count: number): void {
  for (let i = 0; i < count; i++) to[position + i] = from[at + i] ?? 0;
}

import type { Frame } from './capture/index.ts';
import type { Tracker } from './conntrack/index.ts';
import { type Clock, createPacket, type Env } from './env.ts';
import type { ChainResult } from './kernel/chain/index.ts';
import type { Fate, FilterId, Journey, TreeProto } from './kernel/index.ts';
import { type FlowFilterAt, isList } from './kernel/index.ts';
import { Printer } from './lang/index.ts';
import { AttrWriter, decode } from './netlink/index.ts';
import {
  AddrType,
  applyMetadata,
  Ct,
  type Device,
  type Exactness,
  enter,
  FlowKeys,
  type Metadata,
  type Packet,
  weaker,
} from './packet/index.ts';
import { type Around, type Asked, type FilterPlan, kernelOf } from './plan.ts';
import { Fates, type FilterRow, Sharing, Tally } from './report/index.ts';
import {
  classExactness,
  dumpFlow,
  FLOW,
  type FlowFilter,
  hostRule,
  Key,
  type Known,
  NEEDS_DISSECT,
  optionsOf,
  printFlow,
} from './sched/flow/index.ts';
import type { Result } from './sched/notation.ts';
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
  /** Conntrack for the nfct keys; null: nothing is tracked. Never asked at ingress: the kernel tracks later. */
  readonly tracker: Tracker | null;
  /** Whether to count flows and hosts: memory then grows with their number. */
  readonly sharing: boolean;
}

/** Reason of a packet that every filter was asked about. */
export const NO_FILTER = 'no filter took it';
/** Why a packet's class is not known: the filter or the qdisc that is not modelled. */
function unknowable(opaque: FilterId | null, fate?: Fate): string {
  if (fate?.notModelled === true) return `unknowable: the qdisc ${fate.kind} ${fate.qdisc} is not modelled`;
  const filter = opaque === null ? 'a filter' : `a ${opaque.kind} filter, pref ${opaque.pref},`;
  return `unknowable: ${filter} cannot be emulated`;
}

/** Why a packet about which the filters said this has no class; null: it has one. */
export function reasonOf(verdict: Verdict): string | null {
  if (verdict < 0) return NO_FILTER;
  return ENDS.has(verdict) ? `taken by an action: ${verdictName(verdict)}` : null;
}

/** What a list of filters said. */
type Answered = Pick<ChainResult, 'classid' | 'pref' | 'handle'>;

/** Verdicts after which the packet does not go on to a class. */
const ENDS: ReadonlySet<Verdict> = new Set([
  Verdict.SHOT,
  Verdict.STOLEN,
  Verdict.QUEUED,
  Verdict.TRAP,
  Verdict.CONSUMED,
]);

/** A flow filter that the run may ask: where it is, and what was typed. */
export interface RunFilter extends FlowFilterAt {
  readonly spec: string;
  /** As it is now: perturbation puts another in its place. */
  readonly filter: FlowFilter;
}

const TUPLE_KEYS = [Key.NFCT_SRC, Key.NFCT_DST, Key.NFCT_PROTO_SRC, Key.NFCT_PROTO_DST].reduce<number>(
  (mask, key) => mask | (1 << key),
  0,
);

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
  /** Why the packet has no class; null if it has one. */
  reason: string | null = null;
  verdict: Verdict = UNSPEC;
  exactness: Exactness = 'exact';
  /** Bytes of the frame on the wire, link header included. */
  length = 0;
  classid = 0;
  /** Preference and handle of the filter that answered; 0: none did. */
  pref = 0;
  handle = 0;
  /** The packet's way through the tree; null: none was walked. */
  journey: Journey | null = null;
  /** How far that way can be trusted, the keys of flow filters aside. */
  wayExactness: Exactness = 'exact';

  readonly options: RunOptions;
  readonly kernel: Asked;
  /** Index of the device whose filters are asked; 0: it has no name of its own. */
  private readonly dev: number;
  /** No result is better than assumed. */
  readonly assumed: boolean;
  /** Connections are followed. */
  readonly tracks: boolean;
  /** The last flow filter that wanted the packet, and what it saw. */
  private sharer: { readonly filter: FlowFilter; readonly flow: FlowKeys } | null = null;
  private readonly ct = new Ct();
  private readonly flow = new FlowKeys();
  /** Time of the first packet. */
  readonly began = { seconds: 0, nanoseconds: 0 };

  /**
   * Throws the KernelError of the first filter the kernel would refuse, and the UsageError of an action that cannot be
   * emulated.
   */
  constructor(options: RunOptions) {
    this.options = options;
    this.packet = createPacket(options.env);
    this.sharing = options.sharing ? new Sharing() : null;
    this.kernel = options.kernel ?? kernelOf(options.filters, options.env, options.device.hook, options.around);
    this.fates = options.kernel === undefined || isList(this.kernel.place) ? null : new Fates();
    const survey = this.kernel.netns.survey(this.kernel.place);
    if (survey.refusal !== null) throw survey.refusal;
    this.assumed = survey.assumed || (options.kernel?.assumed ?? []).length > 0;
    this.dev = options.kernel === undefined ? 0 : this.kernel.netns.links.index(this.kernel.place.dev);
    this.tracks = options.tracker !== null && options.device.hook === 'egress' && this.needsConntrack;
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

  /** Whether any filter reads the conntrack tuple, so that connections must be followed. */
  get needsConntrack(): boolean {
    return this.filters.some(({ filter }) => (filter.keymask & TUPLE_KEYS) !== 0);
  }

  /** Classifies one frame and counts it. */
  step(frame: Frame): void {
    this.prepare(frame);
    this.conclude();
  }

  /** Asks the filters about the prepared packet, and counts it. */
  conclude(): void {
    if (this.reason === null) {
      if (this.options.kernel === undefined) this.classify();
      else this.travel();
    }
    this.count();
  }

  /** Everything before the filters are asked: the packet as the kernel would have it at the hook. */
  prepare(frame: Frame): void {
    const { device, metadata, tracker, env } = this.options;
    const p = this.packet;
    this.number++;
    this.length = Math.max(frame.length, frame.end - frame.at);
    this.setClock(frame);
    this.verdict = UNSPEC;
    this.exactness = 'exact';
    this.journey = null;
    this.reason = enter(frame, p, device);
    if (this.reason !== null) return;
    p.dev = this.dev;
    if (tracker !== null && this.tracks && tracker.track(p, this.ct, this.options.clock.now)) p.ct = this.ct;
    if (metadata.byPrefix.length > 0) env.era.dissect(p, this.flow);
    applyMetadata(metadata, this.number, p, this.flow);
  }

  private classify(): void {
    const { netns, place } = this.kernel;
    const { verdict, result } = netns.classify(this.packet, place);
    this.answered(verdict, result);
    if (verdict < 0) return;
    const classifier = result.proto?.classifier.flow ?? null;
    const filter = classifier?.get(result.handle) ?? null;
    if (classifier === null || filter === null) return;
    this.exactness = classExactness(filter, this.packet, classifier.flow, this.options.env, this.options.known);
    if (this.assumed) this.exactness = weaker(this.exactness, 'assumed');
    if (this.sharing !== null && this.reason === null) this.share(filter, classifier.flow);
  }

  /** Through the whole tree that a script made. The class is the one that the last list on the way gave. */
  private travel(): void {
    const { netns, place } = this.kernel;
    this.sharer = null;
    const { answer, journey, opaque, exactness } = netns.walk(this.packet, place, this.heard);
    this.journey = journey;
    this.wayExactness = exactness;
    if (journey !== null) this.fates?.add(journey.fate, this.length);
    this.exactness = weaker(this.exactness, exactness);
    if (opaque !== null || journey?.fate.fate === 'unknowable') {
      this.reason = unknowable(opaque, journey?.fate);
      this.exactness = 'unknowable';
      return;
    }
    this.answered(answer.verdict, answer);
    if (this.assumed) this.exactness = weaker(this.exactness, 'assumed');
    if (this.sharing !== null && this.reason === null && this.sharer !== null) {
      const { filter, flow } = this.sharer;
      this.share(filter, flow);
    }
  }

  /** Flow filters on the way: what each rests on counts, and the last decides whose packet it is. */
  private readonly heard = (
    { classifier: { flow: classifier } }: TreeProto,
    verdict: Verdict,
    { handle }: Result,
  ): void => {
    const filter = verdict < 0 ? null : (classifier?.get(handle) ?? null);
    if (classifier === null || filter === null) return;
    const { env, known } = this.options;
    this.exactness = weaker(this.exactness, classExactness(filter, this.packet, classifier.flow, env, known));
    this.sharer = { filter, flow: classifier.flow };
  };

  private answered(verdict: Verdict, { classid, pref, handle }: Answered): void {
    this.verdict = verdict;
    this.classid = classid;
    this.pref = verdict < 0 ? 0 : pref;
    this.handle = verdict < 0 ? 0 : handle;
    this.reason = reasonOf(verdict);
  }

  private count(): void {
    const { tally } = this;
    if (this.reason !== null) {
      tally.miss(this.reason, this.length);
      return;
    }
    tally.add(this.classid, this.length);
    tally.exactness[this.exactness]++;
  }

  /** Remembers the packet's flow and host under its class; packets without an IP address have neither. */
  private share(filter: FlowFilter, dissected: FlowKeys): void {
    const { packet, options } = this;
    let flow = dissected;
    if ((filter.keymask & NEEDS_DISSECT) === 0) {
      flow = this.flow;
      options.env.era.dissect(packet, flow);
    }
    const { addrType, addr, ipProto, ports } = flow;
    const { sharing, classid } = this;
    if (sharing === null || (addrType !== AddrType.IPV4 && addrType !== AddrType.IPV6)) return;
    const isV6 = addrType === AddrType.IPV6;
    const words = isV6 ? 4 : 1;
    sharing.flow[1] = ipProto;
    sharing.flow[2] = ports;
    copy(addr, 0, sharing.flow, 3, 2 * words);
    const { isDestination, isTuple } = hostRule(filter.keymask);
    const tuple = isTuple ? packet.ct : null;
    if (tuple !== null) copy(isDestination ? tuple.dst : tuple.src, 0, sharing.host, 1, words);
    else copy(addr, isDestination ? words : 0, sharing.host, 1, words);
    sharing.add(classid, isV6);
  }

  private setClock({ seconds, nanoseconds }: Frame): void {
    const { began } = this;
    if (this.number === 1) Object.assign(began, { seconds, nanoseconds });
    this.options.clock.now = (seconds - began.seconds) * 1e9 + (nanoseconds - began.nanoseconds);
  }
}

function copy(from: Int32Array, at: number, to: Int32Array, position: number, count: number): void {
  for (let i = 0; i < count; i++) to[position + i] = from[at + i] ?? 0;
}

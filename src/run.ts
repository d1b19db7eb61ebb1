import type { Frame } from './capture/index.ts';
import type { Tracker } from './conntrack/index.ts';
import { type Clock, createPacket, type Env } from './env.ts';
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
} from './packet/index.ts';
import { type FilterRow, Sharing, Tally } from './report/index.ts';
import { Chain, type ChainResult, ETH_P_ALL } from './sched/chain/index.ts';
import {
  classExactness,
  FlowClassifier,
  type FlowFilter,
  type FlowOptions,
  Key,
  type Known,
  keysOf,
  NEEDS_DISSECT,
} from './sched/flow/index.ts';
import { UNSPEC, type Verdict } from './verdict.ts';

/** One `--filter`: what was typed, what it says, and the kernel's own seed if it is known. */
export interface FilterPlan {
  readonly spec: string;
  readonly options: FlowOptions;
  readonly hashrnd?: number | undefined;
}

export interface RunOptions {
  readonly env: Env;
  /** The clock behind `env.now()`; the run sets it to each packet's capture time. */
  readonly clock: Clock;
  readonly device: Device;
  /** In order of preference: 1, 2, …; each attached with `protocol all`, handle 0x1. */
  readonly filters: readonly FilterPlan[];
  /** Which of the kernel's two boot secrets were told. */
  readonly known: { readonly rxhashKey: boolean; readonly foldKey: boolean };
  readonly metadata: Metadata;
  /** Conntrack for the nfct keys; null: nothing is tracked. Never asked at ingress: the kernel tracks later. */
  readonly tracker: Tracker | null;
  /** Whether to count flows and hosts: memory then grows with their number. */
  readonly sharing: boolean;
}

/** Every `--filter` has this handle. */
const HANDLE = 1;
const QDISC = { egress: 0x00010000, ingress: 0xffff0000 };
/** Reason of a packet that every filter was asked about. */
export const NO_FILTER = 'no filter took it';
const MATCH_ALL = () => ({ match: () => true, act: () => 0 });

const SOURCES = (1 << Key.SRC) | (1 << Key.NFCT_SRC);
const DESTINATIONS = (1 << Key.DST) | (1 << Key.NFCT_DST);
const TUPLE_ADDRESSES = (1 << Key.NFCT_SRC) | (1 << Key.NFCT_DST);

/**
 * The whole walk, one packet at a time: frame → link → metadata and conntrack → filters → counts.
 * Its fields tell about the packet that step() saw last; they are overwritten by the next.
 */
export class Run {
  readonly tally = new Tally();
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
  readonly result: ChainResult = { classid: 0, handle: 0, pref: 0 };

  readonly options: RunOptions;
  private readonly chain = new Chain();
  private readonly classifiers: FlowClassifier[] = [];
  private readonly known: Known[] = [];
  private readonly ct = new Ct();
  private readonly flow = new FlowKeys();
  private firstSeconds = 0;
  private firstNanoseconds = 0;

  /** Throws the KernelError of the first filter the kernel would refuse. */
  constructor(options: RunOptions) {
    this.options = options;
    this.packet = createPacket(options.env);
    this.sharing = options.sharing ? new Sharing() : null;
    for (const [index, plan] of options.filters.entries()) this.attach(index + 1, plan);
  }

  private attach(pref: number, plan: FilterPlan): void {
    const { env, device, known } = this.options;
    const classifier = new FlowClassifier(env);
    const place = { env, qdisc: QDISC[device.hook], sharedBlock: false, userNamespace: false, build: MATCH_ALL };
    classifier.change(HANDLE, plan.options, { ...place, stream: pref, hashrnd: plan.hashrnd });
    this.chain.add({ pref, protocol: ETH_P_ALL, classifier });
    this.classifiers.push(classifier);
    this.known.push({ ...known, hashrnd: plan.hashrnd !== undefined });
  }

  /** The filters as they are used, for the reports: call before the first packet, as perturbation changes hashrnd. */
  filterRows(): FilterRow[] {
    return this.options.filters.map((plan, index) => ({
      pref: index + 1,
      handle: '0x1',
      spec: plan.spec,
      hashrnd: `0x${(this.filter(index + 1)?.hashrnd ?? 0).toString(16).padStart(8, '0')}`,
      from: plan.hashrnd === undefined ? 'seed' : 'given',
    }));
  }

  /** The filter at a preference, as it is now. */
  filter(pref: number): FlowFilter | null {
    return this.classifiers[pref - 1]?.get(HANDLE) ?? null;
  }

  classifier(pref: number): FlowClassifier | null {
    return this.classifiers[pref - 1] ?? null;
  }

  /** Classifies one frame and counts it. */
  step(frame: Frame): void {
    this.prepare(frame);
    this.conclude();
  }

  /** Asks the filters about the prepared packet, and counts it. */
  conclude(): void {
    if (this.reason === null) this.classify();
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
    this.reason = enter(frame, p, device);
    if (this.reason !== null) return;
    if (tracker !== null && device.hook === 'egress' && tracker.track(p, this.ct, this.options.clock.now))
      p.ct = this.ct;
    if (metadata.byPrefix.length > 0) env.era.dissect(p, this.flow);
    applyMetadata(metadata, this.number, p, this.flow);
  }

  private classify(): void {
    const { result } = this;
    result.pref = 0;
    this.verdict = this.chain.classify(this.packet, result);
    if (this.verdict < 0) {
      this.reason = NO_FILTER;
      return;
    }
    const filter = this.filter(result.pref);
    const flow = this.classifiers[result.pref - 1]?.flow;
    const known = this.known[result.pref - 1];
    if (filter === null || flow === undefined || known === undefined) return;
    this.exactness = classExactness(filter, this.packet, flow, this.options.env, known);
    if (this.sharing !== null) this.share(filter, flow);
  }

  private count(): void {
    const { tally } = this;
    if (this.reason !== null) {
      tally.miss(this.reason, this.length);
      return;
    }
    tally.add(this.result.classid, this.length);
    tally.exactness[this.exactness]++;
  }

  /** Remembers the packet's flow and host under its class; packets without an IP address have neither. */
  private share(filter: FlowFilter, dissected: FlowKeys): void {
    const { sharing, packet, options } = this;
    if (sharing === null) return;
    let flow = dissected;
    if ((filter.keymask & NEEDS_DISSECT) === 0) {
      flow = this.flow;
      options.env.era.dissect(packet, flow);
    }
    if (flow.addrType !== AddrType.IPV4 && flow.addrType !== AddrType.IPV6) return;
    const isV6 = flow.addrType === AddrType.IPV6;
    const row = sharing.flow;
    row[1] = flow.ipProto;
    row[2] = flow.ports;
    copy(flow.addr, 0, row, 3, isV6 ? 8 : 2);
    this.fillHost(filter.keymask, flow, sharing.host);
    sharing.add(this.result.classid, isV6);
  }

  /**
   * The host a packet belongs to: its source, or its destination where the filter looks at destinations only;
   * the conntrack tuple's where the filter looks there.
   */
  private fillHost(keymask: number, flow: FlowKeys, row: Int32Array): void {
    const words = flow.addrType === AddrType.IPV4 ? 1 : 4;
    const destination = (keymask & DESTINATIONS) !== 0 && (keymask & SOURCES) === 0;
    const { ct } = this.packet;
    if (ct !== null && (keymask & TUPLE_ADDRESSES) !== 0) copy(destination ? ct.dst : ct.src, 0, row, 1, words);
    else copy(flow.addr, destination ? words : 0, row, 1, words);
  }

  private setClock(frame: Frame): void {
    if (this.number === 1) {
      this.firstSeconds = frame.seconds;
      this.firstNanoseconds = frame.nanoseconds;
    }
    this.options.clock.now = (frame.seconds - this.firstSeconds) * 1e9 + (frame.nanoseconds - this.firstNanoseconds);
  }

  /** Whether any filter reads the conntrack tuple, so that connections must be followed. */
  static needsConntrack(filters: readonly FilterPlan[]): boolean {
    return filters.some(({ options }) =>
      keysOf(options.keys ?? 0).some((key) => key >= Key.NFCT_SRC && key <= Key.NFCT_PROTO_DST),
    );
  }
}

function copy(from: Int32Array, at: number, to: Int32Array, position: number, count: number): void {
  for (let i = 0; i < count; i++) to[position + i] = from[at + i] ?? 0;
}

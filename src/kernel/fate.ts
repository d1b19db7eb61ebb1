import { UsageError } from '../errors.ts';
import { type Exactness, Given, type Packet, weaker } from '../packet/index.ts';
import type { FlowClassifier } from '../sched/flow/index.ts';
import type { Answer, Bucket, ChosenBy, LostBy, Placement, Placing, QdiscKind, Result } from '../sched/notation.ts';
import { classidText, classText, tcH, tcMajor } from '../u32.ts';
import { Verdict, verdictName } from '../verdict.ts';
import type { Block, Chain, ChainResult, Classifier, Proto } from './chain/index.ts';

/**
 * The walk of one packet through a device: hooks, then qdisc below qdisc, to where it ends. The names of all that is
 * told are those of the kernel's records: test/golden/records/fate.
 */

/** A filter by its place. */
export interface FilterId {
  readonly kind: string;
  readonly pref: number;
  /** Hex: the protocol it is attached to; 0x0003 is all. */
  readonly protocol: string;
  /** Absent in chain 0. */
  readonly chain?: number;
  /** Of flow filters that are alone at their preference. */
  readonly handle?: string;
}

/** A filter that was asked. */
export interface AskedFilter extends FilterId {
  /** -1: no match; else the verdict. null: nobody here can say, and the list was not gone through further. */
  readonly ret: number | null;
  /** The class at that moment, if `ret` is not negative. */
  readonly classid?: string;
}

/** One run over a list of filters. */
export interface ListRun {
  /** What the list is attached to. */
  readonly at: string;
  /** Its qdisc, if that is another. */
  readonly qdisc?: string;
  readonly filters: readonly AskedFilter[];
  readonly verdict: string;
  readonly classid?: string;
  /** Only where they are not the sender's. */
  readonly markBefore?: number;
  readonly priorityBefore?: number;
  /** Only where an action changed them. */
  readonly markAfter?: number;
  readonly priorityAfter?: number;
}

/** One qdisc that was asked to take the packet. */
export interface Step {
  /** `0:` is one that the kernel made by default. */
  readonly qdisc: string;
  readonly kind: string;
  /** The class it hangs on, or `root`. */
  readonly parent: string;
  /** Only where they are no longer the sender's. */
  readonly mark?: number;
  readonly priority?: number;
  readonly classify: readonly (ListRun | { readonly repeated: number })[];
  /** The class the packet was handed down to, how it was chosen, and by which filter. */
  readonly class?: string;
  readonly by?: ChosenBy;
  readonly filter?: FilterId;
}

export type End = 'queued' | 'direct' | 'dropped' | 'stolen' | 'redirected' | 'passed' | 'sent' | 'unknowable';

/** Where a packet ends. */
export interface Fate {
  readonly fate: End;
  readonly qdisc?: string;
  readonly kind?: string;
  /** The class that the qdisc hangs on. */
  readonly class?: string;
  readonly hook?: 'ingress' | 'egress';
  /** Of a queue of many flows, counted from 0; absent where the qdisc's secret hash decides. */
  readonly bucket?: number;
  readonly bucketBy?: Bucket['bucketBy'];
  readonly flowMode?: number;
  readonly flowOverride?: number;
  readonly hostOverride?: number;
  readonly enqueueReturn?: '0x10000' | '0x20000';
  readonly by?: 'default' | 'filter' | 'priority' | 'filter action' | 'noop' | 'redirect loop' | LostBy;
  readonly verdict?: string;
  readonly classid?: string;
  readonly filter?: FilterId;
  /** The device that the packet was redirected to. */
  readonly to?: string;
  /** The qdisc's kind is not modelled: the packet was handed to it, and what it does is not known. */
  readonly notModelled?: true;
}

/** All that happened to one packet on one device. */
export interface Journey {
  readonly egressHook?: readonly ListRun[];
  readonly ingressHook?: readonly ListRun[];
  /** The qdiscs that were asked to take it, outermost first; absent at ingress. */
  readonly path?: readonly Step[];
  readonly fate: Fate;
  /** Copies and redirections. */
  readonly sentElsewhere?: readonly Elsewhere[];
}

export interface Elsewhere extends Journey {
  readonly device: string;
  readonly how: 'mirror' | 'redirect';
  readonly by: FilterId | null;
}

/** A proto as the walk tells of it. */
export interface TreeProto extends Proto {
  readonly kind: string;
  readonly classifier: Classifier & {
    /** Nobody here can say what it answers. */
    readonly opaque?: boolean;
    /** The flow classifier that it is; null: another kind. */
    readonly flow: FlowClassifier | null;
    handles(): readonly number[];
  };
}

/** A qdisc of the tree. */
export interface TreeQdisc {
  readonly kind: QdiscKind;
  readonly handle: number;
  readonly settings: unknown;
  /** Packets may be sent past it while it is the root and empty. */
  readonly bypassed: boolean;
  blockAt(list: number): Block<TreeProto> | null;
  /** See Placing. */
  level(classid: number): number;
  /** What hangs on a class; null: noop. */
  leaf(classid: number): TreeQdisc | null;
  /** All qdiscs right below. */
  below(): readonly TreeQdisc[];
}

export interface TreeDevice {
  readonly name: string;
  readonly ifindex: number;
  readonly root: TreeQdisc | null;
  readonly ingress: TreeQdisc | null;
}

/** Told of every filter that the packet itself (no copy of it) was put to. */
export type Heard = (proto: TreeProto, verdict: Verdict, result: Result) => void;

/** What is remembered while a packet goes through a device. */
interface Travel {
  readonly p: Packet;
  readonly device: TreeDevice;
  /** As the sender set them. */
  readonly mark: number;
  readonly priority: number;
  readonly elsewhere: Elsewhere[];
  /** Of the run that is going on. */
  asked: AskedFilter[];
  /** The filter that answered in the last run, and what that run came to. */
  filter: FilterId | null;
  verdict: Verdict;
  classid: number;
  /** A filter that nobody here can answer for. */
  opaque: FilterId | null;
}

/** The verdicts after which a packet goes no further. */
const ENDS: ReadonlySet<Verdict> = new Set([Verdict.SHOT, Verdict.STOLEN, Verdict.QUEUED, Verdict.TRAP]);
const HOOK_ENDS: ReadonlySet<Verdict> = new Set([...ENDS, Verdict.CONSUMED]);

/** net/sched/act_mirred.c: MIRRED_RECURSION_LIMIT */
const MAX_COPIES = 4;
/** include/linux/netdevice.h: NET_XMIT_SUCCESS | __NET_XMIT_STOLEN, __NET_XMIT_BYPASS */
const STOLEN = '0x10000';
const BYPASS = '0x20000';

/** TC_H_MIN_INGRESS and TC_H_MIN_EGRESS of ingress and clsact. */
const HOOKS = { ingress: 0xfff2, egress: 0xfff3 } as const;

/** `1:`; `0:` is one made by default. */
const handleText = (handle: number): string => `${tcMajor(handle).toString(16)}:`;

/** Walks packets through the trees of a namespace. */
export class Walker {
  /** What the last list on the packet's way that wanted it said; verdict -1: none did. */
  readonly answer = { verdict: Verdict.UNSPEC as Verdict, classid: 0, pref: 0, handle: 0 };
  /** How far the way can be trusted, the keys of flow filters aside: `heard` knows about those. */
  exactness: Exactness = 'exact';
  private readonly deviceOf: (ifindex: number) => TreeDevice | null;
  private readonly result: ChainResult<TreeProto> = { classid: 0, handle: 0, pref: 0, proto: null };
  private travel: Travel | null = null;
  private depth = 0;
  private heard: Heard | null = null;

  constructor(deviceOf: (ifindex: number) => TreeDevice | null) {
    this.deviceOf = deviceOf;
  }

  /** The whole way of a packet on a device. Its fields are changed by actions, as the kernel's are. */
  walk(p: Packet, device: TreeDevice, hook: 'egress' | 'ingress', heard: Heard | null = null): Journey {
    this.begin(heard);
    p.dev ||= device.ifindex;
    return this.go(p, device, hook, p.mark, p.priority);
  }

  /** One list alone: what its filters said is in `answer`; a filter that cannot be answered for, or null. */
  ask(p: Packet, device: TreeDevice, block: Block<TreeProto>, heard: Heard | null = null): FilterId | null {
    this.begin(heard);
    const travel = newTravel(p, device, p.mark, p.priority);
    this.travel = travel;
    this.run(travel, block, 0, 0);
    this.travel = null;
    return travel.opaque;
  }

  private begin(heard: Heard | null): void {
    this.heard = heard;
    this.exactness = 'exact';
    this.unanswered();
  }

  private unanswered(): void {
    this.answer.verdict = Verdict.UNSPEC;
    this.answer.classid = this.answer.pref = this.answer.handle = 0;
  }

  private go(p: Packet, device: TreeDevice, hook: 'egress' | 'ingress', mark: number, priority: number): Journey {
    const above = this.travel;
    const travel = newTravel(p, device, mark, priority);
    this.travel = travel;
    const journey = hook === 'ingress' ? this.receive(travel) : this.transmit(travel);
    this.travel = above;
    return travel.elsewhere.length === 0 ? journey : { ...journey, sentElsewhere: travel.elsewhere };
  }

  /** net/core/dev.c: sch_handle_ingress() */
  private receive(travel: Travel): Journey {
    const ingressHook = this.hook(travel, 'ingress');
    const fate = this.hookEnd(travel, 'ingress');
    return { ingressHook, fate: fate ?? { fate: 'passed', hook: 'ingress', verdict: verdictName(travel.verdict) } };
  }

  /** Out of the device: clsact's egress hook first, then the root qdisc. */
  private transmit(travel: Travel): Journey {
    const egressHook = this.hook(travel, 'egress');
    const hooked = egressHook.length === 0 ? {} : { egressHook };
    const end = this.hookEnd(travel, 'egress');
    if (end !== null) return { ...hooked, path: [], fate: end };
    // A class that the hook's filters gave leads nowhere.
    if (this.depth === 0) this.unanswered();
    const path: Step[] = [];
    const fate = this.descend(travel, path);
    return { ...hooked, path, fate };
  }

  private hook(travel: Travel, hook: 'ingress' | 'egress'): ListRun[] {
    const q = travel.device.ingress;
    if (q === null || (hook === 'egress' && q.kind.kind !== 'clsact')) return [];
    const at = tcH(tcMajor(q.handle), HOOKS[hook]);
    const block = q.blockAt(at);
    if (block === null || !hasFilters(block)) return [];
    return [this.run(travel, block, q.kind.kind === 'clsact' ? at : q.handle, q.handle)];
  }

  /** Why the packet goes no further than the hook; null: it does. */
  private hookEnd(travel: Travel, hook: 'ingress' | 'egress'): Fate | null {
    if (travel.opaque !== null) return { fate: 'unknowable', hook, filter: travel.opaque };
    return HOOK_ENDS.has(travel.verdict) ? actionEnd(travel, { hook }, false) : null;
  }

  /** From the root qdisc to a leaf. */
  private descend(travel: Travel, path: Step[]): Fate {
    let q = travel.device.root;
    let top = true;
    for (let parent = 'root'; ; ) {
      if (q === null) return { fate: 'dropped', qdisc: '0:', kind: 'noop', by: 'noop' };
      if (top && (q.bypassed || q.kind.kind === 'noqueue')) return { fate: 'sent' };
      const runs: ListRun[] = [];
      const step = this.stepOf(travel, q, parent);
      const placement = q.kind.place(q.settings, this.placing(travel, q, runs));
      const classify = placement.to === 'nowhere' && placement.by === 'class loop' ? shortened(runs) : runs;
      if (travel.opaque === null && placement.to === 'class') {
        const { classid, by } = placement;
        parent = classText(classid);
        const filter = by === 'filter' ? filterOf(travel) : {};
        // mq hands the packet to a queue of the device before any qdisc is asked.
        if (q.kind.kind !== 'mq') path.push({ ...step, classify, class: parent, by, ...filter });
        top = q.kind.kind === 'mq';
        this.supposed(travel.p, by);
        q = q.leaf(classid);
        continue;
      }
      path.push({ ...step, classify });
      return endOf(travel, q, parent, placement);
    }
  }

  /** A choice that rests on what nobody told. */
  private supposed(p: Packet, by: ChosenBy): void {
    const told = by === 'priomap' ? (p.given & Given.PRIORITY) !== 0 : by !== 'queue';
    if (!told && this.depth === 0) this.exactness = weaker(this.exactness, 'assumed');
  }

  private stepOf({ p, mark, priority }: Travel, q: TreeQdisc, parent: string): Omit<Step, 'classify'> {
    return {
      qdisc: handleText(q.handle),
      kind: q.kind.kind,
      parent,
      ...(p.mark === mark ? {} : { mark: p.mark >>> 0 }),
      ...(p.priority === priority ? {} : { priority: p.priority >>> 0 }),
    };
  }

  private placing(travel: Travel, q: TreeQdisc, runs: ListRun[]): Placing {
    return {
      handle: q.handle,
      priority: travel.p.priority >>> 0,
      packet: travel.p,
      filtered: (list) => hasFilters(q.blockAt(list)),
      ask: (list) => {
        const block = q.blockAt(list);
        if (block === null || !hasFilters(block)) return NO_ANSWER;
        runs.push(this.run(travel, block, list, q.handle));
        const { verdict, classid, opaque } = travel;
        return { matched: verdict >= 0, taken: opaque !== null || ENDS.has(verdict), classid };
      },
      level: (classid) => q.level(classid),
    };
  }

  /** net/sched/cls_api.c: tcf_classify() of one list. */
  private run(travel: Travel, block: Block<TreeProto>, list: number, handle: number): ListRun {
    const { p, mark, priority } = travel;
    const { mark: markBefore, priority: priorityBefore } = p;
    const { result } = this;
    travel.asked = [];
    travel.filter = null;
    result.classid = result.handle = result.pref = 0;
    const of = list === handle ? {} : { qdisc: handleText(handle) };
    const verdict = block.classify(p, result, this.visit);
    travel.verdict = verdict;
    travel.classid = result.classid >>> 0;
    if (travel.opaque !== null) return { at: classidText(list), ...of, filters: travel.asked, verdict: 'unknowable' };
    if (verdict >= 0 && this.depth === 0) this.answered(verdict);
    return {
      at: classidText(list),
      ...of,
      filters: travel.asked,
      verdict: verdictName(verdict),
      ...(verdict < 0 ? {} : { classid: classText(result.classid) }),
      ...(markBefore === mark ? {} : { markBefore: markBefore >>> 0 }),
      ...(priorityBefore === priority ? {} : { priorityBefore: priorityBefore >>> 0 }),
      ...(p.mark === markBefore ? {} : { markAfter: p.mark >>> 0 }),
      ...(p.priority === priorityBefore ? {} : { priorityAfter: p.priority >>> 0 }),
    };
  }

  private answered(verdict: Verdict): void {
    const { answer, result } = this;
    answer.verdict = verdict;
    answer.classid = result.classid;
    answer.pref = result.pref;
    answer.handle = result.handle;
  }

  private readonly visit = (chain: Chain<TreeProto>, proto: TreeProto, ret: Verdict, result: Result): void => {
    const { travel } = this;
    if (travel === null) return;
    const id = filterId(chain, proto);
    if (proto.classifier.opaque) {
      travel.opaque = id;
      travel.asked.push({ ...id, ret: null });
      return;
    }
    travel.asked.push({ ...id, ret, ...(ret < 0 ? {} : { classid: classText(result.classid) }) });
    if (ret >= 0) travel.filter = id;
    for (const [at, sent] of travel.elsewhere.entries()) {
      if (sent.by === null) travel.elsewhere[at] = { ...sent, by: id };
    }
    if (this.depth > 0) return;
    if (proto.kind === 'fw' && (travel.p.given & Given.MARK) === 0) this.exactness = weaker(this.exactness, 'assumed');
    this.heard?.(proto, ret, result);
  };

  /** net/sched/act_mirred.c: tcf_mirred_act() — the copy goes its way before the packet goes on. */
  copied(p: Packet, ifindex: number, direction: 'egress' | 'ingress', how: 'mirror' | 'redirect'): void {
    const { travel } = this;
    const device = this.deviceOf(ifindex);
    if (travel === null || device === null) return;
    const journey = this.depth < MAX_COPIES ? this.follow(p, travel, device, direction) : LOOP;
    travel.elsewhere.push({ device: device.name, ...journey, by: null, how });
  }

  private follow(p: Packet, travel: Travel, device: TreeDevice, direction: 'egress' | 'ingress'): Journey {
    const copy = p.clone();
    copy.dev = device.ifindex;
    copy.iif = travel.device.ifindex;
    turn(copy, direction);
    const result = { ...this.result };
    this.depth++;
    try {
      return this.go(copy, device, direction, travel.mark, travel.priority);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      // An action on that device cannot be emulated: nobody knows what becomes of the copy.
      return { fate: { fate: 'unknowable' } };
    } finally {
      this.travel = travel;
      this.depth--;
      Object.assign(this.result, result);
    }
  }
}

const LOOP: Journey = { path: [], fate: { fate: 'dropped', by: 'redirect loop' } };
const NO_ANSWER: Answer = { matched: false, taken: false, classid: 0 };

function newTravel(p: Packet, device: TreeDevice, mark: number, priority: number): Travel {
  const none = { asked: [], filter: null, verdict: Verdict.UNSPEC, classid: 0, opaque: null };
  return { p, device, mark, priority, elsewhere: [], ...none };
}

/** The data begins at the link header on the way out, at the network header on the way in. */
function turn(p: Packet, direction: 'egress' | 'ingress'): void {
  const start = direction === 'ingress' ? p.network : p.mac >= 0 ? p.mac : p.at;
  p.len += p.at - start;
  p.at = start;
}

/** mini_Qdisc and qdisc_priv()->filter_list are null without one in chain 0, whatever other chains hold. */
function hasFilters(block: Block<TreeProto> | null): boolean {
  const first = block?.find(0) ?? null;
  return first !== null && first.protos.length > 0;
}

function filterId({ index }: Chain<TreeProto>, { kind, pref, protocol, classifier }: TreeProto): FilterId {
  const where = { kind, pref, protocol: `0x${protocol.toString(16).padStart(4, '0')}` };
  const id = index === 0 ? where : { ...where, chain: index };
  const handles = kind === 'flow' ? classifier.handles() : [];
  return handles.length === 1 ? { ...id, handle: `0x${(handles[0] ?? 0).toString(16)}` } : id;
}

const filterOf = ({ filter }: Travel): { filter?: FilterId } => (filter === null ? {} : { filter });

/** The runs of a class loop are all alike. */
function shortened(runs: readonly ListRun[]): Step['classify'] {
  return runs.length <= SHOWN ? runs : [...runs.slice(0, SHOWN), { repeated: runs.length - SHOWN }];
}

const SHOWN = 3;

/** What an action made of the packet: `where` the qdisc or the hook. */
function actionEnd(travel: Travel, where: Partial<Fate>, queued: boolean): Fate {
  const { verdict } = travel;
  const returns = (value: '0x10000' | '0x20000'): Partial<Fate> => (queued ? { enqueueReturn: value } : {});
  if (verdict === Verdict.SHOT) {
    return { fate: 'dropped', ...where, ...returns(BYPASS), by: 'filter action', ...filterOf(travel) };
  }
  const last = travel.elsewhere.at(-1);
  const said = { ...where, ...returns(STOLEN), verdict: verdictName(verdict), ...filterOf(travel) };
  const redirected = last?.how === 'redirect' && verdict !== Verdict.TRAP;
  return redirected ? { fate: 'redirected', ...said, to: last.device } : { fate: 'stolen', ...said };
}

/** The end of the walk in a qdisc that hands the packet to no other. */
function endOf(travel: Travel, q: TreeQdisc, parent: string, placement: Placement): Fate {
  const qdisc = handleText(q.handle);
  const where = { qdisc, kind: q.kind.kind };
  const hangs = parent === 'root' ? {} : { class: parent };
  if (travel.opaque !== null) return { fate: 'unknowable', ...where, filter: travel.opaque };
  switch (placement.to) {
    case 'action':
      return actionEnd(travel, where, true);
    case 'direct':
      return { fate: 'direct', qdisc, by: placement.by };
    case 'nowhere':
      return { fate: 'dropped', ...where, enqueueReturn: BYPASS, by: placement.by, ...lost(travel, placement.by) };
    case 'class':
      return { fate: 'dropped', ...where };
    case 'not modelled':
      // What hangs below may get the packet or not.
      if (q.below().length > 0) return { fate: 'unknowable', ...where, notModelled: true };
      return { fate: 'queued', ...where, ...hangs, notModelled: true };
    case 'queue':
      return { fate: 'queued', ...where, ...hangs, ...bucketEnd(travel, placement.bucket) };
  }
}

/** The class that was asked for and is not there, and by whom. */
function lost(travel: Travel, by: LostBy): Partial<Fate> {
  if (by === 'no filter matched' || by === 'class loop' || travel.verdict < 0) return {};
  const classid = classText(travel.classid);
  return by === 'no default class' ? { classid } : { classid, ...filterOf(travel) };
}

function bucketEnd(travel: Travel, found: Bucket | null): Partial<Fate> {
  if (found === null) return {};
  const { bucket, ...rest } = found;
  const by = rest.bucketBy === 'filter' ? filterOf(travel) : {};
  return { ...(bucket === null ? {} : { bucket }), ...rest, ...by };
}

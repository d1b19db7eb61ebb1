import type { Packet } from '../packet/index.ts';
import { type Answer, By, Placed, type Placing } from '../sched/qdisc/index.ts';
import { Verdict } from '../verdict.ts';
import type { Device, Qdisc } from './device.ts';
import { FateNumber } from './ends.ts';
import type { FilterBlock } from './proto.ts';
import { Detail, How, NONE, type Way } from './way.ts';

/** What a packet's pass over a device needs of the walk. */
export interface Walking {
  readonly way: Way;
  /** Has a list of filters evaluate the pass's packet: the pass is told what it came to. */
  run(pass: Pass, q: Qdisc, at: number, block: FilterBlock): void;
  /** Writes how the way ends after an action's verdict; `hook` NONE: in the qdisc with this number. */
  endByAction(pass: Pass, node: number, hook: number): void;
}

/** A packet on one device: what happened so far, and what the device's qdiscs are handed to place it. */
export class Pass implements Placing {
  packet: Packet;
  device: Device;
  /** As the sender set them: a copy has its original's. */
  sentMark = 0;
  sentPriority = 0;
  /** What the last list came to. */
  verdict: Verdict = Verdict.UNSPEC;
  classid = 0;
  /** Number of a proto that nobody here can evaluate; NONE: there was none. */
  unknown = NONE;
  /** How and where the last copy of it went. */
  copiedHow = NONE;
  copiedTo = 0;
  /** The class that the packet was handed down to, and why. */
  below = 0;
  by: By = By.FILTER;

  handle = 0;
  priority = 0;
  private readonly walking: Walking;
  private readonly reply = { matched: false, taken: false, classid: 0 };
  private q: Qdisc | null = null;
  /** The class that the qdisc hangs on; NONE: the root. */
  private parent = NONE;
  /** A packet of its own, for copies. */
  private copy: Packet | null = null;

  constructor(walking: Walking, packet: Packet, device: Device) {
    this.walking = walking;
    this.packet = packet;
    this.device = device;
  }

  begin(packet: Packet, device: Device, mark: number, priority: number): void {
    this.packet = packet;
    this.device = device;
    this.sentMark = mark;
    this.sentPriority = priority;
    this.verdict = Verdict.UNSPEC;
    this.classid = 0;
    this.unknown = this.copiedHow = NONE;
  }

  /** net/core/skbuff.c: skb_clone(), into a packet that is used again. */
  copyOf(original: Packet): Packet {
    if (this.copy === null) this.copy = original.clone();
    else this.copy.become(original);
    return this.copy;
  }

  /** Has a qdisc place the packet: below a class of it, or its way has been ended. */
  place(q: Qdisc, parent: number): Placed {
    this.q = q;
    this.parent = parent;
    this.handle = q.handle;
    this.priority = this.packet.priority >>> 0;
    return q.kind.place(q.settings, this);
  }

  filtered(list: number): boolean {
    return hasFilters(this.q?.blockAt(list) ?? null);
  }

  ask(list: number): Answer {
    const { q, reply } = this;
    const block = q?.blockAt(list) ?? null;
    if (q === null || block === null || !hasFilters(block)) return NO_ANSWER;
    this.walking.run(this, q, list, block);
    reply.matched = this.verdict >= 0;
    reply.taken = this.unknown !== NONE || endsWay(this.verdict);
    reply.classid = this.classid;
    return reply;
  }

  level(classid: number): number {
    return this.q?.level(classid) ?? -1;
  }

  inClass(classid: number, by: By): Placed {
    this.below = classid;
    this.by = by;
    return Placed.BELOW;
  }

  queued(): Placed {
    return this.end(FateNumber.QUEUED, this.parent, NONE, NONE);
  }

  inBucket(bucket: number, by: By): Placed {
    this.end(FateNumber.QUEUED, this.parent, NONE, by);
    if (bucket >= 0) this.walking.way.detail(Detail.BUCKET, bucket);
    return Placed.HERE;
  }

  inFlow(bucket: number, flowMode: number, flowOverride: number, hostOverride: number): Placed {
    this.inBucket(bucket, bucket < 0 ? By.INTERNAL_HASH : By.FILTER);
    const { way } = this.walking;
    way.detail(Detail.FLOW_MODE, flowMode);
    way.detail(Detail.FLOW_OVERRIDE, flowOverride);
    way.detail(Detail.HOST_OVERRIDE, hostOverride);
    return Placed.HERE;
  }

  direct(by: By): Placed {
    return this.end(FateNumber.DIRECT, NONE, by, NONE);
  }

  nowhere(by: By): Placed {
    this.end(FateNumber.DROPPED, NONE, by, NONE);
    const isNamed = by === By.CLASS_MISSING || by === By.BUCKET_OUT_OF_RANGE || by === By.NO_DEFAULT_CLASS;
    if (isNamed && this.verdict >= 0) this.walking.way.detail(Detail.LOST, this.classid);
    return Placed.HERE;
  }

  taken(): Placed {
    if (this.unknown !== NONE) return this.end(FateNumber.UNKNOWABLE, NONE, NONE, NONE);
    this.walking.endByAction(this, this.q?.number ?? NONE, NONE);
    return Placed.HERE;
  }

  /** What hangs below may get the packet or not. */
  notModelled(): Placed {
    const isAlone = this.q?.below().length === 0;
    return isAlone ? this.queued() : this.end(FateNumber.UNKNOWABLE, NONE, NONE, NONE);
  }

  private end(fate: number, classid: number, by: number, bucketBy: number): Placed {
    this.walking.way.end(fate, this.q?.number ?? NONE, classid, by, bucketBy, NONE, NONE, NONE);
    return Placed.HERE;
  }
}

const NO_ANSWER: Answer = { matched: false, taken: false, classid: 0 };

/** mini_Qdisc and qdisc_priv()->filter_list are null without one in chain 0, whatever other chains hold. */
export function hasFilters(block: FilterBlock | null): boolean {
  const first = block?.find(0) ?? null;
  return first !== null && first.protos.length > 0;
}

/** The verdicts after which a packet goes no further. */
export function endsWay(verdict: Verdict): boolean {
  return (
    verdict === Verdict.SHOT || verdict === Verdict.STOLEN || verdict === Verdict.QUEUED || verdict === Verdict.TRAP
  );
}

/** Whether the last copy is the packet itself, sent elsewhere. */
export function wasRedirected({ verdict, copiedHow }: Pass): boolean {
  return copiedHow === How.REDIRECT && verdict !== Verdict.TRAP;
}

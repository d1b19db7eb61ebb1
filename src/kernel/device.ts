import { members, oneOf, optional, text, whole, word32, yesOrNo } from '../argument.ts';
import { TC_H } from '../netlink/index.ts';
import type { QdiscDevice, QdiscKind } from '../sched/qdisc/index.ts';
import { tcH, tcMajor, tcMinor } from '../u32.ts';
import type { FilterBlock } from './proto.ts';

export type { FilterBlock } from './proto.ts';

/** A network device that requests may name. */
export interface DeviceSpec {
  readonly name: string;
  readonly ifindex: number;
  /** Default true: only a device that is up has a default qdisc. */
  readonly up?: boolean;
  /** Default 1500; lo 65536. */
  readonly mtu?: number;
  /** Default 1000 packets. */
  readonly txqlen?: number;
  /** Transmit queues, default 1. */
  readonly txQueues?: number;
  /** Nobody described the device: it has as many transmit queues as requests name. */
  readonly queuesOpen?: boolean;
  /** `dummy` and `loopback` (the default for lo and others) have no queue of their own; `ether` gets fq_codel, or mq. */
  readonly kind?: 'dummy' | 'loopback' | 'ether';
}

/** What holds of a DeviceSpec. */
export const aDevice = members({
  name: text,
  ifindex: whole(1, 0x7fffffff),
  up: optional(yesOrNo),
  mtu: optional(word32),
  txqlen: optional(word32),
  txQueues: optional(whole(1, 0xffff)),
  queuesOpen: optional(yesOrNo),
  kind: optional(oneOf('dummy', 'loopback', 'ether')),
});

/** A class that a user made, or hfsc's root class: struct htb_class and its like. */
export interface Class {
  readonly id: number;
  /** The class above; null: right under the qdisc. */
  readonly above: Class | null;
  settings: unknown;
  /** Where its filters are, if this kind has them on classes. */
  readonly block: FilterBlock | null;
  /** The qdisc below; null on an inner class, and where only noop is. */
  leaf: Qdisc | null;
  /** Number of classes right under it. */
  children: number;
  /** filter_cnt: filters that name it and were made while it was there. */
  filters: number;
  /** hfsc's root: X:0, there from the beginning to the end. */
  readonly root: boolean;
}

/** struct Qdisc: one queueing discipline where it hangs. */
export class Qdisc {
  readonly kind: QdiscKind;
  readonly device: Device;
  readonly handle: number;
  /** TC_H_ROOT, TC_H_INGRESS, or the class it hangs on. */
  parent: number;
  settings: unknown;
  /** TCQ_F_INVISIBLE: made by the kernel below a class; lists leave it out. */
  readonly invisible: boolean;
  /** refcnt: how often it is attached. */
  refs = 1;
  /** Filters of the qdisc itself, or of the ingress hook; null: none can be attached there. */
  block: FilterBlock | null = null;
  /** Filters of clsact's egress hook. */
  egressBlock: FilterBlock | null = null;
  /** Classes that users made. */
  readonly classes = new ClassTable();
  /** What these weigh together, as the kind says. */
  weight = 0;
  /** What hangs on the classes that are always there, from minor 1 on; null: noop. */
  bands: (Qdisc | null)[] = [];
  /** TCA_STAB as a dump has it: its base, or the words where these are all there is. */
  sizeTable: Uint8Array | null = null;
  /** An estimator was asked for: statistics carry its (zero) rates. */
  estimated = false;
  /** TCQ_F_CAN_BYPASS; the first filter takes it away for good. */
  bypassed: boolean;
  /** Its number in the plan, once there is one. */
  number = -1;
  /** Of a qdisc that chooses by transmit queue, once there is a plan: the classes below which somebody put a qdisc. */
  usedQueues: readonly number[] = [];

  constructor(kind: QdiscKind, device: Device, handle: number, parent: number, settings: unknown, invisible = false) {
    this.kind = kind;
    this.device = device;
    this.handle = handle;
    this.parent = parent;
    this.settings = settings;
    this.invisible = invisible;
    this.bypassed = kind.bypassed;
  }

  /** ->graft(): other qdiscs may hang on its classes. */
  get grafts(): boolean {
    return this.kind.classes !== null || this.kind.bands !== null;
  }

  /** tbf_find() and its like answer 1 to everything: one class, which any id names. */
  get oneChild(): boolean {
    return this.kind.bands?.anyClass === 'one child';
  }

  /** Number of classes that are always there. */
  get bandCount(): number {
    return this.kind.bands?.count(this.settings) ?? 0;
  }

  /** ->find(): whether this class is there. Kinds with one child take any class id for it; so does ingress (quirk 46). */
  has(classid: number): boolean {
    const { kind } = this;
    if (kind.filters === 'hooks') return this.egressBlock === null || HOOK_MINORS.has(tcMinor(classid));
    if (kind.classes !== null) return this.classes.get(classid) !== null;
    if (this.oneChild) return true;
    const minor = tcMinor(classid);
    if (kind.bands?.anyClass === 'queues') return minor >= 1 && minor < FIRST_PRIORITY;
    return minor >= 1 && minor <= this.bandCount;
  }

  /** net/sched/sch_api.c: qdisc_leaf() — what hangs on a class; null: nothing, or no such class. */
  leaf(classid: number): Qdisc | null {
    if (this.kind.classes !== null) {
      const cl = this.classes.get(classid);
      return cl === null || cl.children > 0 ? null : cl.leaf;
    }
    return this.has(classid) ? (this.bands[this.bandOf(classid)] ?? null) : null;
  }

  /** Index into `bands`. */
  bandOf(classid: number): number {
    return this.oneChild ? 0 : tcMinor(classid) - 1;
  }

  /** ->tcf_block() — the block of the qdisc, of a class or of a hook; null: filters cannot be attached there. */
  blockAt(parent: number): FilterBlock | null {
    const minor = tcMinor(parent);
    switch (this.kind.filters) {
      case 'none':
        return null;
      case 'hooks':
        if (this.egressBlock === null) return this.block;
        return minor === HOOK_INGRESS ? this.block : minor === HOOK_EGRESS ? this.egressBlock : null;
      case 'classes':
        return minor === 0 ? this.block : (this.classes.get(parent)?.block ?? null);
      case 'qdisc':
        return minor === 0 ? this.block : null;
    }
  }

  /** The places with filters of its own, by what they are attached to: its hooks, or itself. */
  lists(): [at: number, block: FilterBlock][] {
    const { block, egressBlock, handle } = this;
    if (block === null) return [];
    if (egressBlock === null) return [[handle, block]];
    return [
      [tcH(tcMajor(handle), HOOK_INGRESS), block],
      [tcH(tcMajor(handle), HOOK_EGRESS), egressBlock],
    ];
  }

  /** Its classes in the order of lists: those that users made, or those that are always there. */
  *eachClass(): Generator<Pick<Class, 'id' | 'above' | 'block'>> {
    if (this.kind.classes !== null) yield* this.classes.walk();
    for (let band = 1; band <= this.bandCount; band++) {
      yield { id: tcH(tcMajor(this.handle), band), above: null, block: null };
    }
    // Kinds that are not modelled have a class wherever something hangs.
    if (this.kind.modelled === false) for (const q of this.below()) yield { id: q.parent, above: null, block: null };
  }

  /** Height of a class that users made: -1 there is none, 0 a leaf, more: classes hang below it. */
  level(classid: number): number {
    const cl = this.classes.get(classid);
    return cl === null ? -1 : this.classes.height(cl);
  }

  /** All qdiscs right below. */
  below(): Qdisc[] {
    return [...this.bands, ...[...this.classes.walk()].map((cl) => cl.leaf)].filter((q) => q !== null);
  }

  /** All blocks that end with it, those of its classes included. */
  blocks(): FilterBlock[] {
    return [this.block, this.egressBlock, ...[...this.classes.walk()].map((cl) => cl.block)].filter((b) => b !== null);
  }
}

const HOOK_INGRESS = tcMinor(TC_H.MIN_INGRESS);
const HOOK_EGRESS = tcMinor(TC_H.MIN_EGRESS);
const HOOK_MINORS: ReadonlySet<number> = new Set([HOOK_INGRESS, HOOK_EGRESS]);
/** TC_H_MIN_PRIORITY: mqprio's traffic classes begin here, above its queues. */
const FIRST_PRIORITY = 0xffe0;

/**
 * struct Qdisc_class_hash: decides in which order classes are listed. Grows as the kernel's does, new ones stand first
 * in their bucket (quirk 44).
 */
export class ClassTable {
  private buckets: Class[][] = [[], [], [], []];
  private readonly byId = new Map<number, Class>();
  private count = 0;
  /** Of inner classes; null: a class came or went since somebody asked. */
  private heights: ReadonlyMap<Class, number> | null = null;

  get(id: number): Class | null {
    return this.byId.get(id) ?? null;
  }

  /** qdisc_class_hash_insert(), qdisc_class_hash_grow() */
  add(cl: Class): void {
    this.heights = null;
    this.byId.set(cl.id, cl);
    this.bucket(cl.id).unshift(cl);
    this.count++;
    if (this.count * 4 <= this.buckets.length * 3) return;
    const old = this.buckets;
    this.buckets = Array.from({ length: old.length * 2 }, () => []);
    for (const bucket of old) for (const other of bucket) this.bucket(other.id).unshift(other);
  }

  remove(cl: Class): void {
    const bucket = this.bucket(cl.id);
    const at = bucket.indexOf(cl);
    if (at < 0) return;
    bucket.splice(at, 1);
    this.byId.delete(cl.id);
    this.count--;
    this.heights = null;
  }

  /** hfsc's cl->level: a leaf is 0, an inner class one more than the highest below it. */
  height(cl: Class): number {
    if (cl.children === 0) return 0;
    this.heights ??= this.measure();
    return this.heights.get(cl) ?? 1;
  }

  /** All at once, from the leaves up: one after the other would look through all classes for each inner one. */
  private measure(): ReadonlyMap<Class, number> {
    const heights = new Map<Class, number>();
    const waiting = new Map<Class, number>();
    const done = [...this.walk()].filter(({ children }) => children === 0);
    for (const cl of done) {
      const { above } = cl;
      if (above === null) continue;
      heights.set(above, Math.max(heights.get(above) ?? 0, (heights.get(cl) ?? 0) + 1));
      const left = (waiting.get(above) ?? above.children) - 1;
      waiting.set(above, left);
      if (left === 0) done.push(above);
    }
    return heights;
  }

  /** Every class, in the order of lists. */
  *walk(): Generator<Class> {
    for (const bucket of this.buckets) yield* bucket;
  }

  /** include/net/sch_generic.h: qdisc_class_hash() */
  private bucket(id: number): Class[] {
    let folded = (id ^ (id >>> 8)) >>> 0;
    folded ^= folded >>> 4;
    return this.buckets[folded & (this.buckets.length - 1)] ?? [];
  }
}

/** struct net_device, as far as qdiscs are concerned. */
export class Device implements QdiscDevice {
  readonly name: string;
  readonly ifindex: number;
  readonly up: boolean;
  readonly mtu: number;
  readonly headerLength = 14;
  readonly txqlen: number;
  txQueues: number;
  readonly queuesOpen: boolean;
  readonly kind: 'dummy' | 'loopback' | 'ether';
  /** dev->qdisc; null: noop, as on a device that never was up. */
  root: Qdisc | null = null;
  /** Qdisc of the ingress queue; null: noop. */
  ingress: Qdisc | null = null;
  /** dev_ingress_queue(): made by the first request for an ingress qdisc, and then stays. */
  hasIngressQueue = false;
  /** dev->qdisc_hash: everything below the root, by time. */
  private readonly hashed = new Set<Qdisc>();
  /** The same by handle. */
  private readonly byHandle = new Map<number, Qdisc[]>();

  constructor(spec: DeviceSpec) {
    this.name = spec.name;
    this.ifindex = spec.ifindex;
    this.up = spec.up ?? true;
    this.mtu = spec.mtu ?? (spec.name === 'lo' ? 65536 : 1500);
    this.txqlen = spec.txqlen ?? 1000;
    this.txQueues = spec.txQueues ?? 1;
    this.queuesOpen = spec.queuesOpen ?? false;
    this.kind = spec.kind ?? (spec.name === 'lo' ? 'loopback' : 'dummy');
  }

  get spec(): DeviceSpec {
    const { name, ifindex, up, mtu, txqlen, txQueues, queuesOpen, kind } = this;
    return { name, ifindex, up, mtu, txqlen, txQueues, kind, ...(queuesOpen ? { queuesOpen } : {}) };
  }

  /** qdisc_hash_add(): the root and the ingress qdisc stay outside. */
  hash(q: Qdisc): void {
    if (q.parent === TC_H.ROOT || q.kind.ingress || this.hashed.has(q)) return;
    this.hashed.add(q);
    const same = this.byHandle.get(q.handle);
    if (same === undefined) this.byHandle.set(q.handle, [q]);
    else same.push(q);
  }

  unhash(q: Qdisc): void {
    if (!this.hashed.delete(q)) return;
    const others = (this.byHandle.get(q.handle) ?? []).filter((other) => other !== q);
    if (others.length === 0) this.byHandle.delete(q.handle);
    else this.byHandle.set(q.handle, others);
  }

  /** The filters of a hook; null: none can be attached there. */
  hookList(ingress: boolean): { readonly q: Qdisc; readonly at: number; readonly block: FilterBlock } | null {
    const q = this.ingress;
    const block = q === null ? null : ingress ? q.block : q.egressBlock;
    if (q === null || block === null) return null;
    const at = q.egressBlock === null ? q.handle : tcH(tcMajor(q.handle), ingress ? HOOK_INGRESS : HOOK_EGRESS);
    return { q, at, block };
  }

  /** net/sched/sch_api.c: qdisc_lookup() — by `major:`; handle 0 is nobody's. */
  lookup(handle: number): Qdisc | null {
    if (handle === 0) return null;
    const { root, ingress } = this;
    if (root?.handle === handle) return root;
    return this.byHandle.get(handle)?.[0] ?? (ingress?.handle === handle ? ingress : null);
  }

  /** Every qdisc but that of the ingress queue. */
  all(): Qdisc[] {
    return [...(this.root === null ? [] : [this.root]), ...this.hashed];
  }

  /** hash_for_each(dev->qdisc_hash): 16 buckets by hash_32(handle, 4), latest first in each (quirk 44). */
  listed(): Qdisc[] {
    const bucket = (q: Qdisc): number => Math.imul(q.handle, GOLDEN_RATIO_32) >>> 28;
    return [...this.hashed]
      .map((q, at) => ({ q, at }))
      .sort((a, b) => bucket(a.q) - bucket(b.q) || b.at - a.at)
      .map(({ q }) => q);
  }
}

const GOLDEN_RATIO_32 = 0x61c88647;

/** TC_H_MAJ(): the qdisc's handle in a class id. */
export function majorOf(classid: number): number {
  return tcH(tcMajor(classid), 0);
}

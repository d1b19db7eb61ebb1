import type { Era } from '../era.ts';
import { Input, type Packet } from '../packet/index.ts';
import type { Result } from '../sched/notation.ts';
import { By, Placed } from '../sched/qdisc/index.ts';
import { Verdict } from '../verdict.ts';
import type { Chain, ChainResult } from './chain/index.ts';
import type { Device, Qdisc } from './device.ts';
import { FateNumber } from './ends.ts';
import { endsWay, hasFilters, Pass, type Walking, wasRedirected } from './pass.ts';
import type { FilterBlock, KernelProto } from './proto.ts';
import { Hook, How, NONE, NOOP, Way } from './way.ts';

/** Told of every proto that evaluated the packet itself (no copy of it), right after it did. */
export type Evaluated = (proto: KernelProto, verdict: Verdict) => void;

/** net/sched/act_mirred.c: MIRRED_RECURSION_LIMIT */
const MAX_COPIES = 4;

/**
 * The walk of one packet: through a device's hooks, then qdisc below qdisc to where it ends, or past one list of filters.
 * What happens is written into `way` as numbers; words are made by those who read it. Nothing is allocated per packet,
 * but for the bytes of packets that actions change.
 */
export class Walker implements Walking {
  readonly way = new Way();
  /** What the last list on the packet's way that wanted it answered; verdict -1: none did. */
  readonly answer = { verdict: Verdict.UNSPEC as Verdict, classid: 0, pref: 0, handle: 0 };
  /** Number of the proto that nobody here can evaluate, and at which the way is lost; NONE: it is not. */
  unknown = NONE;
  private readonly deviceOf: (ifindex: number) => Device | null;
  private readonly eraOf: () => Era;
  private readonly result: ChainResult<KernelProto> = { classid: 0, handle: 0, pref: 0, proto: null };
  /** One for the packet, and one for each copy of a copy. */
  private readonly passes: Pass[] = [];
  private depth = 0;
  /** How often mirred has sent on what is walked now. */
  private copies = 0;
  private evaluated: Evaluated | null = null;

  constructor(deviceOf: (ifindex: number) => Device | null, eraOf: () => Era) {
    this.deviceOf = deviceOf;
    this.eraOf = eraOf;
  }

  /** The whole way of a packet on a device. Its fields are changed by actions, as the kernel's are. */
  walk(p: Packet, device: Device, hook: Hook, evaluated: Evaluated | null): void {
    const pass = this.begin(p, device, evaluated);
    p.dev ||= device.ifindex;
    this.go(pass, hook, How.FIRST);
    this.way.close();
    this.unknown = pass.unknown;
  }

  /** Nothing is there that a packet could meet. */
  nothing(): void {
    this.way.clear();
    this.unknown = NONE;
    this.forget();
  }

  /** One list alone. `q` is what has it, `at` what it is attached to. */
  list(p: Packet, q: Qdisc, at: number, block: FilterBlock, evaluated: Evaluated | null): void {
    const pass = this.begin(p, q.device, evaluated);
    this.run(pass, q, at, block);
    this.unknown = pass.unknown;
  }

  private begin(p: Packet, device: Device, evaluated: Evaluated | null): Pass {
    this.way.clear();
    this.evaluated = evaluated;
    this.depth = this.copies = 0;
    this.forget();
    const pass = this.passAt(0, p, device);
    pass.begin(p, device, p.mark, p.priority);
    return pass;
  }

  private passAt(depth: number, p: Packet, device: Device): Pass {
    const pass = this.passes[depth];
    if (pass !== undefined) return pass;
    const made = new Pass(this, p, device);
    this.passes.push(made);
    return made;
  }

  private forget(): void {
    const { answer } = this;
    answer.verdict = Verdict.UNSPEC;
    answer.classid = answer.pref = answer.handle = 0;
  }

  /** net/core/dev.c: sch_handle_ingress(), or sch_handle_egress() and then the root qdisc. */
  private go(pass: Pass, hook: Hook, how: How): void {
    this.way.device(pass.device.ifindex, hook, how, pass.sentMark, pass.sentPriority);
    if (this.runHook(pass, hook) && this.endsAtHook(pass, hook)) return;
    if (hook === Hook.INGRESS) {
      this.end(FateNumber.PASSED, NONE, NONE, pass.verdict, NONE, hook);
      return;
    }
    // A class that the hook's filters gave leads nowhere.
    if (this.depth === 0) this.forget();
    this.descend(pass, pass.device.root, NONE, true);
  }

  /** False: there are no filters. */
  private runHook(pass: Pass, hook: Hook): boolean {
    const list = pass.device.hookList(hook === Hook.INGRESS);
    if (list === null || !hasFilters(list.block)) return false;
    this.run(pass, list.q, list.at, list.block);
    return true;
  }

  /** Whether the packet goes no further than the hook. */
  private endsAtHook(pass: Pass, hook: Hook): boolean {
    if (pass.unknown !== NONE) this.end(FateNumber.UNKNOWABLE, NONE, NONE, NONE, NONE, hook);
    else if (endsWay(pass.verdict) || pass.verdict === Verdict.CONSUMED) this.endByAction(pass, NONE, hook);
    else return false;
    return true;
  }

  /** From a qdisc, mostly the root, to a leaf. `above`: the class it hangs on. */
  private descend(pass: Pass, from: Qdisc | null, above: number, isRoot: boolean): void {
    const p = pass.packet;
    let q = from;
    let parent = above;
    // What hangs on mq's queues is handed packets as the root is.
    let top = isRoot;
    while (q !== null) {
      if (top && (q.bypassed || q.kind.sendsAtOnce)) {
        this.end(FateNumber.SENT, NONE, NONE, NONE, NONE, NONE);
        return;
      }
      this.way.node(q.number, parent, p.mark, p.priority);
      if (pass.place(q, parent) === Placed.HERE) return;
      if (pass.by === By.QUEUE && (p.given & Input.QUEUE) === 0) {
        if (q.usedQueues.length > 1) {
          this.tryQueues(pass, q);
          return;
        }
        pass.below = q.usedQueues[0] ?? pass.below;
      }
      this.way.class(pass.below, pass.by);
      top = q.kind.bands?.perQueue === true;
      parent = pass.below;
      q = q.leaf(parent);
    }
    this.end(FateNumber.DROPPED, NOOP, By.NOOP, NONE, NONE, NONE);
  }

  /** Nobody knows the packet's queue: a copy of it goes each way. Where these end differently, nobody knows the end. */
  private tryQueues(pass: Pass, q: Qdisc): void {
    const { way } = this;
    const other = this.passAt(++this.depth, pass.packet, pass.device);
    let first = NONE;
    let isSame = true;
    for (const classid of q.usedQueues) {
      other.begin(other.copyOf(pass.packet), pass.device, pass.sentMark, pass.sentPriority);
      way.queue(classid);
      this.descend(other, q.leaf(classid), classid, q.kind.bands?.perQueue === true);
      pass.packet.rests |= other.packet.rests;
      pass.packet.wayRests |= other.packet.wayRests;
      if (first === NONE) first = way.last;
      else isSame &&= way.isSameEnd(first, way.last);
    }
    this.depth--;
    if (isSame) way.endAgain(first);
    else this.end(FateNumber.UNKNOWABLE, q.number, By.QUEUE, NONE, NONE, NONE);
  }

  /** net/sched/cls_api.c: tcf_classify() of one list. */
  run(pass: Pass, q: Qdisc, at: number, block: FilterBlock): void {
    const { way, result, answer } = this;
    const p = pass.packet;
    const from = way.list(q.number, at, p.mark, p.priority);
    result.classid = result.handle = result.pref = 0;
    const verdict = block.classify(p, result, this.visit);
    pass.verdict = verdict;
    pass.classid = result.classid >>> 0;
    way.answer(from, verdict, result.classid, p.mark, p.priority);
    if (verdict < 0 || this.depth > 0 || pass.unknown !== NONE) return;
    answer.verdict = verdict;
    answer.classid = result.classid;
    answer.pref = result.pref;
    answer.handle = result.handle;
  }

  private readonly visit = (_: Chain<KernelProto>, proto: KernelProto, verdict: Verdict, result: Result): void => {
    this.way.filter(proto.number, verdict, result.classid, result.handle);
    const pass = this.passes[this.depth];
    if (pass === undefined) return;
    if (verdict === Verdict.UNKNOWABLE) {
      pass.unknown = proto.number;
      return;
    }
    if (this.depth > 0) return;
    this.evaluated?.(proto, verdict);
  };

  /** net/sched/act_mirred.c: tcf_mirred_act() — the copy goes its way before the packet goes on. */
  copied(p: Packet, ifindex: number, direction: 'egress' | 'ingress', what: 'mirror' | 'redirect'): void {
    const device = this.deviceOf(ifindex);
    const above = this.passes[this.depth];
    if (device === null || above === undefined) return;
    const how = what === 'mirror' ? How.MIRROR : How.REDIRECT;
    above.copiedTo = ifindex;
    above.copiedHow = how;
    if (this.copies < MAX_COPIES)
      this.follow(p, above, device, direction === 'ingress' ? Hook.INGRESS : Hook.EGRESS, how);
    else {
      this.way.device(ifindex, Hook.EGRESS, how, above.sentMark, above.sentPriority);
      this.end(FateNumber.DROPPED, NONE, By.REDIRECT_LOOP, NONE, NONE, NONE);
    }
  }

  private follow(p: Packet, above: Pass, device: Device, hook: Hook, how: How): void {
    const { result } = this;
    const { classid, handle, pref, proto } = result;
    this.copies++;
    const pass = this.passAt(++this.depth, p, device);
    const copy = pass.copyOf(p);
    pass.begin(copy, device, above.sentMark, above.sentPriority);
    copy.dev = device.ifindex;
    copy.iif = above.device.ifindex;
    if (!this.eraOf().mirredKeepsConnection) resetConnection(copy);
    if (!p.received || how === How.MIRROR) orphan(copy);
    turn(copy, hook);
    this.go(pass, hook, how);
    this.depth--;
    this.copies--;
    result.classid = classid;
    result.handle = handle;
    result.pref = pref;
    result.proto = proto;
  }

  endByAction(pass: Pass, node: number, hook: number): void {
    const { verdict, copiedTo } = pass;
    if (verdict === Verdict.SHOT) this.end(FateNumber.DROPPED, node, By.FILTER_ACTION, NONE, NONE, hook);
    else if (wasRedirected(pass)) this.end(FateNumber.REDIRECTED, node, NONE, verdict, copiedTo, hook);
    else this.end(FateNumber.STOLEN, node, NONE, verdict, NONE, hook);
  }

  private end(fate: number, node: number, by: number, verdict: number, to: number, hook: number): void {
    this.way.end(fate, node, NONE, by, NONE, verdict, to, hook);
  }
}

/** nf_reset_ct() of net/sched/act_mirred.c: tcf_mirred_act() since Linux 5.14: the copy has no connection any more (quirk 91). */
function resetConnection(copy: Packet): void {
  copy.ct = null;
  copy.nfct = copy.nullFold;
  copy.given &= ~Input.FOLD_NFCT;
}

/** net/core/skbuff.c: __skb_clone() — a copy has no socket; only a packet redirected from ingress goes itself. */
function orphan(copy: Packet): void {
  copy.socket = null;
  copy.skUid = copy.skGid = 0;
  copy.sk = copy.nullFold;
  copy.given = (copy.given | Input.SK_UID | Input.SK_GID) & ~Input.FOLD_SK;
}

/** The data begins at the link header on the way out, at the network header on the way in. */
function turn(p: Packet, hook: Hook): void {
  const start = hook === Hook.INGRESS ? p.network : p.mac >= 0 ? p.mac : p.at;
  p.received = hook === Hook.INGRESS;
  p.len += p.at - start;
  p.at = start;
}

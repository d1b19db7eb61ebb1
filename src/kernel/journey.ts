import type { End } from '../report/index.ts';
import { BY_WORDS, By } from '../sched/qdisc/index.ts';
import { classidText, classText, word } from '../u32.ts';
import { Verdict, verdictName } from '../verdict.ts';
import { type EndPlan, endNames, type Fated, FateNumber } from './ends.ts';
import type { FilterId, PlanNode, PlanProto } from './plan.ts';
import { AnswerField, Detail, EndField, Hook, How, NONE, Op, type Way, WIDTHS } from './way.ts';

/** A packet's way in words. The names are those of the kernel's records: test/golden/records/fate. */

/** A filter that was evaluated. */
export interface AskedFilter extends FilterId {
  /** -1: no match; else the verdict. null: nobody here can evaluate it, and the list was not gone through further. */
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

type Why = (typeof BY_WORDS)[number];

/** One qdisc that was handed the packet. */
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
  readonly by?: Why;
  readonly filter?: FilterId;
}

type EnqueueReturn = '0x10000' | '0x20000';

/** Where a packet ends: an end, and what differs from packet to packet. */
export interface Fate extends End {
  readonly fate: Fated;
  /** Of a queue of many flows, counted from 0; absent where the qdisc's secret hash decides. */
  readonly bucket?: number;
  readonly flowMode?: number;
  readonly flowOverride?: number;
  readonly hostOverride?: number;
  readonly enqueueReturn?: EnqueueReturn;
  /** The class that was named and is not there. */
  readonly classid?: string;
  readonly filter?: FilterId;
}

/** All that happened to one packet on one device. */
export interface Journey {
  readonly egressHook?: readonly ListRun[];
  readonly ingressHook?: readonly ListRun[];
  /** The qdiscs that were handed the packet, outermost first; absent at ingress. */
  readonly path?: readonly Step[];
  readonly fate: Fate;
  /** Copies and redirections. */
  readonly sentElsewhere?: readonly Elsewhere[];
  /** Where nobody knows the packet's transmit queue: what happens in each queue that it may be. */
  readonly queues?: readonly QueueJourney[];
}

export interface QueueJourney extends Journey {
  /** The class that stands for the queue. */
  readonly class: string;
}

export interface Elsewhere extends Journey {
  readonly device: string;
  readonly how: 'mirror' | 'redirect';
  readonly by: FilterId | null;
}

/** What the numbers of a way stand for. */
export interface Names extends EndPlan {
  node(number: number): PlanNode;
  proto(number: number): PlanProto;
}

/** include/linux/netdevice.h: NET_XMIT_SUCCESS | __NET_XMIT_STOLEN, __NET_XMIT_BYPASS */
const STOLEN = '0x10000';
const BYPASS = '0x20000';
/** Of the runs of a class loop, which are all alike, so many are shown. */
const SHOWN = 3;

/** A way in words; null: a list alone was evaluated. */
export function journeyOf(way: Way, names: Names): Journey | null {
  return way.endAt === NONE ? null : new Reader(way, names).device();
}

/** Reads a way from its beginning on. */
class Reader {
  private readonly words: Int32Array;
  private readonly names: Names;
  private at = 0;

  constructor({ words }: Way, names: Names) {
    this.words = words;
    this.names = names;
  }

  /** DEVICE … END. */
  device(): Journey {
    const part = new Part(this.field(2), this.field(4), this.field(5));
    this.next();
    return this.rest(part);
  }

  /** QUEUE … END. */
  private queue({ mark, priority }: Part): QueueJourney {
    const classid = classText(this.field(1));
    this.next();
    return { class: classid, ...this.rest(new Part(Hook.EGRESS, mark, priority)) };
  }

  private rest(part: Part): Journey {
    for (;;) {
      switch (this.field(0)) {
        case Op.LIST:
          part.runs.push(this.list(part));
          break;
        case Op.NODE:
          part.enter(this.step(part));
          this.next();
          break;
        case Op.CLASS:
          this.leave(part);
          this.next();
          break;
        case Op.QUEUE:
          part.queues.push(this.queue(part));
          break;
        default:
          return this.end(part);
      }
    }
  }

  /** LIST with its filters, and what their actions sent elsewhere. */
  private list(part: Part): ListRun {
    const from = this.at;
    const [node, at] = [this.names.node(this.field(1)), this.field(2)];
    const [verdict, classid] = [this.field(AnswerField.VERDICT), this.field(AnswerField.CLASSID)];
    const end = this.field(AnswerField.END);
    const known = verdict !== Verdict.UNKNOWABLE;
    this.next();
    part.filter = null;
    const filters: AskedFilter[] = [];
    while (this.at < end) {
      if (this.field(0) === Op.DEVICE) part.elsewhere.push(this.elsewhere());
      else filters.push(this.filter(part));
    }
    return {
      at: classidText(at),
      ...(classidText(at) === node.qdisc ? {} : { qdisc: node.qdisc }),
      filters,
      verdict: verdictName(verdict),
      ...(known && verdict >= 0 ? { classid: classText(classid) } : {}),
      ...(known ? this.changes(part, from) : {}),
    };
  }

  /** Marks and priorities around the list whose record begins at an index. */
  private changes(part: Part, from: number): Partial<ListRun> {
    const field = (which: number): number => word(this.words, from + which);
    const [mark, priority] = [field(3), field(4)];
    const [markAfter, priorityAfter] = [field(AnswerField.MARK), field(AnswerField.PRIORITY)];
    return {
      ...(mark === part.mark ? {} : { markBefore: mark >>> 0 }),
      ...(priority === part.priority ? {} : { priorityBefore: priority >>> 0 }),
      ...(markAfter === mark ? {} : { markAfter: markAfter >>> 0 }),
      ...(priorityAfter === priority ? {} : { priorityAfter: priorityAfter >>> 0 }),
    };
  }

  private filter(part: Part): AskedFilter {
    const { number: _, filters: __, ...id } = this.names.proto(this.field(1));
    const [verdict, classid] = [this.field(2), this.field(3)];
    this.next();
    part.lost = verdict === Verdict.UNKNOWABLE ? id : null;
    if (part.lost !== null) return { ...id, ret: null };
    if (verdict >= 0) part.filter = id;
    part.elsewhere = part.elsewhere.map((sent) => (sent.by === null ? { ...sent, by: id } : sent));
    return { ...id, ret: verdict, ...(verdict < 0 ? {} : { classid: classText(classid) }) };
  }

  private elsewhere(): Elsewhere {
    const device = this.names.device(this.field(1)) ?? '';
    const how = this.field(3) === How.MIRROR ? 'mirror' : 'redirect';
    return { device, ...this.device(), by: null, how };
  }

  private step(part: Part): Omit<Step, 'classify'> {
    const [{ qdisc, kind }, parent] = [this.names.node(this.field(1)), this.field(2)];
    const [mark, priority] = [this.field(3), this.field(4)];
    return {
      qdisc,
      kind,
      parent: parent === NONE ? 'root' : classText(parent),
      ...(mark === part.mark ? {} : { mark: mark >>> 0 }),
      ...(priority === part.priority ? {} : { priority: priority >>> 0 }),
    };
  }

  private leave(part: Part): void {
    const [classid, by] = [this.field(1), this.field(2)];
    const filter = by === By.FILTER && part.filter !== null ? { filter: part.filter } : {};
    part.leave({ class: classText(classid), by: BY_WORDS[by] ?? 'filter', ...filter });
  }

  private end(part: Part): Journey {
    const { at } = this;
    this.next();
    const fate = this.fate(part, at);
    if (fate.by === 'class loop') part.shorten();
    const hook = part.hooks.length > 0 || part.hook === Hook.INGRESS;
    return {
      ...(hook ? { [part.hook === Hook.INGRESS ? 'ingressHook' : 'egressHook']: part.hooks } : {}),
      ...(part.hook === Hook.INGRESS ? {} : { path: part.path }),
      fate,
      ...(part.elsewhere.length === 0 ? {} : { sentElsewhere: part.elsewhere }),
      ...(part.queues.length === 0 ? {} : { queues: part.queues }),
    };
  }

  private fate(part: Part, at: number): Fate {
    const detail = (name: string, which: number) =>
      word(this.words, at + which) === NONE ? {} : { [name]: word(this.words, at + which) };
    const lost = word(this.words, at + Detail.LOST);
    const filter = part.filterOf(this.words, at);
    const enqueueReturn = returned(this.words, at);
    return {
      ...endNames(this.words, at, this.names),
      ...detail('bucket', Detail.BUCKET),
      ...detail('flowMode', Detail.FLOW_MODE),
      ...detail('flowOverride', Detail.FLOW_OVERRIDE),
      ...detail('hostOverride', Detail.HOST_OVERRIDE),
      ...(enqueueReturn === null ? {} : { enqueueReturn }),
      ...(lost === NONE ? {} : { classid: classText(lost) }),
      ...(filter === null ? {} : { filter }),
    };
  }

  private field(which: number): number {
    return word(this.words, this.at + which);
  }

  private next(): void {
    this.at += WIDTHS[this.field(0)] ?? 1;
  }
}

/** A packet's part on one device, as far as it is read. */
class Part {
  readonly hook: number;
  /** As the sender set them. */
  readonly mark: number;
  readonly priority: number;
  readonly hooks: ListRun[] = [];
  readonly path: Step[] = [];
  /** The runs of the hook, then those of the qdisc that was entered last. */
  runs = this.hooks;
  elsewhere: Elsewhere[] = [];
  readonly queues: QueueJourney[] = [];
  /** What answered last in the last run. */
  filter: FilterId | null = null;
  /** What nobody here can evaluate. */
  lost: FilterId | null = null;

  constructor(hook: number, mark: number, priority: number) {
    this.hook = hook;
    this.mark = mark;
    this.priority = priority;
  }

  enter(step: Omit<Step, 'classify'>): void {
    this.runs = [];
    this.path.push({ ...step, classify: this.runs });
  }

  /** mq hands the packet to a queue of the device before any qdisc is asked. */
  leave(below: Pick<Step, 'class' | 'by' | 'filter'>): void {
    const step = this.path.pop();
    if (step !== undefined && step.kind !== 'mq') this.path.push({ ...step, ...below });
  }

  /** The runs of a class loop are all alike. */
  shorten(): void {
    const step = this.path.pop();
    if (step === undefined) return;
    const repeated = step.classify.length - SHOWN;
    const classify = repeated <= 0 ? step.classify : [...step.classify.slice(0, SHOWN), { repeated }];
    this.path.push({ ...step, classify });
  }

  /** The filter that decided the end whose record begins at an index of these words; null: none did. */
  filterOf(words: Int32Array, at: number): FilterId | null {
    const by = word(words, at + EndField.BY);
    switch (word(words, at + EndField.FATE)) {
      case FateNumber.UNKNOWABLE:
        return this.lost;
      case FateNumber.STOLEN:
      case FateNumber.REDIRECTED:
        return this.filter;
      case FateNumber.QUEUED:
        return word(words, at + EndField.BUCKET_BY) === By.FILTER ? this.filter : null;
      case FateNumber.DROPPED: {
        const named = word(words, at + Detail.LOST) !== NONE && by !== By.NO_DEFAULT_CLASS;
        return named || by === By.FILTER_ACTION ? this.filter : null;
      }
      default:
        return null;
    }
  }
}

/** What the qdisc's enqueue function returns. */
function returned(words: Int32Array, at: number): EnqueueReturn | null {
  if (word(words, at + EndField.NODE) < 0) return null;
  switch (word(words, at + EndField.FATE)) {
    case FateNumber.DROPPED:
      return BYPASS;
    case FateNumber.STOLEN:
    case FateNumber.REDIRECTED:
      return STOLEN;
    default:
      return null;
  }
}

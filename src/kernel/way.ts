/**
 * What happened to one packet, in numbers: records one behind the other, rewritten for every packet. Words are made of
 * it, together with the plan, by those who read it: journey.ts, ends.ts.
 *
 * A packet's part on a device is DEVICE … END. What a filter's action sent elsewhere stands, as a part of its own,
 * before the FILTER record of that filter. Where nobody knows a packet's transmit queue, QUEUE … END stands once for
 * each that it may be, before the END of the packet. A list alone (no device's whole tree is walked) has neither.
 */
export const Op = { DEVICE: 0, LIST: 1, FILTER: 2, NODE: 3, CLASS: 4, END: 5, QUEUE: 6 } as const;

/** How many words a record of each Op takes, the Op included. */
export const WIDTHS: readonly number[] = [6, 10, 5, 5, 3, 14, 2];
const LONGEST = 14;

const WIDTH_OF_LIST = 10;
/** Of a LIST record: what the list came to, and the index behind its last filter. */
export const Answer = { VERDICT: 5, CLASSID: 6, MARK: 7, PRIORITY: 8, END: 9 } as const;

/** A field that a record does not have: no verdict, priority or number of its kind. */
export const NONE = -0x80000000;
/** Of an END's node: the qdisc that drops everything, and has no number. */
export const NOOP = -2;

/** Of a DEVICE record: how the packet came there. */
export const How = { FIRST: 0, MIRROR: 1, REDIRECT: 2 } as const;
export type How = (typeof How)[keyof typeof How];

/** Sides of a device, as DEVICE and END have them. */
export const Hook = { EGRESS: 0, INGRESS: 1 } as const;
export type Hook = (typeof Hook)[keyof typeof Hook];

/** The first words of an END record behind its Op: all that makes two ends different, for counts. NONE: it has none. */
export const End = { FATE: 1, NODE: 2, CLASSID: 3, BY: 4, BUCKET_BY: 5, VERDICT: 6, TO: 7, HOOK: 8 } as const;
export const END_FIELDS = 8;
/** Behind them what differs from packet to packet: `LOST` is the class that was named and is not there. */
export const Detail = { BUCKET: 9, FLOW_MODE: 10, FLOW_OVERRIDE: 11, HOST_OVERRIDE: 12, LOST: 13 } as const;

export class Way {
  words = new Int32Array(16 * LONGEST);
  length = 0;
  /** Where the END of the packet itself (no copy of it) begins; NONE: a list alone was evaluated. */
  endAt = NONE;
  private lastEnd = NONE;

  clear(): void {
    this.length = 0;
    this.endAt = NONE;
  }

  /** What became of the packet itself; NONE: a list alone was evaluated. */
  get fate(): number {
    return this.endAt === NONE ? NONE : (this.words[this.endAt + End.FATE] ?? NONE);
  }

  /** Out of a device or into it. `mark` and `priority`: as the sender set them. */
  device(ifindex: number, hook: Hook, how: How, mark: number, priority: number): void {
    const at = this.begin(Op.DEVICE, 6);
    const { words } = this;
    words[at + 1] = ifindex;
    words[at + 2] = hook;
    words[at + 3] = how;
    words[at + 4] = mark;
    words[at + 5] = priority;
  }

  /** A list of filters begins. `at`: what it is attached to; `node`: the qdisc. Returns where its record stands. */
  list(node: number, at: number, mark: number, priority: number): number {
    return this.four(Op.LIST, WIDTH_OF_LIST, node, at, mark, priority);
  }

  /** What the whole list came to: the record at `from` is completed, and what was written since then is the list's. */
  answer(from: number, verdict: number, classid: number, mark: number, priority: number): void {
    const { words } = this;
    words[from + Answer.VERDICT] = verdict;
    words[from + Answer.CLASSID] = classid;
    words[from + Answer.MARK] = mark;
    words[from + Answer.PRIORITY] = priority;
    words[from + Answer.END] = this.length;
  }

  /** A proto was evaluated: its verdict, the class at that moment, and the handle of the filter that wrote it. */
  filter(proto: number, verdict: number, classid: number, handle: number): void {
    this.four(Op.FILTER, 5, proto, verdict, classid, handle);
  }

  /** A qdisc is handed the packet. `parent`: the class that it hangs on. */
  node(node: number, parent: number, mark: number, priority: number): void {
    this.four(Op.NODE, 5, node, parent, mark, priority);
  }

  /** It hands the packet down to a class; `by`: one of By. */
  class(classid: number, by: number): void {
    const at = this.begin(Op.CLASS, 3);
    this.words[at + 1] = classid;
    this.words[at + 2] = by;
  }

  /** It may be handed down to this class: what stands up to the next END is what happens then. */
  queue(classid: number): void {
    const at = this.begin(Op.QUEUE, 2);
    this.words[at + 1] = classid;
  }

  /** The packet's way on this device ends: all fields of End, and no detail yet. */
  end(
    fate: number,
    node: number,
    classid: number,
    by: number,
    bucketBy: number,
    verdict: number,
    to: number,
    hook: number,
  ): void {
    const at = this.begin(Op.END, LONGEST);
    const { words } = this;
    words[at + End.FATE] = fate;
    words[at + End.NODE] = node;
    words[at + End.CLASSID] = classid;
    words[at + End.BY] = by;
    words[at + End.BUCKET_BY] = bucketBy;
    words[at + End.VERDICT] = verdict;
    words[at + End.TO] = to;
    words[at + End.HOOK] = hook;
    for (let i = Detail.BUCKET; i < LONGEST; i++) words[at + i] = NONE;
    this.lastEnd = at;
  }

  /** One of Detail, of the END that was written last. */
  detail(which: number, value: number): void {
    this.words[this.lastEnd + which] = value;
  }

  /** The END that was written last is the packet's own. */
  close(): void {
    this.endAt = this.lastEnd;
  }

  /** Whether two records that begin at these indexes are the same end. */
  isSameEnd(one: number, other: number): boolean {
    const { words } = this;
    for (let i = 0; i <= END_FIELDS; i++) if (words[one + i] !== words[other + i]) return false;
    return true;
  }

  /** Writes an END once more. */
  endAgain(at: number): void {
    const copy = this.begin(Op.END, LONGEST);
    this.words.copyWithin(copy, at, at + LONGEST);
    this.lastEnd = copy;
  }

  /** Where the END that was written last begins. */
  get last(): number {
    return this.lastEnd;
  }

  private four(op: number, width: number, a: number, b: number, c: number, d: number): number {
    const at = this.begin(op, width);
    const { words } = this;
    words[at + 1] = a;
    words[at + 2] = b;
    words[at + 3] = c;
    words[at + 4] = d;
    return at;
  }

  /** Index of a new record. */
  private begin(op: number, width: number): number {
    const at = this.length;
    if (at + LONGEST > this.words.length) this.grow();
    this.words[at] = op;
    this.length = at + width;
    return at;
  }

  /** Lists are evaluated again by reclassify and goto, and walks nest through mirred. */
  private grow(): void {
    const larger = new Int32Array(2 * this.words.length);
    larger.set(this.words);
    this.words = larger;
  }
}

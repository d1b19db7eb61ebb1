/**
 * What happened to one packet, in numbers: records one behind the other, rewritten for every packet. Words are made of
 * it, together with the plan, by those who read it: journey.ts, ends.ts.
 *
 * A packet's part on a device is DEVICE … END. What a filter's action sent elsewhere stands, as a part of its own,
 * before the FILTER record of that filter. Where nobody knows a packet's transmit queue, QUEUE … END stands once for
 * each that it may be, before the END of the packet. A list alone (no device's whole tree is walked) has neither.
 */
export const Op = { DEVICE: 0, LIST: 1, FILTER: 2, NODE: 3, CLASS: 4, END: 5, QUEUE: 6 } as const;

/** How many words a record takes, the Op included. */
const Width = { DEVICE: 6, LIST: 10, FILTER: 5, NODE: 5, CLASS: 3, END: 14, QUEUE: 2 } as const satisfies Record<
  keyof typeof Op,
  number
>;
const LONGEST = Width.END;
/** The same by Op, for those who read records. */
export const WIDTHS: readonly number[] = [
  Width.DEVICE,
  Width.LIST,
  Width.FILTER,
  Width.NODE,
  Width.CLASS,
  Width.END,
  Width.QUEUE,
];

/** Of a LIST record: the list's answer, and the index behind its last filter. */
export const AnswerField = { VERDICT: 5, CLASSID: 6, MARK: 7, PRIORITY: 8, END: 9 } as const;

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
export const EndField = { FATE: 1, NODE: 2, CLASSID: 3, BY: 4, BUCKET_BY: 5, VERDICT: 6, TO: 7, HOOK: 8 } as const;
export const END_FIELDS = 8;
/** Behind them what differs from packet to packet: `LOST` is the class that was named and is not there. */
export const Detail = { BUCKET: 9, FLOW_MODE: 10, FLOW_OVERRIDE: 11, HOST_OVERRIDE: 12, LOST: 13 } as const;

export class Way {
  words: Int32Array = new Int32Array(16 * LONGEST);
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
    return this.endAt === NONE ? NONE : (this.words[this.endAt + EndField.FATE] ?? NONE);
  }

  /** Out of a device or into it. `mark` and `priority`: as the sender set them. */
  device(ifindex: number, hook: Hook, how: How, mark: number, priority: number): void {
    const at = this.begin(Op.DEVICE, Width.DEVICE);
    const { words } = this;
    words[at + 1] = ifindex;
    words[at + 2] = hook;
    words[at + 3] = how;
    words[at + 4] = mark;
    words[at + 5] = priority;
  }

  /** A list of filters begins. `at`: what it is attached to; `node`: the qdisc. Returns where its record stands. */
  list(node: number, at: number, mark: number, priority: number): number {
    return this.four(Op.LIST, Width.LIST, node, at, mark, priority);
  }

  /** The list's answer. It completes the record at `from`; the records written since then belong to this list. */
  answer(from: number, verdict: number, classid: number, mark: number, priority: number): void {
    const { words } = this;
    words[from + AnswerField.VERDICT] = verdict;
    words[from + AnswerField.CLASSID] = classid;
    words[from + AnswerField.MARK] = mark;
    words[from + AnswerField.PRIORITY] = priority;
    words[from + AnswerField.END] = this.length;
  }

  /** A proto was evaluated: its verdict, the class at that moment, and the handle of the filter that wrote it. */
  filter(proto: number, verdict: number, classid: number, handle: number): void {
    this.four(Op.FILTER, Width.FILTER, proto, verdict, classid, handle);
  }

  /** A qdisc is handed the packet. `parent`: the class that it hangs on. */
  node(node: number, parent: number, mark: number, priority: number): void {
    this.four(Op.NODE, Width.NODE, node, parent, mark, priority);
  }

  /** It hands the packet down to a class; `by`: one of By. */
  class(classid: number, by: number): void {
    const at = this.begin(Op.CLASS, Width.CLASS);
    this.words[at + 1] = classid;
    this.words[at + 2] = by;
  }

  /** It may be handed down to this class: what stands up to the next END is what happens then. */
  queue(classid: number): void {
    const at = this.begin(Op.QUEUE, Width.QUEUE);
    this.words[at + 1] = classid;
  }

  /** The packet's way on this device ends: all fields of EndField, and no detail yet. */
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
    const at = this.begin(Op.END, Width.END);
    const { words } = this;
    words[at + EndField.FATE] = fate;
    words[at + EndField.NODE] = node;
    words[at + EndField.CLASSID] = classid;
    words[at + EndField.BY] = by;
    words[at + EndField.BUCKET_BY] = bucketBy;
    words[at + EndField.VERDICT] = verdict;
    words[at + EndField.TO] = to;
    words[at + EndField.HOOK] = hook;
    for (let i = Detail.BUCKET; i < LONGEST; i++) words[at + i] = NONE;
    this.lastEnd = at;
  }

  /** One of Detail, of the END that was written last. */
  detail(which: number, value: number): void {
    this.words[this.lastEnd + which] = value;
  }

  /** The packet's walk is over: the END written last belongs to the packet, not to a copy of it. */
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
    const copy = this.begin(Op.END, Width.END);
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

import type { End as EndNames } from '../report/index.ts';
import { BY_WORDS, By } from '../sched/qdisc/index.ts';
import { classText, word } from '../u32.ts';
import { verdictName } from '../verdict.ts';
import { END_FIELDS, EndField, NONE, NOOP, type Way } from './way.ts';

/** What becomes of a packet, in the words of the records. */
export const FATES = ['queued', 'direct', 'dropped', 'stolen', 'redirected', 'passed', 'sent', 'unknowable'] as const;
export type Fated = (typeof FATES)[number];
/** The same by number, as a walk writes them. */
export const FateNumber = {
  QUEUED: 0,
  DIRECT: 1,
  DROPPED: 2,
  STOLEN: 3,
  REDIRECTED: 4,
  PASSED: 5,
  SENT: 6,
  UNKNOWABLE: 7,
} as const;

export const HOOKS = ['egress', 'ingress'] as const;

/** A class, and what hangs on it. */
interface BelowClass {
  readonly classid: string;
  readonly qdisc: { readonly qdisc: string; readonly kind: string } | null;
}

/** What the names of an end are made of. */
export interface EndPlan {
  /** A qdisc by its number in the plan. */
  node(number: number): {
    readonly qdisc: string;
    readonly kind: string;
    readonly notModelled?: true;
    readonly classes: readonly BelowClass[];
  };
  /** A device's name by its index. */
  device(ifindex: number): string | null;
}

const FIRST_ROOM = 64;

/**
 * Numbers for the different ends of packets, from 0 on as they are first met: whoever counts packets by their end counts
 * numbers, and asks for names when all is counted. The numbers hold as long as the plan.
 */
export class Ends {
  private readonly plan: EndPlan;
  private count = 0;
  /** The fields of each end, by number. */
  private rows = new Int32Array(END_FIELDS * FIRST_ROOM);
  /** Open addressing by the hash of the fields: number + 1 of an end; 0: free. At most half full. */
  private table = new Int32Array(2 * FIRST_ROOM);

  constructor(plan: EndPlan) {
    this.plan = plan;
  }

  /** The number of the end that a way came to. */
  of({ words, endAt }: Way): number {
    const fields = endAt + EndField.FATE;
    const mask = this.table.length - 1;
    for (let at = hashOf(words, fields) & mask; ; at = (at + 1) & mask) {
      const number = word(this.table, at) - 1;
      if (number < 0) return this.add(words, fields, at);
      if (this.is(number, words, fields)) return number;
    }
  }

  /** The names of an end, without what differs from packet to packet. */
  names(number: number): EndNames {
    const from = number * END_FIELDS - EndField.FATE;
    return endNames(this.rows, from, this.plan);
  }

  private is(number: number, words: Int32Array, fields: number): boolean {
    const { rows } = this;
    const from = number * END_FIELDS;
    for (let i = 0; i < END_FIELDS; i++) if (rows[from + i] !== words[fields + i]) return false;
    return true;
  }

  private add(words: Int32Array, fields: number, at: number): number {
    const number = this.count++;
    if (this.rows.length < this.count * END_FIELDS) this.grow();
    this.rows.set(words.subarray(fields, fields + END_FIELDS), number * END_FIELDS);
    if (2 * this.count > this.table.length) this.rehash();
    else this.table[at] = number + 1;
    return number;
  }

  private grow(): void {
    const larger = new Int32Array(2 * this.rows.length);
    larger.set(this.rows);
    this.rows = larger;
  }

  private rehash(): void {
    this.table = new Int32Array(2 * this.table.length);
    const mask = this.table.length - 1;
    for (let number = 0; number < this.count; number++) {
      let at = hashOf(this.rows, number * END_FIELDS) & mask;
      while (this.table[at] !== 0) at = (at + 1) & mask;
      this.table[at] = number + 1;
    }
  }
}

function hashOf(words: Int32Array, from: number): number {
  let hash = 0;
  for (let i = 0; i < END_FIELDS; i++) hash = Math.imul(hash ^ word(words, from + i), 0x9e3779b1);
  return hash ^ (hash >>> 15);
}

/** The names of the end whose record begins at an index of these words. */
export function endNames(words: Int32Array, at: number, plan: EndPlan): EndNames & { readonly fate: Fated } {
  const field = (which: number): number => word(words, at + which);
  const fate = FATES[field(EndField.FATE)] ?? 'unknowable';
  const names: Record<string, string> = { fate, ...nodeNames(field(EndField.NODE), fate, plan) };
  const name = (key: keyof EndNames, which: number, text: (value: number) => string | undefined | null): void => {
    if (field(which) !== NONE) names[key] = text(field(which)) ?? String(field(which));
  };
  name('class', EndField.CLASSID, classText);
  name('hook', EndField.HOOK, (hook) => HOOKS[hook]);
  name('by', EndField.BY, (by) => BY_WORDS[by]);
  name('bucketBy', EndField.BUCKET_BY, (by) => BY_WORDS[by]);
  name('verdict', EndField.VERDICT, verdictName);
  name('to', EndField.TO, (ifindex) => plan.device(ifindex));
  return {
    ...names,
    fate,
    ...(isNotModelled(field(EndField.NODE), field(EndField.BY), plan) ? { notModelled: true } : {}),
    ...(fate === 'unknowable' && field(EndField.BY) === By.QUEUE
      ? { queues: queuesOf(plan.node(field(EndField.NODE))) }
      : {}),
  };
}

/** A qdisc whose kind is not modelled was handed the packet; of one that drops everything, that much is known. */
function isNotModelled(node: number, by: number, plan: EndPlan): boolean {
  return node >= 0 && by === NONE && plan.node(node).notModelled === true;
}

/** What somebody put below the queues. */
function queuesOf({ classes }: ReturnType<EndPlan['node']>): string[] {
  return classes.flatMap(({ classid, qdisc: below }) =>
    below === null || below.qdisc === '0:' ? [] : [`${classid} ${below.kind} ${below.qdisc}`],
  );
}

/** htb's direct queue is named by its qdisc alone. */
function nodeNames(number: number, fate: Fated, plan: EndPlan): Record<string, string> {
  if (number === NONE) return {};
  const node = number === NOOP ? { qdisc: '0:', kind: 'noop' } : plan.node(number);
  return fate === 'direct' ? { qdisc: node.qdisc } : { qdisc: node.qdisc, kind: node.kind };
}

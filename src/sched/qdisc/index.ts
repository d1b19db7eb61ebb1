/**
 * Queueing disciplines (net/sched/sch_*.c, tc's q_*.c): their options and classes in three notations, and the rules of
 * a change. `findQdisc(kind)` gives a QdiscKind: speak() takes tc's words (UsageError with tc's sentence), settle() the
 * bytes of TCA_OPTIONS (KernelError with the kernel's errno; the old settings stay), dump() and print() go back.
 * Rates are bytes a second, sizes bytes, times what the attribute has: nanoseconds, microseconds or ticks of 64 ns.
 */

import { CAKE } from './cake.ts';
import { CHOKE } from './choke.ts';
import { CLSACT } from './clsact.ts';
import { CODEL } from './codel.ts';
import { DRR } from './drr.ts';
import { ETS } from './ets.ts';
import { BFIFO, PFIFO, PFIFO_HEAD_DROP } from './fifo.ts';
import { FQ } from './fq.ts';
import { FQ_CODEL } from './fq-codel.ts';
import { FQ_PIE } from './fq-pie.ts';
import { HFSC } from './hfsc.ts';
import { HTB } from './htb.ts';
import { INGRESS } from './ingress.ts';
import type { ClassKind, QdiscKind } from './kind.ts';
import { MULTIQ } from './multiq.ts';
import { NOT_MODELLED, teql } from './not-modelled.ts';
import { PFIFO_FAST } from './pfifo-fast.ts';
import { PIE } from './pie.ts';
import { MQ, NOQUEUE } from './plain.ts';
import { PRIO } from './prio.ts';
import { QFQ } from './qfq.ts';
import { RED_KIND } from './red.ts';
import { SFB } from './sfb.ts';
import { SFQ } from './sfq.ts';
import { TBF } from './tbf.ts';

/** All kinds of qdiscs. A new one is a file and a row. */
export const QDISCS: readonly QdiscKind[] = [
  INGRESS,
  CLSACT,
  PFIFO,
  BFIFO,
  PFIFO_HEAD_DROP,
  PFIFO_FAST,
  NOQUEUE,
  MQ,
  PRIO,
  DRR,
  HTB,
  HFSC,
  QFQ,
  SFQ,
  FQ_CODEL,
  FQ,
  FQ_PIE,
  CODEL,
  PIE,
  TBF,
  CAKE,
  MULTIQ,
  ETS,
  RED_KIND,
  CHOKE,
  SFB,
  ...NOT_MODELLED,
];

export {
  type Answer,
  type BandChange,
  type BandKind,
  BY_WORDS,
  By,
  type ClassKind,
  type ClassNode,
  type ClassPlace,
  Placed,
  type Placing,
  type QdiscDevice,
  type QdiscKind,
  type QdiscPlace,
  type Rates,
  type Targets,
  type Unmatched,
} from './kind.ts';

/** What the kernel makes by itself: below classes, on devices without and with queues, and on those with several. */
export const DEFAULTS = {
  fifo: PFIFO,
  bfifo: BFIFO,
  /** net.core.default_qdisc, as Debian builds its kernels. */
  default: FQ_CODEL,
  queueless: NOQUEUE,
  multiqueue: MQ,
} as const;

/** The kinds that a script seems to build on where it does not make them: at the root, and at the hooks. */
export const ASSUMED = { root: HTB.kind, ingress: INGRESS.kind, bothHooks: CLSACT.kind } as const;

/** The kind that took over what esfq did. */
export const AFTER_ESFQ = SFQ.kind;

/**
 * What is advised where nobody names a kind: whose buckets hosts are spread over, whose class gives them the rate of the
 * link, and whose classes are weighed beside them with and without a rate; what hangs below each class of a host.
 */
export const ADVISED = {
  buckets: FQ_CODEL.kind,
  shaper: HTB.kind,
  classes: DRR.kind,
  leaf: `${FQ_CODEL.kind} flows 64 limit 1024`,
} as const;

/** Whether a name is the one that is looked for: for those who note what is tried. */
export type Is = (name: string) => boolean;

/** A kind by its exact name; null: there is none. */
export function findQdisc(kind: string, is: Is = (name) => name === kind): QdiscKind | null {
  return QDISCS.find((row) => is(row.kind)) ?? teql(kind);
}

/** Whether the name is that of a kind that names its place too. */
export function isHook(is: Is): boolean {
  return QDISCS.some((row) => row.ingress && is(row.kind));
}

/** Kinds that tc 6.1 has words for and Linux 6.1.192 no longer has: their words pass, and the kernel refuses the kind. */
const RETIRED = ['cbq', 'dsmark', 'rr'];
/** Those of them that have classes. */
const RETIRED_CLASSES = ['cbq', 'dsmark'];

/** Whether tc takes any words of this kind, or of its classes, only for the kernel to refuse them. */
export function isRetired(kind: string, object: 'qdisc' | 'class', is: Is = (name) => name === kind): boolean {
  return (object === 'qdisc' ? RETIRED : RETIRED_CLASSES).some(is);
}

type Classes = Pick<ClassKind, 'codec' | 'speak' | 'print'>;
const classesOf = ({ classes, bands }: QdiscKind): Classes | null => classes ?? bands?.change ?? null;

/** How classes of a kind are spoken and printed, those that users make and bands alike; null: tc knows no words. */
export function findClass(kind: string, is: Is = (name) => name === kind): Classes | null {
  const row = QDISCS.find((one) => classesOf(one) !== null && is(one.kind));
  return row === undefined ? null : classesOf(row);
}

import { Errno, KernelError } from '../../errors.ts';
import { FAILED_POLICY, nest, table, u32 } from '../../netlink/index.ts';
import type { ClassKind, QdiscKind } from './kind.ts';
import {
  einval,
  Found,
  getDecimal,
  type Option,
  options,
  pschedMtu,
  putOptions,
  QUEUE,
  readNest,
  speakAll,
  take,
} from './options.ts';
import { ownClass } from './place.ts';
import { classes } from './targets.ts';

const TCA_QFQ = { weight: [1, u32], lmax: [2, u32] } as const;
const CODEC = table(TCA_QFQ, FAILED_POLICY);

type QfqClass = { readonly weight: number; readonly lmax: number };

const ONE_FP = 2 ** 30;
const MAX_WEIGHT = 1024;
const MAX_WEIGHT_SUM = 64 * MAX_WEIGHT;
const MIN_LMAX = 512;
const MAX_LMAX = 2 ** 16;

/** NLA_POLICY_RANGE() */
function inRange(value: number | undefined, low: number, high: number): void {
  if (value !== undefined && (value < low || value > high)) {
    throw new KernelError(Errno.ERANGE, 'integer out of range');
  }
}

const CLASSES: ClassKind<null, QfqClass> = {
  codec: CODEC,
  tree: false,
  borrows: () => false,
  changesWhole: true,
  asksAgain: false,
  weight: ({ weight }) => weight,
  fewest: 'qfq',
  root: null,
  speak(words, w) {
    const word = (name: string, argument: string, row: readonly [number, typeof u32]): Option<null> => ({
      word: name,
      prefix: true,
      argument,
      speak: () => w.put(row, take(words, name, getDecimal)),
    });
    const rows = [word('weight', 'NUMBER', TCA_QFQ.weight), word('maxpkt', 'BYTES', TCA_QFQ.lmax)];
    options(w, () => speakAll(words, rows, null, { kind: 'qfq' }));
  },
  /** qfq_change_class(): an option that is not given falls back to its default in a change too. */
  settle(old, payload, place) {
    if (payload === null) throw einval('sch_qfq: missing options');
    const asked = readNest(CODEC, payload);
    inRange(asked.weight, 1, MAX_WEIGHT);
    inRange(asked.lmax, MIN_LMAX, MAX_LMAX);
    const lmax = asked.lmax ?? pschedMtu(place);
    if (lmax < MIN_LMAX || lmax > MAX_LMAX) throw einval('sch_qfq: MTU size out of bounds for qfq');
    const weight = Math.floor(ONE_FP / Math.floor(ONE_FP / (asked.weight ?? 1)));
    const same = old !== null && old.weight === weight && old.lmax === lmax;
    if (!same && place.othersWeigh + weight > MAX_WEIGHT_SUM) throw einval('', 'weight-sum', 'weight');
    return { weight, lmax };
  },
  dump: (settings, w) => putOptions(w, CODEC, settings),
  /** struct tc_qfq_stats */
  writeStats({ weight, lmax }, w) {
    w.u32(weight);
    w.u32(lmax);
  },
  print(payload, out) {
    if (payload === null) return;
    const found = new Found(payload);
    const weight = found.get(TCA_QFQ.weight);
    if (weight !== undefined) out.put('weight', weight, `weight ${weight} `);
    const lmax = found.get(TCA_QFQ.lmax);
    if (lmax !== undefined) out.put('maxpkt', lmax, `maxpkt ${lmax} `);
  },
};

/** net/sched/sch_qfq.c, iproute2 tc/q_qfq.c: quick fair queueing. The qdisc itself has no options. */
export const QFQ: QdiscKind<null, QfqClass> = {
  ...QUEUE,
  kind: 'qfq',
  codec: nest,
  speak: (words) => speakAll(words, [], null, { kind: 'qfq', helpPrefix: true }),
  settle: () => null,
  place: (_, at) => ownClass(at),
  changes: false,
  classful: true,
  classes: CLASSES,
  unmatched: 'drop',
  targets: classes('qfq', () => 'qfq weight 1'),
  filters: 'qdisc',
  dump: () => {},
  print: () => {},
};

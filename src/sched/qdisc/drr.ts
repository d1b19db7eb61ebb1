import { getSize, sizeText } from '../../lang/index.ts';
import { FAILED_POLICY, nest, table, u32 } from '../../netlink/index.ts';
import type { ClassKind, QdiscKind } from './kind.ts';
import {
  einval,
  Found,
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

const TCA_DRR = { quantum: [1, u32] } as const;
const CODEC = table(TCA_DRR, FAILED_POLICY);

/** Bytes a round. */
type DrrClass = { readonly quantum: number };

const CLASSES: ClassKind<null, DrrClass> = {
  codec: CODEC,
  tree: false,
  borrows: () => false,
  changesWhole: false,
  asksAgain: false,
  weight: () => 0,
  fewest: 'drr',
  root: null,
  speak(words, w) {
    const quantum: Option<null> = {
      word: 'quantum',
      argument: 'SIZE',
      speak: () => w.put(TCA_DRR.quantum, take(words, 'quantum', getSize)),
    };
    options(w, () => speakAll(words, [quantum], null, { kind: 'drr' }));
  },
  /** drr_change_class() */
  settle(old, payload, place) {
    if (payload === null) throw einval('DRR options are required for this operation');
    const { quantum } = readNest(CODEC, payload);
    if (quantum === 0) throw einval('Specified DRR quantum cannot be zero');
    return { quantum: quantum ?? old?.quantum ?? pschedMtu(place) };
  },
  dump: (settings, w) => putOptions(w, CODEC, settings),
  /** struct tc_drr_stats: the deficit of one that holds packets. */
  writeStats: (_, w) => w.u32(0),
  print(payload, out) {
    const quantum = payload === null ? undefined : new Found(payload).get(TCA_DRR.quantum);
    if (quantum !== undefined) out.put('quantum', quantum, `quantum ${sizeText(quantum)} `);
  },
};

/** net/sched/sch_drr.c, iproute2 tc/q_drr.c: deficit round robin. The qdisc itself has no options. */
export const DRR: QdiscKind<null, DrrClass> = {
  ...QUEUE,
  kind: 'drr',
  codec: nest,
  speak: (words) => speakAll(words, [], null, { kind: 'drr' }),
  settle: () => null,
  place: (_, at) => ownClass(at),
  changes: false,
  classful: true,
  classes: CLASSES,
  unmatched: 'drop',
  targets: classes('drr'),
  filters: 'qdisc',
  filterError: 'DRR classid must be zero',
  dump: () => {},
  print: () => {},
};

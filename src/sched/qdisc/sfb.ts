import { type Printer, timeText, type Words } from '../../lang/index.ts';
import { type AttrWriter, struct, table, u32 } from '../../netlink/index.ts';
import { toU32 } from '../psched.ts';
import { By, type QdiscKind, type QdiscPlace } from './kind.ts';
import {
  einval,
  Found,
  getDouble,
  numberTo,
  ONE_CHILD,
  type Option,
  options,
  printFloat,
  QUEUE,
  readNest,
  speakAll,
} from './options.ts';
import { onlyChild } from './place.ts';

/** struct tc_sfb_qopt: times in milliseconds, probabilities in 65535ths. */
const QOPT = struct({
  rehash: u32,
  warmup: u32,
  max: u32,
  binSize: u32,
  increment: u32,
  decrement: u32,
  limit: u32,
  penaltyRate: u32,
  penaltyBurst: u32,
});
type Sfb = ReturnType<typeof QOPT.read>;
type Spoken = { -readonly [K in keyof Sfb]: Sfb[K] };

const TCA_SFB = { parms: [1, QOPT] } as const;
const CODEC = table(TCA_SFB);

const MAX_PROB = 0xffff;

/** get_prob(): what follows the number does not matter. */
function getProbability(text: string): number | undefined {
  const share = getDouble(text);
  return share === undefined || share < 0 || share > 1 ? undefined : toU32(share * MAX_PROB + 0.5);
}

const WORDS: readonly Option<Spoken>[] = [
  numberTo('rehash', 'MSECS', 'rehash'),
  numberTo('db', 'MSECS', 'warmup'),
  numberTo('limit', 'PACKETS', 'limit'),
  numberTo('max', 'PACKETS', 'max'),
  numberTo('target', 'PACKETS', 'binSize'),
  numberTo('increment', 'FLOAT', 'increment', getProbability),
  numberTo('decrement', 'FLOAT', 'decrement', getProbability),
  numberTo('penalty_rate', 'PPS', 'penaltyRate'),
  numberTo('penalty_burst', 'PACKETS', 'penaltyBurst'),
];

/** sfb_parse_opt(): tc's defaults are not the kernel's. */
function speak(words: Words, w: AttrWriter): void {
  const spoken: Spoken = {
    rehash: 600_000,
    warmup: 60_000,
    max: 0,
    binSize: 0,
    limit: 0,
    penaltyRate: 10,
    penaltyBurst: 20,
    increment: Math.floor((MAX_PROB + 1000) / 2000),
    decrement: Math.floor((MAX_PROB + 10000) / 20000),
  };
  speakAll(words, WORDS, spoken, { kind: 'sfb', help: false });
  if (spoken.max === 0) spoken.max = spoken.binSize === 0 ? 25 : Math.floor(((spoken.binSize * 5 + 1) >>> 0) / 4);
  if (spoken.binSize === 0) spoken.binSize = Math.floor(((spoken.max * 4 + 3) >>> 0) / 5);
  options(w, () => w.put(TCA_SFB.parms, spoken));
}

/** sfb_default_ops */
const DEFAULTS: Sfb = {
  rehash: 600_000,
  warmup: 60_000,
  max: 25,
  binSize: 20,
  increment: Math.floor((MAX_PROB + 500) / 1000),
  decrement: Math.floor((MAX_PROB + 3000) / 6000),
  limit: 0,
  penaltyRate: 10,
  penaltyBurst: 20,
};

const MSEC_PER_JIFFY = 4;

/** jiffies_to_msecs(msecs_to_jiffies()): whole jiffies, up. */
function jiffies(msec: number): number {
  return (Math.ceil(msec / MSEC_PER_JIFFY) * MSEC_PER_JIFFY) >>> 0;
}

/** sfb_change() */
function settle(payload: Uint8Array | null, { device }: QdiscPlace): Sfb {
  const asked = payload === null ? DEFAULTS : readNest(CODEC, payload).parms;
  if (asked === undefined) throw einval();
  const { rehash, warmup, limit } = asked;
  return { ...asked, rehash: jiffies(rehash), warmup: jiffies(warmup), limit: limit || device.txqlen };
}

/** sfb_print_opt() */
function print(payload: Uint8Array | null, out: Printer): void {
  if (payload === null) return;
  const parms = new Found(payload).get(TCA_SFB.parms);
  if (parms === undefined) return;
  const time = (name: string, msec: number) => out.put(name, msec * 1000, `${name} ${timeText(msec * 1000)} `);
  const count = (name: string, value: number, unit: string) => out.put(name, value, `${name} ${value}${unit} `);
  time('rehash', parms.rehash);
  time('db', parms.warmup);
  count('limit', parms.limit, 'p');
  count('max', parms.max, 'p');
  count('target', parms.binSize, 'p');
  printFloat('increment', parms.increment / MAX_PROB, out);
  printFloat('decrement', parms.decrement / MAX_PROB, out);
  count('penalty_rate', parms.penaltyRate, 'pps');
  count('penalty_burst', parms.penaltyBurst, 'p');
}

/** net/sched/sch_sfb.c, iproute2 tc/q_sfb.c: stochastic fair blue. */
export const SFB: QdiscKind<Sfb> = {
  ...QUEUE,
  kind: 'sfb',
  codec: CODEC,
  speak,
  settle: (_, payload, place) => settle(payload, place),
  /** sfb_classify(): the class id only salts the hash; what no filter takes is dropped. */
  place(_, at) {
    if (!at.filtered(at.handle)) return onlyChild(at);
    const { matched, taken } = at.ask(at.handle);
    if (taken) return at.taken();
    return matched ? onlyChild(at) : at.nowhere(By.NO_FILTER_MATCHED);
  },
  classful: true,
  bands: { ...ONE_CHILD, listed: false },
  anyMinor: true,
  filters: 'qdisc',
  dump: (sfb, w) => options(w, () => w.put(TCA_SFB.parms, sfb)),
  print,
};

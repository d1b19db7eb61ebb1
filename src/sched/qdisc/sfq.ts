import { getS32, getSize, getU32, sizeText, type Words } from '../../lang/index.ts';
import { type AttrWriter, bytes, s32, struct, u8, u32 } from '../../netlink/index.ts';
import type { Warn } from '../notation.ts';
import { toU32 } from '../psched.ts';
import type { QdiscKind, QdiscPlace } from './kind.ts';
import {
  einval,
  FLOWS,
  flag,
  getDouble,
  number,
  type Option,
  printFloat,
  pschedMtu,
  putOptions,
  speakAll,
} from './options.ts';
import { byBucket } from './place.ts';
import { averageLog, printRedFlags, probabilityLog, RED, redFits, redMaxP } from './red-parms.ts';
import { buckets } from './targets.ts';

const V0 = { quantum: u32, perturb: s32, limit: u32, divisor: u32, flows: u32 };
/** struct tc_sfq_qopt, what old versions send. */
const QOPT = struct(V0);
const STATS = {
  probDrop: u32,
  forcedDrop: u32,
  probMark: u32,
  forcedMark: u32,
  probMarkHead: u32,
  forcedMarkHead: u32,
};
/** struct tc_sfq_qopt_v1 */
const QOPT_V1 = struct({
  ...V0,
  depth: u32,
  headdrop: u32,
  redLimit: u32,
  qthMin: u32,
  qthMax: u32,
  wlog: u8,
  plog: u8,
  scellLog: u8,
  flags: u8,
  maxP: u32,
  ...STATS,
});
type QoptV1 = ReturnType<typeof QOPT_V1.read>;

const NOTHING = Object.fromEntries(Object.keys(QOPT_V1.sample(() => 0)).map((name) => [name, 0])) as unknown as QoptV1;

interface Spoken extends Record<'quantum' | 'perturb' | 'limit' | 'divisor' | 'flows' | 'depth' | 'headdrop', number> {
  redLimit: number;
  qthMin: number;
  qthMax: number;
  flags: number;
  burst: number;
  avpkt: number;
  probability: number;
  /** Any word came; any word of RED came. */
  any: boolean;
  red: boolean;
}

type NumberOf = { [K in keyof Spoken]: Spoken[K] extends number ? K : never }[keyof Spoken];

/** `called`: what tc calls the number when it is none, not always by its name. */
function word(
  name: string,
  argument: string,
  to: NumberOf,
  get: (text: string) => number | undefined,
  red = false,
  called = name,
): Option<Spoken> {
  const row = number<Spoken>(
    called,
    argument,
    (spoken, value) => {
      spoken[to] = value;
      spoken.any = true;
      spoken.red ||= red;
    },
    get,
  );
  return { ...row, word: name };
}

/** A limit of one packet is refused by tc already. */
function takeLimit(words: Words, spoken: Spoken): void {
  const limit = getU32(words.next());
  if (limit === undefined) throw words.error('Illegal "limit"');
  if (limit < 2) throw words.error('Illegal "limit", must be > 1');
  spoken.limit = limit;
  spoken.any = true;
}

const WORDS: readonly Option<Spoken>[] = [
  word('quantum', 'BYTES', 'quantum', getSize, false, 'limit'),
  word('perturb', 'SECS', 'perturb', getS32),
  { word: 'limit', argument: 'NUMBER', speak: takeLimit },
  word('divisor', 'NUMBER', 'divisor', getU32),
  word('flows', 'NUMBER', 'flows', getU32),
  word('depth', 'NUMBER', 'depth', getU32, false, 'flows'),
  flag('headdrop', (spoken) => {
    spoken.headdrop = 1;
    spoken.any = true;
  }),
  word('redflowlimit', 'BYTES', 'redLimit', getU32, true),
  word('min', 'BYTES', 'qthMin', getU32, true),
  word('max', 'BYTES', 'qthMax', getU32, true),
  word('burst', 'PACKETS', 'burst', getU32, true),
  word('avpkt', 'BYTES', 'avpkt', getSize, true),
  word('probability', 'P', 'probability', getDouble, true),
  flag('ecn', (spoken) => redFlag(spoken, RED.ECN)),
  flag('harddrop', (spoken) => redFlag(spoken, RED.HARDDROP)),
];

function redFlag(spoken: Spoken, bit: number): void {
  spoken.flags |= bit;
  spoken.red = true;
  spoken.any = true;
}

/** sfq_parse_opt() */
function speak(words: Words, w: AttrWriter, warn: Warn = () => {}): void {
  const spoken: Spoken = {
    quantum: 0,
    perturb: 0,
    limit: 0,
    divisor: 0,
    flows: 0,
    depth: 0,
    headdrop: 0,
    redLimit: 0,
    qthMin: 0,
    qthMax: 0,
    flags: 0,
    burst: 0,
    avpkt: 1000,
    probability: 0.02,
    any: false,
    red: false,
  };
  speakAll(words, WORDS, spoken, { kind: 'sfq' });
  if (!spoken.any) return;
  putOptions(w, QOPT_V1, { ...NOTHING, ...spoken, ...(spoken.red ? redParms(words, spoken, warn) : {}) });
}

function redParms(words: Words, spoken: Spoken, warn: Warn) {
  const { redLimit, avpkt, probability } = spoken;
  if (redLimit === 0) throw words.error('Required parameter (redflowlimit) is missing');
  // tc 6.1 divides by it and is killed.
  if (avpkt === 0) throw words.error('SFQ: "avpkt" is 0');
  const qthMax = spoken.qthMax || Math.floor(redLimit / 4);
  const qthMin = spoken.qthMin || Math.floor(qthMax / 3);
  const burst = spoken.burst || Math.floor(((2 * qthMin + qthMax) >>> 0) / ((3 * avpkt) >>> 0)) || 0;
  if (qthMax > redLimit) throw words.error('"max" is larger than "limit"');
  if (qthMin >= qthMax) throw words.error('"min" is not smaller than "max"');
  const wlog = averageLog(words, 'SFQ', { qthMin, burst, avpkt }, warn);
  const plog = probabilityLog(qthMin, qthMax, probability);
  if (plog === undefined) throw words.error('SFQ: failed to calculate probability.');
  return { qthMin, qthMax, wlog, plog, maxP: toU32(probability * 2 ** 32) };
}

/** struct sfq_sched_data, as far as a dump shows it. */
type Sfq = Omit<QoptV1, 'redLimit' | keyof typeof STATS>;

const MAX_DEPTH = 127;
const DEFAULT_FLOWS = 128;
const DEFAULT_DIVISOR = 1024;
const MAX_DIVISOR = 65536;
const MAX_FLOWS = 65536 - MAX_DEPTH - 1;
/** SFQ_ALLOT_SIZE(): a slot counts its allotment in eights of a byte, signed 16 bits. */
const MAX_ALLOT = 0x7fff << 3;
const HZ = 250;

/** sfq_init(), sfq_change(): there is no changing it later. */
function settle(payload: Uint8Array | null, place: QdiscPlace): Sfq {
  const fresh: Sfq = {
    ...NOTHING,
    quantum: pschedMtu(place),
    limit: MAX_DEPTH,
    divisor: DEFAULT_DIVISOR,
    flows: DEFAULT_FLOWS,
    depth: MAX_DEPTH,
  };
  if (payload === null) return fresh;
  if (!QOPT.fits(payload.length)) throw einval();
  const v1 = QOPT_V1.fits(payload.length) ? QOPT_V1.read(payload, 0, payload.length) : null;
  const asked = { ...NOTHING, ...QOPT.read(payload, 0, payload.length), ...v1 };
  check(asked);
  const divisor = asked.divisor || DEFAULT_DIVISOR;
  const depth = Math.min(asked.depth || MAX_DEPTH, MAX_DEPTH);
  const wanted = Math.min(asked.flows || DEFAULT_FLOWS, MAX_FLOWS);
  const flows = asked.divisor === 0 ? wanted : Math.min(wanted, divisor);
  const limit = asked.limit === 0 ? MAX_DEPTH : Math.min(asked.limit, depth * flows);
  if (limit === 1) throw einval('sch_sfq: invalid limit');
  return {
    ...fresh,
    quantum: asked.quantum || fresh.quantum,
    perturb: asked.perturb,
    limit,
    divisor,
    flows: asked.limit === 0 ? flows : Math.min(flows, limit),
    depth,
    headdrop: asked.headdrop,
    flags: asked.flags,
    ...(asked.qthMin === 0 ? {} : redSettings(asked)),
  };
}

function check(asked: QoptV1): void {
  const { divisor, quantum, perturb } = asked;
  if ((divisor & (divisor - 1)) !== 0 || divisor > MAX_DIVISOR) {
    throw einval('', 'power-of-two', 'divisor');
  }
  if (perturb < 0 || perturb > Math.floor(0x7fffffff / HZ)) throw einval('sch_sfq: invalid perturb period');
  if (quantum > MAX_ALLOT) throw einval('', 'quantum-range', 'quantum');
  if (!redFits(asked)) throw einval('', 'red-thresholds');
}

function redSettings({ qthMin, qthMax, wlog, plog, scellLog, maxP }: QoptV1) {
  return { qthMin, qthMax, wlog, plog, scellLog, maxP: redMaxP(maxP, plog, qthMin, qthMax) };
}

/** Room for that many packets, as fq_codel has by itself. */
const LIMIT = 10240;

/** sfq serves 127 buckets at once and holds 127 packets, unless it is given more of both. */
function bucketWords(divisor: number): string {
  const flows = Math.min(divisor, MAX_FLOWS);
  return `sfq divisor ${divisor} flows ${flows} limit ${Math.min(flows * MAX_DEPTH, LIMIT)}`;
}

/** net/sched/sch_sfq.c, iproute2 tc/q_sfq.c: stochastic fairness queueing. */
export const SFQ: QdiscKind<Sfq> = {
  ...FLOWS,
  kind: 'sfq',
  codec: bytes,
  speak,
  settle: (_, payload, place) => settle(payload, place),
  place: ({ divisor }, at) => byBucket(at, divisor),
  unmatched: 'drop',
  buckets: ({ divisor }) => divisor,
  targets: { ...buckets('sfq', DEFAULT_DIVISOR, () => ''), qdisc: bucketWords },
  bypassed: true,
  changes: false,
  dump: (sfq, w) => putOptions(w, QOPT_V1, { ...NOTHING, ...sfq }),
  /** sfq_print_opt() */
  print(payload, out, show) {
    if (payload === null || !QOPT.fits(payload.length)) return;
    const v1 = QOPT_V1.fits(payload.length) ? QOPT_V1.read(payload, 0, payload.length) : NOTHING;
    const q = { ...v1, ...QOPT.read(payload, 0, payload.length) };
    out.put('limit', q.limit, `limit ${q.limit}p `);
    out.put('quantum', q.quantum, `quantum ${sizeText(q.quantum)} `);
    if (q.depth !== 0) out.put('depth', q.depth, `depth ${q.depth} `);
    if (q.headdrop !== 0) out.put('headdrop', true, 'headdrop ');
    if (show.details) out.put('flows', q.flows, `flows ${q.flows} `);
    out.put('divisor', q.divisor, `divisor ${q.divisor} `);
    if (q.perturb !== 0) out.put('perturb', q.perturb, `perturb ${q.perturb}sec `);
    if (q.qthMin === 0) return;
    out.put('ewma', q.wlog, `ewma ${q.wlog} `);
    out.put('min', q.qthMin, `min ${sizeText(q.qthMin)} `);
    out.put('max', q.qthMax, `max ${sizeText(q.qthMax)} `);
    printFloat('probability', q.maxP / 2 ** 32, out);
    printRedFlags(q.flags, out);
  },
};

import { getRate, getSize, type Printer, type Words } from '../../lang/index.ts';
import { type AttrWriter, table, u32 } from '../../netlink/index.ts';
import type { Show, Warn } from '../notation.ts';
import { toU32 } from '../psched.ts';
import type { QdiscKind } from './kind.ts';
import { einval, Found, fix, getDouble, numberTo, type Option, options, QUEUE, readNest, speakAll } from './options.ts';
import { printDetails, RED_QOPT, type RedQopt, STAB } from './red.ts';
import { averageLog, idleDamping, printRedFlags, probabilityLog, RED, redFits, redMaxP } from './red-parms.ts';

const TCA_CHOKE = { parms: [1, RED_QOPT], stab: [2, STAB], maxP: [3, u32] } as const;
const CODEC = table(TCA_CHOKE);

interface Spoken {
  limit: number;
  rate: number;
  flags: number;
  qthMin: number;
  qthMax: number;
  burst: number;
  avpkt: number;
  probability: number;
}

const WORDS: readonly Option<Spoken>[] = [
  numberTo('limit', 'PACKETS', 'limit'),
  numberTo('bandwidth', 'RATE', 'rate', getRate),
  fix('ecn', 'flags', RED.ECN),
  numberTo('min', 'PACKETS', 'qthMin'),
  numberTo('max', 'PACKETS', 'qthMax'),
  numberTo('burst', 'PACKETS', 'burst'),
  numberTo('avpkt', 'BYTES', 'avpkt', getSize),
  numberTo('probability', 'P', 'probability', getDouble),
];

/** choke_parse_opt() */
function speak(words: Words, w: AttrWriter, warn: Warn = () => {}): void {
  const spoken: Spoken = {
    limit: 0,
    rate: 0,
    flags: 0,
    qthMin: 0,
    qthMax: 0,
    burst: 0,
    avpkt: 1000,
    probability: 0.02,
  };
  speakAll(words, WORDS, spoken, { kind: 'choke' });
  const { limit, rate, flags, avpkt, probability } = spoken;
  if (rate === 0 || limit === 0) throw words.error('Required parameter (bandwidth, limit) is missing');
  const qthMax = spoken.qthMax || Math.floor(limit / 4);
  const qthMin = spoken.qthMin || Math.floor(qthMax / 3);
  const burst = spoken.burst || Math.floor(((2 * qthMin + qthMax) >>> 0) / 3);
  if (qthMax > limit) throw words.error('"max" is larger than "limit"');
  if (qthMin >= qthMax) throw words.error('"min" is not smaller than "max"');
  const bytes = (packets: number) => Math.imul(packets, avpkt) >>> 0;
  const wlog = averageLog(words, 'CHOKE', { qthMin: bytes(qthMin), burst, avpkt }, warn);
  const plog = probabilityLog(bytes(qthMin), bytes(qthMax), probability);
  if (plog === undefined) throw words.error('CHOKE: failed to calculate probability.');
  const idle = idleDamping(wlog, avpkt, rate);
  options(w, () => {
    w.put(TCA_CHOKE.parms, { limit, qthMin, qthMax, wlog, plog, scellLog: idle.scellLog, flags });
    w.put(TCA_CHOKE.stab, idle.table);
    w.put(TCA_CHOKE.maxP, toU32(probability * 2 ** 32));
  });
}

type Choke = RedQopt & { readonly maxP: number };

const MAX_QUEUE = 128 * 1024;

/** choke_change() */
function settle(payload: Uint8Array | null): Choke {
  const { parms, stab, maxP = 0 } = readNest(CODEC, payload);
  if (parms === undefined || stab === undefined || !redFits(parms, stab)) throw einval('', 'red-thresholds');
  if (parms.limit > MAX_QUEUE) throw einval('', 'limit-range', 'limit');
  return { ...parms, maxP: redMaxP(maxP, parms.plog, parms.qthMin, parms.qthMax) };
}

/** choke_print_opt() */
function print(payload: Uint8Array | null, out: Printer, show: Show): void {
  if (payload === null) return;
  const found = new Found(payload);
  const parms = found.get(TCA_CHOKE.parms);
  if (parms === undefined) return;
  out.put('limit', parms.limit, `limit ${parms.limit}p `);
  out.put('min', parms.qthMin, `min ${parms.qthMin}p `);
  out.put('max', parms.qthMax, `max ${parms.qthMax}p `);
  printRedFlags(parms.flags, out);
  if (show.details) printDetails(parms, found.get(TCA_CHOKE.maxP) ?? 0, out);
}

/** net/sched/sch_choke.c, iproute2 tc/q_choke.c: red that also drops what looks like the packet at hand. */
export const CHOKE: QdiscKind<Choke> = {
  ...QUEUE,
  kind: 'choke',
  anyMinor: true,
  codec: CODEC,
  speak,
  settle: (_, payload) => settle(payload),
  dump(choke, w) {
    options(w, () => {
      w.put(TCA_CHOKE.parms, choke);
      w.put(TCA_CHOKE.maxP, choke.maxP);
    });
  },
  print,
};

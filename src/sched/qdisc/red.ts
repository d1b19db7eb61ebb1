import { getRate, getSize, getU32, type Printer, sizeText, type Words } from '../../lang/index.ts';
import {
  type AttrWriter,
  bitfield32,
  bytes,
  type Codec,
  FAILED_POLICY,
  struct,
  table,
  u8,
  u32,
  validBits,
} from '../../netlink/index.ts';
import type { Show, Warn } from '../notation.ts';
import { toU32 } from '../psched.ts';
import type { QdiscKind } from './kind.ts';
import {
  einval,
  Found,
  flag,
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
import { averageLog, idleDamping, printRedFlags, probabilityLog, RED, redFits, redMaxP } from './red-parms.ts';

/** struct tc_red_qopt: bytes for red, packets for choke. */
export const RED_QOPT = struct({ limit: u32, qthMin: u32, qthMax: u32, wlog: u8, plog: u8, scellLog: u8, flags: u8 });
export type RedQopt = ReturnType<typeof RED_QOPT.read>;

/** The idle damping table: NLA_UNSPEC of at least 256 bytes. */
export const STAB: Codec<Uint8Array> = {
  ...bytes,
  fits: (length) => length >= 256,
  sample: (draw) => Uint8Array.from({ length: 256 }, () => draw(32)),
};

const TCA_RED = {
  parms: [1, RED_QOPT],
  stab: [2, STAB],
  maxP: [3, u32],
  flags: [4, bitfield32],
  earlyDropBlock: [5, u32],
  markBlock: [6, u32],
} as const;
const CODEC = table(TCA_RED, FAILED_POLICY);

const HISTORIC = RED.ECN | RED.HARDDROP | RED.ADAPTATIVE;
const SUPPORTED = HISTORIC | RED.NODROP;

interface Spoken {
  limit: number;
  qthMin: number;
  qthMax: number;
  burst: number;
  avpkt: number;
  probability: number;
  rate: number;
  flags: number;
  earlyDropBlock: number;
  markBlock: number;
}

function bit(word: string, mask: number): Option<Spoken> {
  return flag(word, (spoken) => {
    spoken.flags |= mask;
  });
}

/** What happens to a packet that filters may look into: qevent_parse(). */
const EVENTS: readonly (readonly [name: string, to: 'earlyDropBlock' | 'markBlock'])[] = [
  ['early_drop', 'earlyDropBlock'],
  ['mark', 'markBlock'],
];

const QEVENT: Option<Spoken> = {
  word: 'qevent',
  prefix: true,
  argument: 'early_drop|mark block IDX',
  speak(words, spoken) {
    const word = words.next();
    const event = EVENTS.find(([name]) => words.wasExactly(name));
    if (event === undefined) throw words.error(`Unknown qevent \`${word}'`);
    if (spoken[event[1]] !== 0) throw words.error('Duplicate qevent');
    words.need();
    while (words.takeExact('block')) {
      words.need();
      if (spoken[event[1]] !== 0) throw words.error('Qevent block index already specified');
      const block = getU32(words.next(), 10);
      if (block === undefined || block === 0) throw words.error('Illegal qevent block index');
      spoken[event[1]] = block;
    }
    if (spoken[event[1]] === 0) throw words.error('Unspecified qevent block index');
  },
};

const WORDS: readonly Option<Spoken>[] = [
  numberTo('limit', 'BYTES', 'limit', getSize),
  numberTo('min', 'BYTES', 'qthMin', getSize),
  numberTo('max', 'BYTES', 'qthMax', getSize),
  numberTo('burst', 'PACKETS', 'burst'),
  numberTo('avpkt', 'BYTES', 'avpkt', getSize),
  numberTo('probability', 'PROBABILITY', 'probability', getDouble),
  numberTo('bandwidth', 'RATE', 'rate', getRate),
  bit('ecn', RED.ECN),
  bit('harddrop', RED.HARDDROP),
  bit('nodrop', RED.NODROP),
  bit('adaptative', RED.ADAPTATIVE),
  bit('adaptive', RED.ADAPTATIVE),
  QEVENT,
];

/** 10 Mbit/s, in bytes a second. */
const DEFAULT_RATE = 1_250_000;

/** red_parse_opt() */
function speak(words: Words, w: AttrWriter, warn: Warn = () => {}): void {
  const spoken: Spoken = {
    limit: 0,
    qthMin: 0,
    qthMax: 0,
    burst: 0,
    avpkt: 0,
    probability: 0.02,
    rate: 0,
    flags: 0,
    earlyDropBlock: 0,
    markBlock: 0,
  };
  speakAll(words, WORDS, spoken, { kind: 'red' });
  const { limit, avpkt, probability } = spoken;
  if (limit === 0 || avpkt === 0) throw words.error('RED: Required parameter (limit, avpkt) is missing');
  const qthMax = spoken.qthMax || (spoken.qthMin === 0 ? Math.floor(limit / 4) : (spoken.qthMin * 3) >>> 0);
  const qthMin = spoken.qthMin || Math.floor(qthMax / 3);
  const burst = spoken.burst || Math.floor(((2 * qthMin + qthMax) >>> 0) / ((3 * avpkt) >>> 0)) || 0;
  if (spoken.rate === 0) warn('RED: set bandwidth to 10Mbit');
  const wlog = averageLog(words, 'RED', { qthMin, burst, avpkt }, warn);
  const plog = probabilityLog(qthMin, qthMax, probability);
  if (plog === undefined) throw words.error('RED: failed to calculate probability.');
  const idle = idleDamping(wlog, avpkt, spoken.rate || DEFAULT_RATE);
  options(w, () => {
    w.put(TCA_RED.parms, { limit, qthMin, qthMax, wlog, plog, scellLog: idle.scellLog, flags: 0 });
    w.put(TCA_RED.stab, idle.table);
    w.put(TCA_RED.maxP, toU32(probability * 2 ** 32));
    w.put(TCA_RED.flags, { value: spoken.flags, selector: SUPPORTED });
    for (const [, name] of EVENTS) if (spoken[name] !== 0) w.put(TCA_RED[name], spoken[name]);
  });
}

/** struct red_sched_data, as far as a dump shows it; `userbits`: flags of the old struct that mean nothing. */
type Red = RedQopt & {
  readonly maxP: number;
  readonly userbits: number;
  readonly earlyDropBlock: number;
  readonly markBlock: number;
};

/** red_init(), red_change(), __red_change() */
function settle(old: Red | null, payload: Uint8Array | null): Red {
  const { parms, stab, maxP = 0, flags: bitfield, earlyDropBlock, markBlock } = readNest(CODEC, payload);
  if (bitfield !== undefined && !validBits(bitfield, SUPPORTED)) throw einval(FAILED_POLICY);
  if (parms === undefined || stab === undefined || !redFits(parms, stab)) throw einval('', 'red-thresholds');
  if (bitfield !== undefined && parms.flags !== 0) {
    throw einval('flags should be passed either through qopt, or through a dedicated attribute');
  }
  const { value, selector } = bitfield ?? { value: parms.flags & HISTORIC, selector: HISTORIC };
  const flags = ((old?.flags ?? 0) & ~selector) | value;
  if ((flags & RED.NODROP) !== 0 && (flags & RED.ECN) === 0) {
    throw einval('sch_red: nodrop mode is only meaningful with ECN');
  }
  return {
    ...parms,
    flags,
    userbits: parms.flags & ~HISTORIC,
    maxP: redMaxP(maxP, parms.plog, parms.qthMin, parms.qthMax),
    earlyDropBlock: old?.earlyDropBlock ?? earlyDropBlock ?? 0,
    markBlock: old?.markBlock ?? markBlock ?? 0,
  };
}

/** red_dump() */
function dump(red: Red, w: AttrWriter): void {
  options(w, () => {
    w.put(TCA_RED.parms, { ...red, flags: (red.flags & HISTORIC) | red.userbits });
    w.put(TCA_RED.maxP, red.maxP);
    w.put(TCA_RED.flags, { value: red.flags, selector: SUPPORTED });
    for (const [, name] of EVENTS) if (red[name] !== 0) w.put(TCA_RED[name], red[name]);
  });
}

/** red_print_opt() */
function print(payload: Uint8Array | null, out: Printer, show: Show): void {
  if (payload === null) return;
  const found = new Found(payload);
  const parms = found.get(TCA_RED.parms);
  if (parms === undefined) return;
  out.put('limit', parms.limit, `limit ${sizeText(parms.limit)} `);
  out.put('min', parms.qthMin, `min ${sizeText(parms.qthMin)} `);
  out.put('max', parms.qthMax, `max ${sizeText(parms.qthMax)} `);
  printRedFlags(found.get(TCA_RED.flags)?.value ?? parms.flags, out);
  if (show.details) printDetails(parms, found.get(TCA_RED.maxP) ?? 0, out);
  printEvents(found, out);
}

/** qevents_print() */
function printEvents(found: Found, out: Printer): void {
  const bound = EVENTS.filter(([, to]) => found.get(TCA_RED[to]) !== undefined);
  if (bound.length === 0) return;
  out.open('[', 'qevents');
  for (const [name, to] of bound) {
    out.open('{');
    out.put('kind', name, `qevent ${name}`);
    const block = found.get(TCA_RED[to]) ?? 0;
    out.put('block', block, ` block ${block} `);
    out.close();
  }
  out.close();
}

/** What `-d` adds, to choke's line too. */
export function printDetails({ wlog, plog, scellLog }: RedQopt, maxP: number, out: Printer): void {
  out.put('ewma', wlog, `ewma ${wlog} `);
  if (maxP !== 0) printFloat('probability', maxP / 2 ** 32, out);
  else out.put('Plog', plog, `Plog ${plog} `);
  out.put('Scell_log', scellLog, `Scell_log ${scellLog}`);
}

/** net/sched/sch_red.c, iproute2 tc/q_red.c: random early detection before a child. */
export const RED_KIND: QdiscKind<Red> = {
  ...QUEUE,
  kind: 'red',
  codec: CODEC,
  speak,
  settle,
  place: (_, at) => onlyChild(at),
  classful: true,
  bands: { ...ONE_CHILD, child: 'bfifo' },
  dump,
  print,
};

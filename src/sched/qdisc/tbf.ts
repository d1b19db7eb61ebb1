import type { UsageError } from '../../errors.ts';
import {
  getRate64,
  getSize,
  getTime,
  getU16,
  hex8,
  type Printer,
  rateText,
  sizeText,
  timeText,
  type Words,
} from '../../lang/index.ts';
import { type AttrWriter, atMost, struct, table, u32, u64 } from '../../netlink/index.ts';
import type { Show } from '../notation.ts';
import {
  getLinklayer,
  getSizeAndCell,
  Linklayer,
  lengthToTime,
  linklayerName,
  NO_RATE,
  NO_RATE_CONFIG,
  nsToTicks,
  RATESPEC,
  type RateConfig,
  rateConfig,
  ratespecOf,
  rateTable,
  ticksToNs,
  ticksToUsec,
  timeToLength,
  toU32,
  withLinklayer,
  xmitSize,
  xmitTime,
} from '../psched.ts';
import type { QdiscKind } from './kind.ts';
import { einval, Found, ONE_CHILD, type Option, options, QUEUE, readNest, speakAll, usageOf } from './options.ts';
import { onlyChild } from './place.ts';

/** struct tc_tbf_qopt */
const QOPT = struct({ rate: RATESPEC, peakrate: RATESPEC, limit: u32, buffer: u32, mtu: u32 });

const TCA_TBF = {
  parms: [1, QOPT],
  rtab: [2, atMost(1024)],
  ptab: [3, atMost(1024)],
  rate64: [4, u64],
  prate64: [5, u64],
  burst: [6, u32],
  pburst: [7, u32],
} as const;
const CODEC = table(TCA_TBF);

interface Spoken {
  limit: number;
  latency: number;
  buffer: number;
  cellLog: number;
  mtu: number;
  peakCellLog: number;
  mpu: number;
  rate: bigint;
  peakrate: bigint;
  overhead: number;
  linklayer: number;
}

type Name = Exclude<keyof Spoken, 'cellLog' | 'peakCellLog' | 'rate' | 'peakrate'>;

interface TbfOption {
  readonly word: string;
  readonly prefix?: boolean;
  readonly aliases?: readonly string[];
  readonly argument: string;
  readonly to: Name;
  /** It may come but once. */
  readonly once?: boolean;
  readonly get: (text: string, words: Words) => number | undefined;
}

/** A number behind the keyword; tc names what it could not read. */
function taken<T>(words: Words, name: string, get: (text: string) => T | undefined): T {
  const text = words.next();
  const value = get(text);
  // get_size_and_cell() has cut the word at its slash.
  if (value === undefined) throw words.error(`tbf: illegal value for "${name}": "${text.split('/')[0]}"`);
  return value;
}

function row({ to, once = true, get, ...option }: TbfOption): Option<Spoken> {
  return {
    ...option,
    speak(words, spoken) {
      words.need();
      if (once && spoken[to] !== 0) throw twice(words, option.word);
      spoken[to] = taken(words, option.word, (text) => get(text, words));
    },
  };
}

function rate(to: 'rate' | 'peakrate', prefix: boolean): Option<Spoken> {
  return {
    ...{ word: to, prefix, argument: 'RATE' },
    speak(words, spoken) {
      words.need();
      if (spoken[to] !== 0n) throw twice(words, to);
      spoken[to] = taken(words, to, getRate64);
    },
  };
}

function twice(words: Words, called: string): UsageError {
  return words.error(`tbf: duplicate "${called}" specification`);
}

/** `limit` and `latency`: one tells the other. The slash is tc's own. */
function waiting(
  word: 'limit' | 'latency',
  other: 'limit' | 'latency',
  both: string,
  row: Option<Spoken>,
): Option<Spoken> {
  return {
    ...row,
    speak(words, spoken) {
      words.need();
      if (spoken[word] === 0 && spoken[other] !== 0) {
        throw words.error(`tbf: specifying both ${both} is not allowed`);
      }
      row.speak(words, spoken, word);
    },
  };
}

/** `burst SIZE[/CELL]` and `mtu SIZE[/CELL]`. */
function sized(
  option: Pick<Option<Spoken>, 'word' | 'prefix' | 'aliases'>,
  to: 'buffer' | 'mtu',
  cell: 'cellLog' | 'peakCellLog',
  called: string,
): Option<Spoken> {
  return {
    ...option,
    argument: 'BYTES[/BYTES]',
    speak(words, spoken, typed) {
      words.need();
      if (spoken[to] !== 0) throw twice(words, called);
      const value = taken(words, typed, getSizeAndCell);
      spoken[to] = value.size;
      if (value.cellLog >= 0) spoken[cell] = value.cellLog;
    },
  };
}

const getDecimal16 = (text: string): number | undefined => getU16(text, 10);

const WORDS: readonly Option<Spoken>[] = [
  waiting(
    'limit',
    'latency',
    '"latency" and "limit"',
    row({ word: 'limit', prefix: true, argument: 'BYTES', to: 'limit', get: getSize }),
  ),
  waiting(
    'latency',
    'limit',
    '"limit" and "/latency"',
    row({ word: 'latency', prefix: true, argument: 'TIME', to: 'latency', get: getTime }),
  ),
  sized({ word: 'burst', prefix: true, aliases: ['buffer', 'maxburst'] }, 'buffer', 'cellLog', 'buffer/burst/maxburst'),
  sized({ word: 'mtu', aliases: ['minburst'] }, 'mtu', 'peakCellLog', 'mtu/minburst'),
  row({ word: 'mpu', argument: 'BYTES', to: 'mpu', get: getSize }),
  rate('rate', false),
  rate('peakrate', true),
  row({ word: 'overhead', prefix: true, argument: 'BYTES', to: 'overhead', get: getDecimal16 }),
  row({ word: 'linklayer', prefix: true, argument: 'NAME', to: 'linklayer', once: false, get: getLinklayer }),
];

/** tbf_parse_opt() */
function speak(words: Words, w: AttrWriter): void {
  const spoken: Spoken = {
    limit: 0,
    latency: 0,
    buffer: 0,
    cellLog: -1,
    mtu: 0,
    peakCellLog: -1,
    mpu: 0,
    rate: 0n,
    peakrate: 0n,
    overhead: 0,
    linklayer: Linklayer.ETHERNET,
  };
  speakAll(words, WORDS, spoken, { kind: 'tbf', unknown: (word) => `tbf: unknown parameter "${word}"` });
  complete(words, spoken);
  const { rate, peakrate, buffer, mtu } = spoken;
  const rtab = rateTable(spoken);
  const ptab = rateTable({ ...spoken, rate: peakrate, cellLog: spoken.peakCellLog });
  options(w, () => {
    w.put(TCA_TBF.parms, {
      rate: rtab.spec,
      peakrate: peakrate === 0n ? NO_RATE : ptab.spec,
      limit: spoken.limit || limitOf(spoken),
      buffer: xmitTime(rtab.spec.rate, buffer),
      mtu: peakrate === 0n ? 0 : xmitTime(ptab.spec.rate, mtu),
    });
    w.put(TCA_TBF.burst, buffer);
    if (rate >= 2 ** 32) w.put(TCA_TBF.rate64, rate);
    w.put(TCA_TBF.rtab, rtab.table);
    if (peakrate === 0n) return;
    if (peakrate >= 2 ** 32) w.put(TCA_TBF.prate64, peakrate);
    w.put(TCA_TBF.pburst, mtu);
    w.put(TCA_TBF.ptab, ptab.table);
  });
}

/** tc names all that is missing in one go. */
function complete(words: Words, { rate, buffer, peakrate, mtu, limit, latency }: Spoken): void {
  const missing = [
    rate === 0n ? 'tbf: the "rate" parameter is mandatory.' : '',
    buffer === 0 ? 'tbf: the "burst" parameter is mandatory.' : '',
    peakrate !== 0n && mtu === 0 ? 'tbf: when "peakrate" is specified, "mtu" must also be specified.' : '',
    limit === 0 && latency === 0 ? 'tbf: either "limit" or "latency" is required.' : '',
  ].filter((line) => line !== '');
  if (missing.length > 0) throw words.error(missing.join('\n'), usageOf('tbf', WORDS));
}

/** Bytes that wait no longer than the latency, burst included. */
function limitOf({ rate, peakrate, latency, buffer, mtu }: Spoken): number {
  const limit = (Number(rate) * latency) / 1e6 + buffer;
  const peakLimit = (Number(peakrate) * latency) / 1e6 + mtu;
  return toU32(peakrate === 0n ? limit : Math.min(limit, peakLimit));
}

/** struct tbf_sched_data, as far as a dump shows it. Times in ns. */
type Tbf = {
  readonly limit: number;
  readonly rate: RateConfig;
  readonly peak: RateConfig;
  readonly buffer: bigint;
  readonly mtu: bigint;
};

const U32_MAX = 0xffffffffn;
const min = (a: bigint, b: bigint): bigint => (a < b ? a : b);

/** tbf_change() */
function settle(payload: Uint8Array | null): Tbf {
  const { parms, rtab, ptab, rate64, prate64, burst, pburst } = readNest(CODEC, payload);
  if (parms === undefined) throw einval();
  const rate = rateConfig(withLinklayer(parms.rate, rtab), rate64);
  const buffer = ticksToNs(parms.buffer);
  const mtu = ticksToNs(parms.mtu);
  let maxSize = burst === undefined ? min(timeToLength(rate, min(buffer, U32_MAX)), U32_MAX) : BigInt(burst);
  let peak = NO_RATE_CONFIG;
  if (parms.peakrate.rate !== 0) {
    peak = rateConfig(withLinklayer(parms.peakrate, ptab), prate64);
    if (peak.rate <= rate.rate) throw einval('', 'peakrate-low', 'peakrate');
    maxSize = min(maxSize, pburst === undefined ? timeToLength(peak, min(mtu, U32_MAX)) : BigInt(pburst));
  }
  if (maxSize === 0n) throw einval('', 'burst-zero', 'burst');
  return {
    limit: parms.limit,
    rate,
    peak,
    buffer: burst === undefined ? buffer : BigInt.asUintN(32, lengthToTime(rate, burst)),
    mtu: pburst === undefined || peak.rate === 0n ? mtu : BigInt.asUintN(32, lengthToTime(peak, pburst)),
  };
}

function dump({ limit, rate, peak, buffer, mtu }: Tbf, w: AttrWriter): void {
  options(w, () => {
    w.put(TCA_TBF.parms, {
      limit,
      rate: ratespecOf(rate),
      peakrate: peak.rate === 0n ? NO_RATE : ratespecOf(peak),
      mtu: nsToTicks(mtu),
      buffer: nsToTicks(buffer),
    });
    if (rate.rate >= 1n << 32n) w.put(TCA_TBF.rate64, rate.rate);
    if (peak.rate >= 1n << 32n) w.put(TCA_TBF.prate64, peak.rate);
  });
}

/** tbf_print_opt() */
function print(payload: Uint8Array | null, out: Printer, show: Show): void {
  if (payload === null) return;
  const found = new Found(payload);
  const parms = found.get(TCA_TBF.parms);
  if (parms === undefined) return;
  const rate = found.get(TCA_TBF.rate64) ?? BigInt(parms.rate.rate);
  const peak = found.get(TCA_TBF.prate64) ?? BigInt(parms.peakrate.rate);
  out.put('rate', rate, `rate ${rateText(rate, show.iec)} `);
  printBurst('burst', 'burst', xmitSize(Number(rate), parms.buffer), parms.rate, out, show);
  if (show.raw) out.raw(`[${hex8(parms.buffer)}] `);
  if (peak !== 0n) {
    out.text(`peakrate ${rateText(peak, show.iec)} `);
    if (parms.mtu !== 0 || parms.peakrate.mpu !== 0) {
      printBurst('mtu', 'minburst', xmitSize(Number(peak), parms.mtu), parms.peakrate, out, show);
      if (show.raw) out.raw(`[${hex8(parms.mtu)}] `);
    }
  }
  const latency = latencyOf(parms, rate, peak);
  if (latency >= 0) out.put('lat', Math.trunc(latency), `lat ${timeText(Math.trunc(latency))} `);
  if (show.raw || latency < 0) out.put('limit', parms.limit, `limit ${sizeText(parms.limit)} `);
  const { overhead, linklayer } = parms.rate;
  if (overhead !== 0) out.put('overhead', overhead, `overhead ${overhead} `);
  if ((linklayer & 0x0f) > Linklayer.ETHERNET || show.details) {
    out.put('linklayer', linklayerName(linklayer), `linklayer ${linklayerName(linklayer)} `);
  }
}

type Parms = ReturnType<typeof QOPT.read>;

function printBurst(
  name: string,
  plainName: string,
  size: number,
  { cellLog, mpu }: Parms['rate'],
  out: Printer,
  show: Show,
): void {
  if (!show.details) {
    out.put(plainName, size, `${plainName} ${sizeText(size)} `);
    return;
  }
  const burst = `${sizeText(size)}/${(1 << cellLog) >>> 0}`;
  out.put(name, burst, `${name} ${burst} `);
  out.put('mpu', mpu, `mpu ${sizeText(mpu)} `);
}

/** Microseconds that the last packet of a full queue waits. */
function latencyOf(parms: Parms, rate: bigint, peak: bigint): number {
  const wait = (bytesPerSecond: bigint, ticks: number) =>
    1e6 * (parms.limit / Number(bytesPerSecond)) - ticksToUsec(ticks);
  const latency = wait(rate, parms.buffer);
  return peak === 0n ? latency : Math.max(latency, wait(peak, parms.mtu));
}

/** net/sched/sch_tbf.c, iproute2 tc/q_tbf.c: a token bucket. */
export const TBF: QdiscKind<Tbf> = {
  ...QUEUE,
  kind: 'tbf',
  codec: CODEC,
  speak,
  settle: (_, payload) => settle(payload),
  place: (_, at) => onlyChild(at),
  classful: true,
  bands: { ...ONE_CHILD, child: 'bfifo' },
  dump,
  print,
};

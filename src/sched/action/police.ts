import type { Env } from '../../env.ts';
import { Errno, KernelError, UsageError } from '../../errors.ts';
import {
  getRate,
  getRate64,
  getSize,
  getU16,
  getU32,
  getU64,
  hex8,
  type Printer,
  rateText,
  sizeText,
  type Words,
} from '../../lang/index.ts';
import { type AttrWriter, bytes, type Codec, type Decoded, s32, struct, table, u32, u64 } from '../../netlink/index.ts';
import type { Packet } from '../../packet/index.ts';
import { Verdict } from '../../verdict.ts';
import type { Act } from '../notation.ts';
import {
  getLinklayer,
  getSizeAndCell,
  Linklayer,
  lengthToTime,
  linklayerName,
  NO_RATE,
  RATESPEC,
  type RateConfig,
  type Ratespec,
  rateConfig,
  ratespecOf,
  rateTable,
  withLinklayer,
  xmitSize,
  xmitTime,
} from '../psched.ts';
import { checkControl, checkFallback, controlOrNumber, printControl, takeControl } from './control.ts';
import { type Action, atIngress, BARE, Counters, dumpRows, type Gen, printTm, TM, usage } from './kind.ts';

/** net/sched/act_police.c, tc/m_police.c: lets packets pass up to a rate and says another verdict of the rest. */

const TBF = struct({
  index: u32,
  action: s32,
  limit: u32,
  burst: u32,
  mtu: u32,
  rate: RATESPEC,
  peakrate: RATESPEC,
  refcnt: s32,
  bindcnt: s32,
  capab: u32,
});
type Tbf = ReturnType<typeof TBF.read>;
/** struct tc_police_compat: up to peakrate. */
const TBF_COMPAT = 44;
const TABLE_SIZE = 1024;

/** A rate table; the kernel's policy wants it whole. */
const rtab: Codec<Uint8Array> = { ...bytes, fits: (length) => length >= TABLE_SIZE };
/** Both lengths the kernel knows; another one is its EINVAL, in check(). */
const tbf: Codec<Tbf | null> = {
  ...(TBF as Codec<Tbf | null>),
  fits: () => true,
  read(data, at, end) {
    if (end - at === TBF.size) return TBF.read(data, at, end);
    if (end - at !== TBF_COMPAT) return null;
    const whole = new Uint8Array(TBF.size);
    whole.set(data.subarray(at, end));
    return TBF.read(whole, 0, TBF.size);
  },
  show: (value) => (value === null ? null : TBF.show(value)),
};

/** include/uapi/linux/pkt_cls.h: TCA_POLICE_* */
export const TCA_POLICE = {
  tbf: [1, tbf],
  rate: [2, rtab],
  peakrate: [3, rtab],
  avrate: [4, u32],
  result: [5, s32],
  tm: [6, TM],
  rate64: [8, u64],
  peakrate64: [9, u64],
  pktrate64: [10, u64],
  pktburst64: [11, u64],
} as const;
type Police = Decoded<typeof TCA_POLICE>;

const NO_TBF: Tbf = {
  index: 0,
  action: Verdict.RECLASSIFY,
  limit: 0,
  burst: 0,
  mtu: 0,
  rate: NO_RATE,
  peakrate: NO_RATE,
  refcnt: 0,
  bindcnt: 0,
  capab: 0,
};

const USAGE = [
  'Usage: ... police [ index INDEX ] [ rate RATE burst BYTES[/CELL] ] [ mtu BYTES[/CELL] ] [ mpu BYTES ]',
  '           [ peakrate RATE ] [ avrate RATE ] [ overhead BYTES ] [ linklayer ethernet|atm|adsl ]',
  '           [ pkts_rate N pkts_burst N ] [ CONTROL | conform-exceed EXCEED[/CONFORM] ]',
].join('\n');

/** What the words said so far. */
interface Spoken {
  index: number;
  action: number;
  result: number;
  burst: number;
  mtu: number;
  mpu: number;
  overhead: number;
  linklayer: number;
  rate: bigint;
  peakrate: bigint;
  avrate: number;
  pktrate: bigint;
  pktburst: bigint;
  rateCell: number;
  peakCell: number;
}

interface Option {
  /** Whether the cursor stands on it. */
  readonly fits: (words: Words) => boolean;
  readonly speak: (words: Words, s: Spoken) => void;
}

const prefix = (keyword: string) => (words: Words) => words.is(keyword);
const exactly =
  (...names: readonly string[]) =>
  (words: Words) =>
    names.some((name) => words.isExactly(name));

/** A word's value as the next word; saying it twice, unless the first was 0, is refused. */
function once<T>(words: Words, name: string, old: T, none: T, get: (text: string) => T | undefined): T {
  const word = words.next();
  if (old !== none) throw words.duplicate(name, word);
  const value = get(word);
  if (value === undefined) throw words.invalid(name.split('/')[0] ?? name);
  return value;
}

const decimal = (text: string): bigint | undefined => getU64(text, 10);

/** A size and a cell in one word. */
function sized(words: Words, name: string, old: number): { size: number; cellLog: number } {
  return (
    once(words, name, old === 0 ? null : { size: old, cellLog: 0 }, null, getSizeAndCell) ?? { size: 0, cellLog: -1 }
  );
}

/** Plain verdicts among police's words; trap and jump are not (quirk 32). */
const CONTROLS = ['reclassify', 'drop', 'shot', 'continue', 'pass', 'ok', 'pipe', 'goto'];

/** In the order in which tc tries them. */
const OPTIONS: readonly Option[] = [
  {
    fits: prefix('index'),
    speak: (words, s) => {
      const index = getU32(words.next(), 10);
      if (index === undefined) throw words.invalid('index');
      s.index = index;
    },
  },
  {
    fits: (words) => words.is('burst') || words.isExactly('buffer') || words.isExactly('maxburst'),
    speak: (words, s) => {
      ({ size: s.burst, cellLog: s.rateCell } = keepCell(sized(words, 'buffer/burst', s.burst), s.rateCell));
    },
  },
  {
    fits: exactly('mtu', 'minburst'),
    speak: (words, s) => {
      ({ size: s.mtu, cellLog: s.peakCell } = keepCell(sized(words, 'mtu/minburst', s.mtu), s.peakCell));
    },
  },
  {
    fits: exactly('mpu'),
    speak(words, s) {
      s.mpu = once(words, 'mpu', s.mpu, 0, getSize);
    },
  },
  {
    fits: exactly('rate'),
    speak(words, s) {
      s.rate = once(words, 'rate', s.rate, 0n, getRate64);
    },
  },
  {
    fits: exactly('avrate'),
    speak(words, s) {
      s.avrate = once(words, 'avrate', s.avrate, 0, getRate);
    },
  },
  {
    fits: prefix('peakrate'),
    speak(words, s) {
      s.peakrate = once(words, 'peakrate', s.peakrate, 0n, getRate64);
    },
  },
  {
    fits: (words) => CONTROLS.some((name) => words.is(name)),
    speak: (words, s) => {
      words.back();
      s.action = takeControl(words);
    },
  },
  { fits: exactly('conform-exceed'), speak: takeBoth },
  {
    fits: prefix('overhead'),
    speak: (words, s) => {
      const overhead = getU16(words.next(), 10);
      if (overhead === undefined) throw words.invalid('overhead');
      s.overhead = overhead;
    },
  },
  {
    fits: prefix('linklayer'),
    speak: (words, s) => {
      const linklayer = getLinklayer(words.next(), words);
      if (linklayer === undefined) throw words.invalid('linklayer');
      s.linklayer = linklayer;
    },
  },
  {
    fits: prefix('pkts_rate'),
    speak(words, s) {
      s.pktrate = once(words, 'pkts_rate', s.pktrate, 0n, decimal);
    },
  },
  {
    fits: prefix('pkts_burst'),
    speak(words, s) {
      s.pktburst = once(words, 'pkts_burst', s.pktburst, 0n, decimal);
    },
  },
  {
    fits: exactly('help'),
    speak(words) {
      throw usage(words, USAGE);
    },
  },
];

function keepCell(
  { size, cellLog }: { size: number; cellLog: number },
  old: number,
): { size: number; cellLog: number } {
  return { size, cellLog: cellLog < 0 ? old : cellLog };
}

/** parse_action_control_slash(): `EXCEED/CONFORM`, `EXCEED` with its argument, or the three apart. Numbers will do. */
function takeBoth(words: Words, s: Spoken): void {
  words.need();
  const [exceed = '', conform, ...more] = words.peek().split('/');
  if (conform === undefined) {
    s.action = takeControl(words, true);
    if (!words.takeExact('/')) return;
    words.need();
    s.result = takeControl(words, true);
    return;
  }
  words.next();
  const first = controlOrNumber(exceed);
  const second = more.length > 0 ? undefined : controlOrNumber(conform);
  if (first === undefined || second === undefined) throw words.error('');
  s.action = first;
  s.result = second;
}

/** What tc insists on, in its order. */
function checkSpoken(s: Spoken, words: Words): void {
  const refuse = (message: string): UsageError => new UsageError(message, words.at - 1);
  if (s.rate && s.avrate) throw refuse('');
  if (!s.rate && !s.avrate && !s.index && !s.mtu && !s.pktrate) {
    throw refuse("'rate' or 'avrate' or 'mtu' or 'pkts_rate' MUST be specified.");
  }
  if (s.rate && !s.burst && !s.avrate) throw refuse("'burst' requires 'rate'.");
  if (s.pktrate && !s.pktburst) throw refuse("'pkts_burst' requires 'pkts_rate'.");
  if (s.pktrate && s.rate) throw refuse("'rate' and 'pkts_rate' are not allowed in same action.");
  if (s.peakrate && !s.rate) throw refuse("'peakrate' requires 'rate'.");
  if (s.peakrate && !s.mtu) throw refuse("'mtu' is required, if 'peakrate' is requested.");
}

/** act_parse_police() from behind the word `police`: old-style `police` and the action alike. */
export function speakPolice(words: Words, w: AttrWriter): void {
  const s: Spoken = {
    index: 0,
    action: Verdict.RECLASSIFY,
    result: 0,
    burst: 0,
    mtu: 0,
    mpu: 0,
    overhead: 0,
    linklayer: Linklayer.ETHERNET,
    rate: 0n,
    peakrate: 0n,
    avrate: 0,
    pktrate: 0n,
    pktburst: 0n,
    rateCell: -1,
    peakCell: -1,
  };
  let spoken = 0;
  for (; !words.done; spoken++) {
    const option = OPTIONS.find(({ fits }) => fits(words));
    if (option === undefined) break;
    words.next();
    option.speak(words, s);
  }
  if (spoken === 0) throw words.error('');
  checkSpoken(s, words);
  writeSpoken(s, w);
}

const WIDE = 2 ** 32;

function writeSpoken(s: Spoken, w: AttrWriter): void {
  const { mpu, overhead, mtu, linklayer } = s;
  const tableOf = (rate: bigint, cellLog: number) =>
    rate === 0n ? null : rateTable({ rate, mpu, overhead, cellLog, mtu, linklayer });
  const rate = tableOf(s.rate, s.rateCell);
  const peak = tableOf(s.peakrate, s.peakCell);
  const burst = rate === null ? 0 : xmitTime(Number(s.rate), s.burst);
  const specs = { rate: rate?.spec ?? NO_RATE, peakrate: peak?.spec ?? NO_RATE };
  w.put(TCA_POLICE.tbf, { ...NO_TBF, index: s.index, action: s.action, burst, mtu, ...specs });
  if (rate !== null) {
    w.put(TCA_POLICE.rate, rate.table);
    if (s.rate >= WIDE) w.put(TCA_POLICE.rate64, s.rate);
  }
  if (peak !== null) {
    w.put(TCA_POLICE.peakrate, peak.table);
    if (s.peakrate >= WIDE) w.put(TCA_POLICE.peakrate64, s.peakrate);
  }
  if (s.avrate) w.put(TCA_POLICE.avrate, s.avrate);
  if (s.result) w.put(TCA_POLICE.result, s.result);
  if (s.pktrate) {
    w.put(TCA_POLICE.pktrate64, s.pktrate);
    w.put(TCA_POLICE.pktburst64, BigInt(xmitTime(Number(s.pktrate), Number(s.pktburst))));
  }
}

/** qdisc_get_rtab(): ENOMEM where the table is missing or impossible, since the caller cannot tell. */
function checkTable(spec: Ratespec, data: Uint8Array | undefined): Ratespec {
  if (data === undefined || spec.rate === 0 || spec.cellLog === 0 || spec.cellLog >= 32 || data.length !== TABLE_SIZE) {
    throw new KernelError(Errno.ENOMEM);
  }
  return withLinklayer(spec, data);
}

/** A settled rate: the spec as it is dumped, and the whole number where it does not fit in there. */
function settleRate(spec: Ratespec, rate64: bigint | undefined): { spec: Ratespec; wide: bigint | undefined } {
  const config = rateConfig(spec, rate64 ?? 0n);
  return { spec: ratespecOf(config), wide: config.rate >= BigInt(WIDE) ? config.rate : undefined };
}

function settlePolice(request: Police, t: Tbf): Police {
  const { avrate, result, pktrate64, pktburst64 } = request;
  const rateSpec = t.rate.rate === 0 ? null : checkTable(t.rate, request.rate);
  const peakSpec = rateSpec === null || t.peakrate.rate === 0 ? null : checkTable(t.peakrate, request.peakrate);
  return { tbf: { ...t, ...rates(request, rateSpec, peakSpec) }, ...extras(request, rateSpec, peakSpec) };

  function rates(r: Police, rate: Ratespec | null, peak: Ratespec | null): Partial<Tbf> {
    const mtu = t.mtu || (rate === null ? 0xffffffff : (255 << rate.cellLog) >>> 0);
    return {
      limit: 0,
      capab: 0,
      mtu,
      rate: rate === null ? NO_RATE : settleRate(rate, r.rate64).spec,
      peakrate: peak === null ? NO_RATE : settleRate(peak, r.peakrate64).spec,
    };
  }

  function extras(r: Police, rate: Ratespec | null, peak: Ratespec | null): Police {
    const wide = rate === null ? undefined : settleRate(rate, r.rate64).wide;
    const widePeak = peak === null ? undefined : settleRate(peak, r.peakrate64).wide;
    return {
      ...(wide === undefined ? {} : { rate64: wide }),
      ...(widePeak === undefined ? {} : { peakrate64: widePeak }),
      ...(pktrate64 === undefined ? {} : { pktrate64, pktburst64: pktburst64 ?? 0n }),
      ...(result ? { result } : {}),
      ...(avrate ? { avrate } : {}),
    };
  }
}

/** psched_l2t_ns() in doubles where they are exact, which they are for every packet there is. */
function timeOf(config: RateConfig): (length: number) => number {
  const mult = Number(config.mult);
  const scale = 2 ** Number(config.shift);
  const { overhead, mpu } = config;
  const atm = config.linklayer === Linklayer.ATM;
  return (length) => {
    const size = Math.max(length + overhead, mpu);
    const product = (atm ? Math.ceil(size / 48) * 53 : size) * mult;
    return product <= Number.MAX_SAFE_INTEGER ? Math.floor(product / scale) : Number(lengthToTime(config, length));
  };
}

const TICK_NS = 64;

/** The buckets of one policer: struct tcf_police and its parameters. */
class Buckets {
  private readonly env: Env;
  private readonly rate: ((length: number) => number) | null;
  private readonly peak: ((length: number) => number) | null;
  private readonly burst: number;
  private readonly peakBurst: number;
  private readonly packetTime: number | null;
  private readonly packetBurst: number;
  private filled: number;
  private tokens: number;
  private peakTokens: number;
  private packetTokens = 0;

  constructor(value: Police, t: Tbf, env: Env) {
    this.env = env;
    const peak = t.peakrate.rate === 0 ? null : rateConfig(t.peakrate, value.peakrate64 ?? 0n);
    this.rate = t.rate.rate === 0 ? null : timeOf(rateConfig(t.rate, value.rate64 ?? 0n));
    this.peak = peak === null ? null : timeOf(peak);
    this.burst = t.burst * TICK_NS;
    this.peakBurst = peak === null ? 0 : Number(lengthToTime(peak, t.mtu));
    const { pktrate64, pktburst64 = 0n } = value;
    // psched_ppscfg_precompute() is psched_ratecfg_precompute() for packets of one byte.
    this.packetTime = pktrate64 === undefined ? null : timeOf(rateConfig(NO_RATE, pktrate64))(1);
    this.packetBurst = Number(BigInt.asIntN(64, pktburst64 << 6n));
    this.filled = env.now();
    this.tokens = this.burst;
    this.peakTokens = this.peakBurst;
  }

  get unlimited(): boolean {
    return this.rate === null && this.packetTime === null;
  }

  /** Whether the packet conforms; if so, its tokens are gone. */
  take(length: number): boolean {
    const now = this.env.now();
    const gone = now - this.filled;
    let tokens = Math.min(gone, this.burst);
    let peakTokens = 0;
    let packetTokens = 0;
    if (this.peak !== null) peakTokens = Math.min(tokens + this.peakTokens, this.peakBurst) - this.peak(length);
    if (this.rate !== null) tokens = Math.min(tokens + this.tokens, this.burst) - this.rate(length);
    else if (this.packetTime !== null) {
      packetTokens = Math.min(Math.min(gone, this.packetBurst) + this.packetTokens, this.packetBurst) - this.packetTime;
    }
    if (tokens < 0 || peakTokens < 0 || packetTokens < 0) return false;
    this.filled = now;
    this.tokens = tokens;
    this.peakTokens = peakTokens;
    this.packetTokens = packetTokens;
    return true;
  }
}

/** tcf_police_mtu_check(): at ingress the link header counts, too. */
function fitsMtu(p: Packet, mtu: number): boolean {
  return p.hookLength + (atIngress(p) ? p.macLen : 0) <= mtu;
}

function genOf(t: Tbf): Gen {
  return { index: t.index, capab: t.capab, action: t.action, refcnt: t.refcnt, bindcnt: t.bindcnt };
}

/** What tc_setup_action() can tell hardware. */
function offloads(verdict: number): boolean {
  return verdict !== Verdict.UNSPEC && verdict !== Verdict.RECLASSIFY;
}

export const police: Action<Police> = {
  kind: 'police',
  codec: table(TCA_POLICE),
  scope: () => 'all',
  speak(words, w) {
    words.next();
    words.need();
    speakPolice(words, w);
  },
  gen: ({ tbf: t }) => (t ? genOf(t) : undefined),
  verdicts: ({ tbf: t, result = Verdict.OK }) => [t?.action ?? Verdict.OK, result],
  stamp: (value, gen, tm) => ({
    ...value,
    tbf: { ...(value.tbf ?? NO_TBF), ...gen },
    ...(tm === undefined ? {} : { tm }),
  }),
  check({ tbf: t }) {
    if (!t) throw new KernelError(Errno.EINVAL);
  },
  settle(request, old, place) {
    const t = request.tbf ?? NO_TBF;
    checkControl(t.action, place);
    const settled = settlePolice(request, t);
    if (request.avrate !== undefined && place.estimation === null && !old?.avrate) throw new KernelError(Errno.EINVAL);
    if (request.result !== undefined) checkFallback(request.result);
    if ((request.pktrate64 === undefined) !== (request.pktburst64 === undefined)) {
      throw new KernelError(Errno.EINVAL, 'Both or neither packet-per-second burst and rate must be provided');
    }
    if (request.pktrate64 !== undefined && t.rate.rate !== 0) {
      throw new KernelError(
        Errno.EINVAL,
        'packet-per-second and byte-per-second rate limits not allowed in same action',
      );
    }
    return settled;
  },
  dump(value, w) {
    const names = ['rate64', 'peakrate64', 'pktrate64', 'pktburst64', 'tbf', 'result', 'avrate', 'tm'] as const;
    dumpRows(TCA_POLICE, names, value, w);
  },
  print(value, out: Printer, show = BARE) {
    const t = value.tbf ?? NO_TBF;
    printRates(value, t, out, show);
    printControl(out, 'action ', t.action, '');
    if (value.result === undefined) out.text(' ');
    else printControl(out, '/', value.result, ' ');
    out.put('overhead', t.rate.overhead, `overhead ${t.rate.overhead}b `);
    const linklayer = t.rate.linklayer & 0x0f;
    if (linklayer > Linklayer.ETHERNET || show.details) {
      const name = linklayerName(linklayer);
      out.put('linklayer', name, `linklayer ${name} `);
    }
    out.text('\n');
    out.put('ref', t.refcnt, `\tref ${t.refcnt} `);
    out.put('bind', t.bindcnt, `bind ${t.bindcnt} `);
    printTm(out, value.tm, show);
    out.text('\n');
  },
  offloads: ({ tbf: t, result }) => offloads(t?.action ?? 0) && offloads(result ?? 0),
  /** net/sched/act_police.c: tcf_police_act() */
  compile(value, _world, env, counters = new Counters()): Act {
    const t = value.tbf ?? NO_TBF;
    const { action, mtu } = t;
    const { avrate = 0, result = Verdict.OK } = value;
    const buckets = new Buckets(value, t, env);
    const dropped = (verdict: number): number => {
      if (verdict === Verdict.SHOT) counters.drops++;
      return verdict;
    };
    return (p) => {
      const average = counters.estimator?.bytesPerSecond();
      if (avrate === 0 || (average !== undefined && average < avrate)) {
        if (fitsMtu(p, mtu)) {
          if (buckets.unlimited) return result;
          if (buckets.take(p.hookLength)) return dropped(result);
        }
      }
      counters.overlimits++;
      return dropped(action);
    };
  },
};

/** All of it is text only, but for the packet rate. */
function printRates(value: Police, t: Tbf, out: Printer, show: typeof BARE): void {
  const rate = value.rate64 ?? BigInt(t.rate.rate);
  const peak = value.peakrate64 ?? BigInt(t.peakrate.rate);
  out.member('kind', 'police');
  out.put('index', t.index, ` police 0x${t.index.toString(16)} `);
  out.text(
    `rate ${rateText(rate, show.iec)} burst ${sizeText(xmitSize(Number(rate), t.burst))} mtu ${sizeText(t.mtu)} `,
  );
  if (show.raw) out.text(`[${hex8(t.burst)}] `);
  if (peak !== 0n) out.text(`peakrate ${rateText(peak, show.iec)} `);
  if (value.avrate !== undefined) out.text(`avrate ${rateText(value.avrate, show.iec)} `);
  const { pktrate64, pktburst64 } = value;
  if (pktrate64 === undefined || pktburst64 === undefined) return;
  const burst = xmitSize(Number(pktrate64), Number(pktburst64));
  out.put('pkts_rate', pktrate64, `pkts_rate ${pktrate64} `);
  out.put('pkts_burst', burst, `pkts_burst ${burst} `);
}

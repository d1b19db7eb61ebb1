import { Errno, KernelError } from '../../errors.ts';
import {
  getRate64,
  getU16,
  getU32,
  hex8,
  hexText,
  type Printer,
  rateText,
  sizeText,
  type Words,
} from '../../lang/index.ts';
import { type AttrWriter, atMost, flag as flagCodec, struct, table, u32, u64 } from '../../netlink/index.ts';
import { Input } from '../../packet/index.ts';
import { tcH, tcMajor } from '../../u32.ts';
import type { Show } from '../notation.ts';
import {
  getLinklayer,
  getSizeAndCell,
  Linklayer,
  linklayerName,
  nsToTicks,
  RATESPEC,
  type RateConfig,
  rateConfig,
  ratespecOf,
  rateTable,
  ticksToNs,
  withLinklayer,
  xmitSize,
  xmitTime,
} from '../psched.ts';
import {
  By,
  type ClassKind,
  type ClassNode,
  type ClassPlace,
  type Placed,
  type Placing,
  type QdiscKind,
  type QdiscPlace,
} from './kind.ts';
import {
  einval,
  Found,
  getDecimal,
  type Option,
  options,
  QUEUE,
  readNest,
  speakAll,
  take,
  usageOf,
} from './options.ts';
import { bitRate, classes, withDefault } from './targets.ts';

/** struct tc_htb_glob */
const GLOB = struct({ version: u32, rate2quantum: u32, defcls: u32, debug: u32, directPkts: u32 });
/** struct tc_htb_opt */
const OPT = struct({
  rate: RATESPEC,
  ceil: RATESPEC,
  buffer: u32,
  cbuffer: u32,
  quantum: u32,
  level: u32,
  prio: u32,
});

/** TCA_HTB_*: of the qdisc (`init` …) and of its classes. */
const TCA_HTB = {
  parms: [1, OPT],
  init: [2, GLOB],
  ctab: [3, atMost(1024)],
  rtab: [4, atMost(1024)],
  directQlen: [5, u32],
  rate64: [6, u64],
  ceil64: [7, u64],
  offload: [9, flagCodec],
} as const;
const CODEC = table(TCA_HTB);

/** The version tc speaks, and the one the kernel shows. */
const TC_VERSION = 3;
const KERNEL_VERSION = 0x30011;

interface SpokenQdisc {
  rate2quantum: number;
  defcls: number;
  debug: number;
  directQlen: number;
  offload: boolean;
}

const KIND = { kind: 'htb' };

/** `debug 0123…`: up to 16 digits of 0–3. */
function debugBits(text: string): number {
  const digits = /^[0-3]{0,16}/.exec(text)?.[0] ?? '';
  return Array.from(digits).reduce((bits, digit, i) => bits | (Number(digit) << (2 * i)), 0) >>> 0;
}

const getHex = (text: string): number | undefined => getU32(text, 16);

/** A keyword, cut short or not, with a number; usage is printed where it is none. */
function prefixed<T>(
  word: string,
  argument: string,
  get: (text: string, words: Words) => number | undefined,
  set: (spoken: T, value: number) => void,
): Option<T> {
  return {
    word,
    prefix: true,
    argument,
    speak: (words, spoken) =>
      set(
        spoken,
        take(
          words,
          word,
          (text) => get(text, words),
          () => usageOf('htb', [...QDISC_WORDS, ...CLASS_WORDS]),
        ),
      ),
  };
}

const QDISC_WORDS: readonly Option<SpokenQdisc>[] = [
  prefixed('r2q', 'N', getDecimal, (spoken, value) => {
    spoken.rate2quantum = value;
  }),
  prefixed('default', 'MINOR', getHex, (spoken, value) => {
    spoken.defcls = value;
  }),
  {
    word: 'debug',
    prefix: true,
    argument: 'DIGITS',
    speak(words, spoken) {
      spoken.debug |= debugBits(words.next());
    },
  },
  prefixed('direct_qlen', 'PACKETS', getDecimal, (spoken, value) => {
    spoken.directQlen = value;
  }),
  {
    word: 'offload',
    prefix: true,
    speak(_, spoken) {
      spoken.offload = true;
    },
  },
];

/** htb_parse_opt() */
function speakQdisc(words: Words, w: AttrWriter): void {
  const spoken: SpokenQdisc = { rate2quantum: 10, defcls: 0, debug: 0, directQlen: 0xffffffff, offload: false };
  speakAll(words, QDISC_WORDS, spoken, { ...KIND, help: false });
  options(w, () => {
    w.put(TCA_HTB.init, { ...spoken, version: TC_VERSION, directPkts: 0 });
    if (spoken.directQlen !== 0xffffffff) w.put(TCA_HTB.directQlen, spoken.directQlen);
    if (spoken.offload) w.put(TCA_HTB.offload, true);
  });
}

interface SpokenClass {
  prio: number;
  mtu: number;
  mpu: number;
  overhead: number;
  linklayer: number;
  quantum: number;
  buffer: number;
  cbuffer: number;
  cellLog: number;
  ceilCellLog: number;
  rate: bigint;
  ceil: bigint;
}

const getDecimal16 = (text: string): number | undefined => getU16(text, 10);

/** `burst SIZE[/CELL]`, named in the error as it was typed. */
function burst(
  word: string,
  aliases: readonly string[],
  set: (spoken: SpokenClass, size: number, cellLog: number) => void,
): Option<SpokenClass> {
  return {
    word,
    prefix: true,
    aliases,
    argument: 'BYTES[/CELL]',
    speak(words, spoken, typed) {
      const burst = getSizeAndCell(words.next());
      if (burst === undefined) throw words.error(`Illegal "${typed}"`, usageOf('htb', CLASS_WORDS));
      set(spoken, burst.size, burst.cellLog);
    },
  };
}

/** `rate` and `ceil`. A percentage is of the device's link speed, which none here has. */
function rate(name: 'rate' | 'ceil'): Option<SpokenClass> {
  return {
    word: name,
    argument: 'RATE',
    speak(words, spoken) {
      words.need();
      if (spoken[name] !== 0n) throw words.error(`Double "${name}" spec`);
      spoken[name] = take(words, name, getRate64, () => usageOf('htb', CLASS_WORDS));
    },
  };
}

const CLASS_WORDS: readonly Option<SpokenClass>[] = [
  prefixed('prio', 'N', getDecimal, (spoken, value) => {
    spoken.prio = value;
  }),
  prefixed('mtu', 'BYTES', getDecimal, (spoken, value) => {
    spoken.mtu = value;
  }),
  prefixed('mpu', 'BYTES', getDecimal16, (spoken, value) => {
    spoken.mpu = value;
  }),
  prefixed('overhead', 'BYTES', getDecimal16, (spoken, value) => {
    spoken.overhead = value;
  }),
  prefixed('linklayer', 'NAME', getLinklayer, (spoken, value) => {
    spoken.linklayer = value;
  }),
  prefixed('quantum', 'BYTES', getDecimal, (spoken, value) => {
    spoken.quantum = value;
  }),
  burst('burst', ['buffer', 'maxburst'], (spoken, size, cellLog) => {
    spoken.buffer = size;
    if (cellLog >= 0) spoken.cellLog = cellLog;
  }),
  burst('cburst', ['cbuffer', 'cmaxburst'], (spoken, size, cellLog) => {
    spoken.cbuffer = size;
    if (cellLog >= 0) spoken.ceilCellLog = cellLog;
  }),
  rate('ceil'),
  rate('rate'),
];

const NOTHING_SPOKEN: SpokenClass = {
  prio: 0,
  mtu: 1600,
  mpu: 0,
  overhead: 0,
  linklayer: Linklayer.ETHERNET,
  quantum: 0,
  buffer: 0,
  cbuffer: 0,
  cellLog: -1,
  ceilCellLog: -1,
  rate: 0n,
  ceil: 0n,
};

/** get_hz() of kernels with high-resolution timers. */
const TC_HZ = 1_000_000_000n;

/** The least that it takes: what goes out in a tick, and a packet. */
function bufferOf(rate: bigint, mtu: number): number {
  return Number(BigInt.asUintN(32, rate / TC_HZ + BigInt(mtu)));
}

/** htb_parse_class_opt() */
function speakClass(words: Words, w: AttrWriter): void {
  const spoken = { ...NOTHING_SPOKEN };
  speakAll(words, CLASS_WORDS, spoken, KIND);
  if (spoken.rate === 0n) throw words.error('"rate" is required.');
  const { rate, mtu } = spoken;
  const ceil = spoken.ceil || rate;
  const buffer = spoken.buffer || bufferOf(rate, mtu);
  const cbuffer = spoken.cbuffer || bufferOf(ceil, mtu);
  const rtab = rateTable({ ...spoken, rate });
  const ctab = rateTable({ ...spoken, rate: ceil, cellLog: spoken.ceilCellLog });
  options(w, () => {
    if (rate >= 2 ** 32) w.put(TCA_HTB.rate64, rate);
    if (ceil >= 2 ** 32) w.put(TCA_HTB.ceil64, ceil);
    w.put(TCA_HTB.parms, {
      rate: rtab.spec,
      ceil: ctab.spec,
      buffer: xmitTime(Number(rate), buffer),
      cbuffer: xmitTime(Number(ceil), cbuffer),
      quantum: spoken.quantum,
      level: 0,
      prio: spoken.prio,
    });
    w.put(TCA_HTB.rtab, rtab.table);
    w.put(TCA_HTB.ctab, ctab.table);
  });
}

/** struct htb_sched, as far as a dump shows it. */
type Htb = {
  readonly rate2quantum: number;
  readonly defcls: number;
  readonly directQlen: number;
};

/** htb_init() */
function settleQdisc(payload: Uint8Array | null, { device }: QdiscPlace): Htb {
  const { init, directQlen, offload } = readNest(CODEC, payload);
  if (init === undefined || init.version !== KERNEL_VERSION >>> 16) throw einval();
  if (offload !== undefined) throw new KernelError(Errno.EOPNOTSUPP, '', 'no-offload');
  return {
    rate2quantum: Math.max(init.rate2quantum | 0, 1),
    defcls: init.defcls,
    directQlen: directQlen ?? device.txqlen,
  };
}

/** struct htb_class, as far as a dump shows it. Times in ns. */
type HtbClass = {
  readonly rate: RateConfig;
  readonly ceil: RateConfig;
  readonly buffer: bigint;
  readonly cbuffer: bigint;
  readonly quantum: number;
  readonly prio: number;
  /** What the buckets hold: a new class's are full, and a change of their sizes leaves them as they are. */
  readonly tokens: bigint;
  readonly ctokens: bigint;
};

const MAX_DEPTH = 8;
const MAX_PRIO = 7;
const INT_MAX = 0x7fffffff;

/** htb_change_class() */
function settleClass(old: HtbClass | null, payload: Uint8Array | null, place: ClassPlace<Htb, HtbClass>): HtbClass {
  const { parms, rtab, ctab, rate64, ceil64 } = readNest(CODEC, payload);
  if (parms === undefined || parms.rate.rate === 0 || parms.ceil.rate === 0) {
    throw einval('', 'rate-zero', 'rate');
  }
  if (old === null) {
    if (place.classid === 0 || tcMajor(place.classid) !== tcMajor(place.handle)) {
      throw einval('', 'other-major', 'classid');
    }
    if (place.depth >= MAX_DEPTH) throw einval('', 'class-depth', 'parent');
  }
  const rate = rateConfig(withLinklayer(parms.rate, rtab), rate64);
  const [buffer, cbuffer] = [ticksToNs(parms.buffer), ticksToNs(parms.cbuffer)];
  return {
    rate,
    ceil: rateConfig(withLinklayer(parms.ceil, ctab), ceil64),
    buffer,
    cbuffer,
    tokens: old?.tokens ?? buffer,
    ctokens: old?.ctokens ?? cbuffer,
    quantum: parms.quantum || quantumOf(rate.rate, place.qdisc.rate2quantum),
    prio: Math.min(parms.prio, MAX_PRIO),
  };
}

/** The kernel keeps a quantum of its own making within bounds (and grumbles in its log). */
function quantumOf(rate: bigint, rate2quantum: number): number {
  const share = rate / BigInt(rate2quantum);
  const quantum = share > BigInt(INT_MAX) ? INT_MAX : Number(share);
  return Math.min(Math.max(quantum, 1000), 200000);
}

/** htb_dump_class() */
function dumpClass(c: HtbClass, w: AttrWriter, node: ClassNode): void {
  options(w, () => {
    w.put(TCA_HTB.parms, {
      rate: ratespecOf(c.rate),
      ceil: ratespecOf(c.ceil),
      buffer: nsToTicks(c.buffer),
      cbuffer: nsToTicks(c.cbuffer),
      quantum: c.quantum,
      level: node.leaf ? 0 : MAX_DEPTH - 1 - node.depth,
      prio: c.prio,
    });
    if (c.rate.rate >= 1n << 32n) w.put(TCA_HTB.rate64, c.rate.rate);
    if (c.ceil.rate >= 1n << 32n) w.put(TCA_HTB.ceil64, c.ceil.rate);
  });
}

/** htb_print_opt(): the same for the qdisc and its classes. */
function print(payload: Uint8Array | null, out: Printer, show: Show): void {
  if (payload === null) return;
  const found = new Found(payload);
  if (found.payload(TCA_HTB.parms) !== undefined && !printClass(found, out, show)) return;
  if (found.payload(TCA_HTB.init) !== undefined && !printInit(found, out, show)) return;
  const directQlen = found.get(TCA_HTB.directQlen);
  if (directQlen !== undefined) out.put('direct_qlen', directQlen, ` direct_qlen ${directQlen}`);
  if (found.payload(TCA_HTB.offload) !== undefined) out.put('offload', null, ' offload');
}

function printInit(found: Found, out: Printer, show: Show): boolean {
  const init = found.get(TCA_HTB.init);
  if (init === undefined) return false;
  out.put('r2q', init.rate2quantum | 0, `r2q ${init.rate2quantum | 0}`);
  out.put('default', hexText(init.defcls), ` default ${hexText(init.defcls)}`);
  out.put('direct_packets_stat', init.directPkts, ` direct_packets_stat ${init.directPkts}`);
  if (show.details) {
    const version = `${init.version >>> 16}.${init.version & 0xffff}`;
    out.put('ver', version, ` ver ${version}`);
  }
  return true;
}

function printClass(found: Found, out: Printer, show: Show): boolean {
  const parms = found.get(TCA_HTB.parms);
  if (parms === undefined) return false;
  const rate = found.get(TCA_HTB.rate64) ?? BigInt(parms.rate.rate);
  const ceil = found.get(TCA_HTB.ceil64) ?? BigInt(parms.ceil.rate);
  const buffer = xmitSize(Number(rate), parms.buffer);
  const cbuffer = xmitSize(Number(ceil), parms.cbuffer);
  if (parms.level === 0) {
    out.put('prio', parms.prio | 0, `prio ${parms.prio | 0} `);
    if (show.details) out.put('quantum', parms.quantum | 0, `quantum ${parms.quantum | 0} `);
  }
  out.put('rate', rate, `rate ${rateText(rate, show.iec)} `);
  const { overhead, linklayer } = parms.rate;
  if (overhead !== 0) out.put('overhead', overhead, `overhead ${overhead} `);
  out.put('ceil', ceil, `ceil ${rateText(ceil, show.iec)} `);
  if ((linklayer & 0x0f) > Linklayer.ETHERNET || show.details) {
    out.put('linklayer', linklayerName(linklayer), `linklayer ${linklayerName(linklayer)} `);
  }
  if (show.details) {
    out.put('burst', buffer, `burst ${sizeText(buffer)}/`);
    out.put('burst_cell', 1 << parms.rate.cellLog, `${(1 << parms.rate.cellLog) >>> 0} `);
    out.put('mpu_rate', parms.rate.mpu, `mpu ${sizeText(parms.rate.mpu)} `);
    out.put('cburst', cbuffer, `cburst ${sizeText(cbuffer)}/`);
    out.put('cburst_cell', 1 << parms.ceil.cellLog, `${(1 << parms.ceil.cellLog) >>> 0} `);
    out.put('mpu_ceil', parms.ceil.mpu, `mpu ${sizeText(parms.ceil.mpu)} `);
    out.put('level', parms.level | 0, `level ${parms.level | 0} `);
  } else {
    out.put('burst', buffer, `burst ${sizeText(buffer)} `);
    out.put('cburst', cbuffer, `cburst ${sizeText(cbuffer)} `);
  }
  if (show.raw) {
    out.raw(`buffer [${hex8(parms.buffer)}] cbuffer [${hex8(parms.cbuffer)}] `);
  }
  return true;
}

const CLASSES: ClassKind<Htb, HtbClass> = {
  codec: CODEC,
  tree: true,
  borrows: ({ rate, ceil }) => ceil.rate > rate.rate,
  changesWhole: true,
  asksAgain: true,
  weight: () => 0,
  fewest: 'htb rate 1gbit',
  root: null,
  speak: speakClass,
  settle: settleClass,
  dump: dumpClass,
  /** struct tc_htb_xstats: lent, borrowed, giants; tokens. */
  writeStats({ tokens, ctokens }, w) {
    w.zeros(12);
    w.u32(nsToTicks(tokens));
    w.u32(nsToTicks(ctokens));
  },
  print,
};

/** Lists asked about one packet; one that the last sends to an inner class is dropped (recorded: fate-136). */
const MAX_LISTS = 9;

/** htb_classify(): filters on a leaf are never asked; X:0 is the direct queue, and so is a default that is no leaf. */
function place({ defcls }: Htb, at: Placing): Placed {
  const { priority, handle, packet } = at;
  packet.readsOnWay(Input.PRIORITY);
  if (priority === handle) return at.direct(By.PRIORITY);
  const start = at.level(priority);
  if (start === 0) return at.inClass(priority, By.PRIORITY);
  let list = start > 0 ? priority : handle;
  for (let lists = 1; at.filtered(list); lists++) {
    const { matched, taken, classid } = at.ask(list);
    if (taken) return at.taken();
    if (!matched) break;
    if (classid === handle) return at.direct(By.FILTER);
    const level = at.level(classid);
    if (level < 0) break;
    if (level === 0) return at.inClass(classid, By.FILTER);
    if (lists === MAX_LISTS) return at.nowhere(By.CLASS_LOOP);
    list = classid;
  }
  const fallback = tcH(tcMajor(handle), defcls);
  return at.level(fallback) === 0 ? at.inClass(fallback, By.DEFAULT) : at.direct(By.DEFAULT);
}

/** htb_change_class(): without it the kernel divides the rate by r2q, and warns where that is too small or too big. */
const QUANTUM = 'quantum 1514';
/** tc's own bucket, about a packet: at high rates the kernel wakes up too late to use all of the rate. */
const USUAL_BUCKET = 1600;

/** Room for what a link sends in a millisecond, where that is more than tc gives. */
function bucket(link: number, ...names: readonly string[]): string {
  const size = Math.ceil(link / 8 / 1000);
  return size > USUAL_BUCKET ? names.map((name) => ` ${name} ${size}`).join('') : '';
}

/** net/sched/sch_htb.c, iproute2 tc/q_htb.c: hierarchical token buckets. */
export const HTB: QdiscKind<Htb, HtbClass> = {
  ...QUEUE,
  kind: 'htb',
  codec: CODEC,
  speak: speakQdisc,
  settle: (_, payload, place) => settleQdisc(payload, place),
  place,
  changes: false,
  classful: true,
  classes: CLASSES,
  unmatched: 'direct',
  defaultMinor: ({ defcls }) => defcls,
  targets: withDefault(
    classes(
      'htb',
      ({ link, each }) => `htb rate ${bitRate(each)} ceil ${bitRate(link)}${bucket(link, 'cburst')} ${QUANTUM}`,
      ({ link }) => `htb rate ${bitRate(link)}${bucket(link, 'burst', 'cburst')} ${QUANTUM}`,
    ),
  ),
  filters: 'classes',
  dump(htb, w) {
    options(w, () => {
      w.put(TCA_HTB.init, { ...htb, version: KERNEL_VERSION, debug: 0, directPkts: 0 });
      w.put(TCA_HTB.directQlen, htb.directQlen);
    });
  },
  print,
};

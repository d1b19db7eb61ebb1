import {
  getRate64,
  getS32,
  getSize,
  getTime,
  getU32,
  hexText,
  type Printer,
  rateText,
  sizeText,
  timeText,
  type Words,
} from '../../lang/index.ts';
import { type AttrWriter, FAILED_POLICY, s32, table, u32, u64 } from '../../netlink/index.ts';
import { tcMajor, tcMinor } from '../../u32.ts';
import type { Show } from '../notation.ts';
import type { Placed, Placing, QdiscKind } from './kind.ts';
import { FLOWS, Found, fix, flag, type Option, options, putOptions, readNest, speakAll, take } from './options.ts';

/** Rate in bytes a second, times in microseconds, sizes in bytes. */
const TCA_CAKE = {
  baseRate64: [2, u64],
  flowMode: [5, u32],
  rtt: [7, u32],
  target: [8, u32],
  memory: [10, u32],
  autorate: [9, u32],
  ingress: [15, u32],
  ackFilter: [16, u32],
  nat: [11, u32],
  diffservMode: [3, u32],
  wash: [13, u32],
  overhead: [6, s32],
  raw: [12, u32],
  atm: [4, u32],
  mpu: [14, u32],
  splitGso: [17, u32],
  fwmark: [18, u32],
} as const;
/** The order of the rows is the kernel's in a dump. */
const CODEC = table(TCA_CAKE, FAILED_POLICY);
type Attributes = Pick<ReturnType<typeof CODEC.read>, keyof typeof TCA_CAKE>;
type Spoken = { -readonly [K in keyof Attributes]: Attributes[K] } & {
  preset?: string;
  /** A rate of 0 is said only by this word. */
  unlimited?: boolean;
};

/** What tc says, in its order, behind the rate. */
const SPOKEN = [
  'diffservMode',
  'atm',
  'flowMode',
  'overhead',
  'raw',
  'mpu',
  'rtt',
  'target',
  'autorate',
  'memory',
  'fwmark',
  'nat',
  'wash',
  'splitGso',
  'ingress',
  'ackFilter',
] as const;

/** Round trips: target and interval in microseconds. */
const PRESETS: readonly (readonly [name: string, target: number, interval: number])[] = [
  ['datacentre', 5, 100],
  ['lan', 50, 1000],
  ['metro', 500, 10_000],
  ['regional', 1500, 30_000],
  ['internet', 5000, 100_000],
  ['oceanic', 15_000, 300_000],
  ['satellite', 50_000, 1_000_000],
  ['interplanetary', 50_000_000, 1_000_000_000],
];

/** CAKE_DIFFSERV_*, CAKE_FLOW_*, CAKE_ATM_*: names in the order of their numbers. */
const DIFFSERV = ['diffserv3', 'diffserv4', 'diffserv8', 'besteffort', 'precedence'];
const FLOW = ['flowblind', 'srchost', 'dsthost', 'hosts', 'flows', 'dual-srchost', 'dual-dsthost', 'triple-isolate'];
const ATM = { NONE: 0, ATM: 1, PTM: 2 } as const;
const TRIPLE = 7;
const FLOW_MASK = 63;

/** Framings: what they add to a packet, and how cells carry it. */
const FRAMINGS: readonly (readonly [name: string, overhead: number, atm?: number | undefined, mpu?: number])[] = [
  ['ipoa-vcmux', 8, ATM.ATM],
  ['ipoa-llcsnap', 16, ATM.ATM],
  ['bridged-vcmux', 24, ATM.ATM],
  ['bridged-llcsnap', 32, ATM.ATM],
  ['pppoa-vcmux', 10, ATM.ATM],
  ['pppoa-llc', 14, ATM.ATM],
  ['pppoe-vcmux', 32, ATM.ATM],
  ['pppoe-llcsnap', 40, ATM.ATM],
  ['pppoe-ptm', 30, ATM.PTM],
  ['bridged-ptm', 22, ATM.PTM],
  ['ethernet', 38, undefined, 84],
  ['ether-vlan', 4],
  ['docsis', 18, ATM.NONE, 64],
];

function preset([name, target, interval]: (typeof PRESETS)[number]): Option<Spoken> {
  return {
    word: name,
    speak(words, spoken) {
      if (spoken.preset !== undefined) {
        throw words.duplicate(name, spoken.preset);
      }
      spoken.preset = name;
      spoken.target = target;
      spoken.rtt = interval;
    },
  };
}

function framing([name, overhead, atm, mpu]: (typeof FRAMINGS)[number]): Option<Spoken> {
  return flag(name, (spoken) => {
    if (atm !== undefined) spoken.atm = atm;
    spoken.overhead = (spoken.overhead ?? 0) + overhead;
    if (mpu !== undefined) spoken.mpu = mpu;
  });
}

/** A decimal number within bounds; tc's message ends in a backslash and an n. */
function bounded(word: 'overhead' | 'mpu', low: number, high: number): Option<Spoken> {
  return {
    word,
    argument: 'N',
    speak(words, spoken) {
      const text = words.next();
      // strtol() takes a word without a digit for 0 where nothing is left of it.
      const number = text === '' ? 0 : getS32(text, 10);
      if (number === undefined || number < low || number > high) {
        throw words.error(`Illegal "${word}", valid range is ${low} to ${high}\\n`);
      }
      spoken[word] = number;
    },
  };
}

function illegalValue(
  word: 'memlimit' | 'fwmark',
  name: 'memory' | 'fwmark',
  get: (text: string) => number | undefined,
) {
  const row: Option<Spoken> = {
    word,
    argument: word === 'memlimit' ? 'LIMIT' : 'MASK',
    speak(words, spoken) {
      const text = words.next();
      const value = get(text);
      if (value === undefined) throw words.error(`Illegal value for "${word}": "${text}"`);
      spoken[name] = value;
    },
  };
  return row;
}

const WORDS: readonly Option<Spoken>[] = [
  {
    word: 'bandwidth',
    argument: 'RATE',
    speak(words, spoken) {
      spoken.baseRate64 = take(words, 'bandwidth', getRate64);
      spoken.unlimited = false;
      spoken.autorate = 0;
    },
  },
  flag('unlimited', (spoken) => {
    spoken.baseRate64 = 0n;
    spoken.unlimited = true;
    spoken.autorate = 0;
  }),
  fix('autorate-ingress', 'autorate', 1),
  {
    word: 'rtt',
    argument: 'TIME',
    speak(words, spoken) {
      spoken.rtt = take(words, 'rtt', getTime);
      spoken.target = Math.max(Math.floor(spoken.rtt / 20), 1);
    },
  },
  ...PRESETS.map(preset),
  fix('besteffort', 'diffservMode', 3),
  fix('precedence', 'diffservMode', 4),
  fix('diffserv8', 'diffservMode', 2),
  fix('diffserv4', 'diffservMode', 1),
  fix('diffserv', 'diffservMode', 1),
  fix('diffserv3', 'diffservMode', 0),
  fix('nowash', 'wash', 0),
  fix('wash', 'wash', 1),
  fix('split-gso', 'splitGso', 1),
  fix('no-split-gso', 'splitGso', 0),
  ...FLOW.map((name, mode) => fix(name, 'flowMode', mode)),
  fix('nat', 'nat', 1),
  fix('nonat', 'nat', 0),
  fix('ptm', 'atm', ATM.PTM),
  fix('atm', 'atm', ATM.ATM),
  fix('noatm', 'atm', ATM.NONE),
  flag('raw', (spoken) => {
    spoken.atm = ATM.NONE;
    spoken.overhead = 0;
    spoken.raw = 0;
  }),
  flag('conservative', (spoken) => {
    spoken.atm = ATM.ATM;
    spoken.overhead = 48;
  }),
  ...FRAMINGS.map(framing),
  // Once it meant something; scripts still say it.
  flag('via-ethernet', () => {}),
  bounded('overhead', -64, 256),
  bounded('mpu', 0, 256),
  fix('ingress', 'ingress', 1),
  fix('egress', 'ingress', 0),
  fix('no-ack-filter', 'ackFilter', 0),
  fix('ack-filter', 'ackFilter', 1),
  fix('ack-filter-aggressive', 'ackFilter', 2),
  illegalValue('memlimit', 'memory', getSize),
  illegalValue('fwmark', 'fwmark', getU32),
];

/** Numbers that tc does not send when they are 0. */
const SILENT_ZERO: readonly string[] = ['mpu', 'rtt', 'target', 'memory', 'fwmark'];

/** cake_parse_opt() */
function speak(words: Words, w: AttrWriter): void {
  const spoken: Spoken = {};
  speakAll(words, WORDS, spoken, { kind: 'cake' });
  const { baseRate64 } = spoken;
  options(w, () => {
    if (baseRate64 !== undefined && (baseRate64 !== 0n || spoken.unlimited)) w.put(TCA_CAKE.baseRate64, baseRate64);
    for (const name of SPOKEN) {
      const value = spoken[name];
      if (value !== undefined && (value !== 0 || !SILENT_ZERO.includes(name))) w.put<number>(TCA_CAKE[name], value);
    }
  });
}

/** struct cake_sched_data, as a dump shows it; `raw` absent where the overhead counts. */
type Cake = Required<Omit<Attributes, 'raw'>> & { readonly raw?: number };

const FRESH: Cake = {
  baseRate64: 0n,
  flowMode: TRIPLE,
  rtt: 100_000,
  target: 5000,
  memory: 0,
  autorate: 0,
  ingress: 0,
  ackFilter: 0,
  nat: 0,
  diffservMode: 0,
  wash: 0,
  overhead: 0,
  raw: 0,
  atm: 0,
  mpu: 0,
  splitGso: 1,
  fwmark: 0,
};

/** Kept as a bit. */
const BOOLEANS = ['autorate', 'ingress', 'nat', 'wash', 'splitGso'] as const;

/** cake_init(), cake_change() */
function settle(old: Cake | null, payload: Uint8Array | null): Cake {
  const base = old ?? FRESH;
  if (payload === null) return base;
  const { unknown: _, raw, ...asked } = readNest(CODEC, payload);
  const { raw: oldRaw, ...kept } = base;
  const cake = { ...kept, ...asked };
  const bits = Object.fromEntries(BOOLEANS.map((name) => [name, Number(cake[name] !== 0)]));
  const isRaw = raw !== undefined || (oldRaw !== undefined && asked.overhead === undefined);
  return {
    ...cake,
    ...bits,
    flowMode: cake.flowMode & FLOW_MASK,
    rtt: Math.max(cake.rtt, 1),
    target: Math.max(cake.target, 1),
    ...(isRaw ? { raw: 0 } : {}),
  };
}

/** cake_print_mode() */
function printMode(name: string, names: readonly string[], value: number | undefined, out: Printer): void {
  if (value === undefined) return;
  const known = names[value];
  out.put(name, known ?? 'unknown', known === undefined ? `(?${name}?)` : `${known} `);
}

/** cake_print_opt() */
function print(payload: Uint8Array | null, out: Printer, show: Show): void {
  if (payload === null) return;
  const found = new Found(payload);
  const of = (name: (typeof SPOKEN)[number]): number => found.get(TCA_CAKE[name]) ?? 0;
  const either = (name: string, on: boolean, yes: string, no: string) => out.put(name, on, on ? yes : no);
  printBandwidth(found.get(TCA_CAKE.baseRate64), out, show);
  const autorate = of('autorate');
  if (autorate === 1) out.put('autorate', 'autorate-ingress', 'autorate-ingress ');
  else if (autorate !== 0) out.put('autorate', 'unknown', '(?autorate?) ');
  printMode('diffserv', DIFFSERV, found.get(TCA_CAKE.diffservMode), out);
  printMode('flowmode', FLOW, found.get(TCA_CAKE.flowMode), out);
  either('nat', of('nat') !== 0, 'nat ', 'nonat ');
  either('wash', of('wash') !== 0, 'wash ', 'nowash ');
  either('ingress', of('ingress') !== 0, 'ingress ', '');
  const ackFilter = of('ackFilter');
  if (ackFilter === 2) out.put('ack-filter', 'aggressive', 'ack-filter-aggressive ');
  else if (ackFilter === 1) out.put('ack-filter', 'enabled', 'ack-filter ');
  else out.put('ack-filter', 'disabled', 'no-ack-filter ');
  either('split_gso', of('splitGso') !== 0, 'split-gso ', 'no-split-gso ');
  const rtt = of('rtt');
  out.put('rtt', rtt, rtt === 0 ? '' : `rtt ${timeText(rtt)} `);
  const raw = found.payload(TCA_CAKE.raw) !== undefined;
  either('raw', raw, 'raw ', '');
  const atm = of('atm');
  if (atm === ATM.ATM) out.put('atm', 'atm', 'atm ');
  else if (atm === ATM.PTM) out.put('atm', 'ptm', 'ptm ');
  else if (!raw) out.put('atm', 'noatm', 'noatm ');
  out.put('overhead', of('overhead'), `overhead ${of('overhead')} `);
  const mpu = of('mpu');
  if (mpu !== 0) out.put('mpu', mpu, `mpu ${mpu} `);
  const memory = of('memory');
  if (memory !== 0) out.put('memlimit', memory, `memlimit ${sizeText(memory)} `);
  const fwmark = of('fwmark');
  out.put('fwmark', hexText(fwmark), fwmark === 0 ? '' : `fwmark ${hexText(fwmark)} `);
}

function printBandwidth(rate: bigint | undefined, out: Printer, show: Show): void {
  if (rate === 0n) out.put('bandwidth', 'unlimited', 'bandwidth unlimited ');
  else if (rate !== undefined) out.put('bandwidth', rate, `bandwidth ${rateText(rate, show.iec)} `);
}

/** CAKE_QUEUES: buckets of a tin, and the largest override. */
const QUEUES = 1024;
/** The bucket is that of the qdisc's own hash. */
const OWN_HASH = -1;
/** CAKE_FLOW_SRC_IP, CAKE_FLOW_DST_IP, CAKE_FLOW_FLOWS. */
const [BY_SRC, BY_DST, BY_FLOW] = [1, 2, 4];

/** cake_classify(): the minor of a class is a flow, the major a host; nothing is dropped for want of either. */
function place({ flowMode }: Cake, at: Placing): Placed {
  let flowOverride = 0;
  let hostOverride = 0;
  if (at.filtered(at.handle)) {
    const { matched, taken, classid } = at.ask(at.handle);
    if (taken) return at.taken();
    if (matched && tcMinor(classid) <= QUEUES) flowOverride = tcMinor(classid);
    if (matched && tcMajor(classid) <= QUEUES) hostOverride = tcMajor(classid);
  }
  const bucket = flowOverride === 0 ? OWN_HASH : bucketOf(flowMode, flowOverride, hostOverride);
  return at.inFlow(bucket, flowMode, flowOverride, hostOverride);
}

/**
 * cake_hash() with a flow given: modes that do not look at flows mix the hosts in. OWN_HASH: a host's own hash counts.
 * Another flow there moves this one on to the next free bucket of the set of 8, which no capture tells.
 */
function bucketOf(flowMode: number, flow: number, host: number): number {
  if (flowMode === 0) return 0;
  if ((flowMode & BY_FLOW) !== 0) return flow - 1;
  const both = (flowMode & BY_SRC) !== 0 && (flowMode & BY_DST) !== 0;
  if (host === 0) return OWN_HASH;
  return both ? flow - 1 : ((flow - 1) ^ (host - 1)) % QUEUES;
}

/** net/sched/sch_cake.c, iproute2 tc/q_cake.c: common applications kept enhanced. */
export const CAKE: QdiscKind<Cake> = {
  ...FLOWS,
  kind: 'cake',
  codec: CODEC,
  speak,
  settle,
  place,
  dump: (cake, w) => putOptions(w, CODEC, cake),
  print,
};

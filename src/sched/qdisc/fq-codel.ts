import { getSize, getTime, getU8, type Printer, sizeText, timeText, type Words } from '../../lang/index.ts';
import { type AttrWriter, table, u8, u32 } from '../../netlink/index.ts';
import { codelTime } from './codel.ts';
import type { QdiscKind, QdiscPlace } from './kind.ts';
import {
  einval,
  FLOWS,
  Found,
  fix,
  numberTo,
  type Option,
  options,
  pschedMtu,
  putOptions,
  readNest,
  speakAll,
} from './options.ts';
import { byBucket } from './place.ts';
import { buckets } from './targets.ts';

const DEFAULT_FLOWS = 1024;

/** Times in microseconds, memory in bytes. */
const TCA_FQ_CODEL = {
  target: [1, u32],
  limit: [2, u32],
  interval: [3, u32],
  ecn: [4, u32],
  quantum: [6, u32],
  dropBatch: [8, u32],
  memoryLimit: [9, u32],
  flows: [5, u32],
  ceThreshold: [7, u32],
  ceSelector: [10, u8],
  ceMask: [11, u8],
} as const;
/** The order of the rows is the kernel's in a dump. */
const CODEC = table(TCA_FQ_CODEL);
type FqCodel = Pick<ReturnType<typeof CODEC.read>, keyof typeof TCA_FQ_CODEL>;
type Spoken = { -readonly [K in keyof FqCodel]?: number };

/** What tc says, in its order; 0 is silence. */
const SPOKEN = ['limit', 'flows', 'quantum', 'interval', 'target'] as const;

const WORDS: readonly Option<Spoken>[] = [
  numberTo('limit', 'PACKETS', 'limit'),
  numberTo('flows', 'NUMBER', 'flows'),
  numberTo('quantum', 'BYTES', 'quantum'),
  numberTo('target', 'TIME', 'target', getTime),
  numberTo('ce_threshold', 'TIME', 'ceThreshold', getTime),
  {
    word: 'ce_threshold_selector',
    argument: 'VALUE/MASK',
    speak(words, spoken) {
      const text = words.next();
      const slash = text.indexOf('/');
      if (slash < 0) throw words.error('Missing mask for "ce_threshold_selector"');
      const mask = getU8(text.slice(slash + 1));
      if (mask === undefined) throw words.error('Illegal mask for "ce_threshold_selector"');
      const value = getU8(text.slice(0, slash));
      if (value === undefined) throw words.error('Illegal "ce_threshold_selector"');
      spoken.ceSelector = value;
      spoken.ceMask = mask;
    },
  },
  numberTo('memory_limit', 'BYTES', 'memoryLimit', getSize),
  numberTo('drop_batch', 'SIZE', 'dropBatch'),
  numberTo('interval', 'TIME', 'interval', getTime),
  fix('ecn', 'ecn', 1),
  fix('noecn', 'ecn', 0),
];

/** fq_codel_parse_opt() */
function speak(words: Words, w: AttrWriter): void {
  const spoken: Spoken = {};
  speakAll(words, WORDS, spoken, { kind: 'fq_codel' });
  options(w, () => {
    for (const name of SPOKEN) if (spoken[name]) w.put(TCA_FQ_CODEL[name], spoken[name]);
    if (spoken.ecn !== undefined) w.put(TCA_FQ_CODEL.ecn, spoken.ecn);
    for (const name of ['ceThreshold', 'ceMask', 'ceSelector', 'memoryLimit'] as const) {
      if ((spoken[name] ?? ALL_ONES) !== ALL_ONES) w.put<number>(TCA_FQ_CODEL[name], spoken[name] ?? 0);
    }
    if (spoken.dropBatch) w.put(TCA_FQ_CODEL.dropBatch, spoken.dropBatch);
  });
}

/** ~0U: tc's "not given". */
const ALL_ONES = 0xffffffff;

const MAX_FLOWS = 65536;
const MIN_QUANTUM = 256;
const MAX_QUANTUM = 1 << 20;
const MAX_MEMORY = 0x80000000;

/** fq_codel_init() */
function fresh(place: QdiscPlace): FqCodel {
  return {
    limit: 10240,
    flows: DEFAULT_FLOWS,
    memoryLimit: 32 << 20,
    dropBatch: 64,
    quantum: pschedMtu(place),
    target: codelTime(5000),
    interval: codelTime(100_000),
    ecn: 1,
  };
}

/** fq_codel_change() */
function settle(old: FqCodel | null, payload: Uint8Array | null, place: QdiscPlace): FqCodel {
  const base = old ?? fresh(place);
  if (payload === null) return base;
  const asked = readNest(CODEC, payload);
  if (asked.flows !== undefined && (old !== null || asked.flows === 0 || asked.flows > MAX_FLOWS)) {
    throw einval('', 'flows-range', 'flows');
  }
  const quantum = asked.quantum === undefined ? base.quantum : Math.max(MIN_QUANTUM, asked.quantum);
  if (asked.quantum !== undefined && asked.quantum > MAX_QUANTUM) throw einval('Invalid quantum');
  const timed = (name: 'target' | 'interval' | 'ceThreshold') =>
    asked[name] === undefined ? base[name] : codelTime(asked[name]);
  const ceThreshold = timed('ceThreshold');
  const { ceSelector, ceMask } = { ...base, ...asked };
  return {
    target: timed('target') ?? 0,
    limit: asked.limit ?? base.limit ?? 0,
    interval: timed('interval') ?? 0,
    ecn: asked.ecn === undefined ? (base.ecn ?? 0) : Number(asked.ecn !== 0),
    quantum: quantum ?? 0,
    dropBatch: asked.dropBatch === undefined ? (base.dropBatch ?? 0) : Math.max(1, asked.dropBatch),
    memoryLimit: asked.memoryLimit === undefined ? (base.memoryLimit ?? 0) : Math.min(MAX_MEMORY, asked.memoryLimit),
    flows: asked.flows ?? base.flows ?? 0,
    ...(ceThreshold === undefined ? {} : { ceThreshold }),
    ...(ceSelector === undefined ? {} : { ceSelector }),
    ...(ceMask === undefined ? {} : { ceMask }),
  };
}

/** fq_codel_print_opt() */
function print(payload: Uint8Array | null, out: Printer): void {
  if (payload === null) return;
  const found = new Found(payload);
  const say = (row: readonly [number, typeof u32], name: string, text: (value: number) => string) => {
    const value = found.get(row);
    if (value !== undefined) out.put(name, value, `${name} ${text(value)} `);
  };
  say(TCA_FQ_CODEL.limit, 'limit', (limit) => `${limit}p`);
  say(TCA_FQ_CODEL.flows, 'flows', String);
  say(TCA_FQ_CODEL.quantum, 'quantum', String);
  say(TCA_FQ_CODEL.target, 'target', timeText);
  say(TCA_FQ_CODEL.ceThreshold, 'ce_threshold', timeText);
  const ceSelector = found.get(TCA_FQ_CODEL.ceSelector);
  if (ceSelector !== undefined)
    out.put('ce_threshold_selector', ceSelector, `ce_threshold_selector ${hex8(ceSelector)}`);
  const ceMask = found.get(TCA_FQ_CODEL.ceMask);
  if (ceMask !== undefined) out.put('ce_threshold_mask', ceMask, `/${hex8(ceMask)} `);
  say(TCA_FQ_CODEL.interval, 'interval', timeText);
  say(TCA_FQ_CODEL.memoryLimit, 'memory_limit', sizeText);
  const ecn = found.get(TCA_FQ_CODEL.ecn);
  if (ecn !== undefined && ecn !== 0) out.put('ecn', true, 'ecn ');
  const dropBatch = found.get(TCA_FQ_CODEL.dropBatch);
  if (dropBatch !== undefined && dropBatch !== 0) out.put('drop_batch', dropBatch, `drop_batch ${dropBatch} `);
}

function hex8(value: number): string {
  return value === 0 ? '0' : `0x${value.toString(16)}`;
}

/** net/sched/sch_fq_codel.c, iproute2 tc/q_fq_codel.c: flows in buckets, each with controlled delay. */
export const FQ_CODEL: QdiscKind<FqCodel> = {
  ...FLOWS,
  kind: 'fq_codel',
  codec: CODEC,
  speak,
  settle,
  place: ({ flows }, at) => byBucket(at, flows ?? 0),
  unmatched: 'drop',
  buckets: ({ flows }) => flows ?? null,
  targets: buckets('fq_codel', DEFAULT_FLOWS, (divisor) => `flows ${divisor}`),
  bypassed: true,
  dump: (settings, w) => putOptions(w, CODEC, settings),
  print,
};

import { getTime, type Printer, timeText, type Words } from '../../lang/index.ts';
import { type AttrWriter, table, u32 } from '../../netlink/index.ts';
import type { QdiscKind } from './kind.ts';
import { Found, fix, numberTo, type Option, options, putOptions, QUEUE, readNest, speakAll } from './options.ts';

/** A kernel's codel_time_t, 1024 ns each, of so many microseconds, in microseconds again: 5000 becomes 4999. */
export function codelTime(usec: number): number {
  const units = BigInt.asUintN(32, (BigInt(usec) * 1000n) >> 10n);
  return Number(BigInt.asUintN(32, (units << 10n) / 1000n));
}

/** Times in microseconds. */
const TCA_CODEL = {
  target: [1, u32],
  limit: [2, u32],
  interval: [3, u32],
  ecn: [4, u32],
  ceThreshold: [5, u32],
} as const;
/** The order of the rows is the kernel's in a dump. */
const CODEC = table(TCA_CODEL);
type Codel = Pick<ReturnType<typeof CODEC.read>, keyof typeof TCA_CODEL>;
type Spoken = { -readonly [K in keyof Codel]?: number };

const WORDS: readonly Option<Spoken>[] = [
  numberTo('limit', 'PACKETS', 'limit'),
  numberTo('target', 'TIME', 'target', getTime),
  numberTo('ce_threshold', 'TIME', 'ceThreshold', getTime),
  numberTo('interval', 'TIME', 'interval', getTime),
  fix('ecn', 'ecn', 1),
  fix('noecn', 'ecn', 0),
];

/** codel_parse_opt(): 0 is silence, but for ecn and ce_threshold. */
function speak(words: Words, w: AttrWriter): void {
  const spoken: Spoken = {};
  speakAll(words, WORDS, spoken, { kind: 'codel' });
  options(w, () => {
    for (const name of ['limit', 'interval', 'target'] as const) if (spoken[name]) w.put(TCA_CODEL[name], spoken[name]);
    if (spoken.ecn !== undefined) w.put(TCA_CODEL.ecn, spoken.ecn);
    const { ceThreshold = 0xffffffff } = spoken;
    if (ceThreshold !== 0xffffffff) w.put(TCA_CODEL.ceThreshold, ceThreshold);
  });
}

const FRESH: Codel = { limit: 1000, target: codelTime(5000), interval: codelTime(100_000), ecn: 0 };

/** codel_change() */
function settle(old: Codel | null, payload: Uint8Array | null): Codel {
  const base = old ?? FRESH;
  if (payload === null) return base;
  const { limit, target, interval, ecn, ceThreshold } = readNest(CODEC, payload);
  return {
    ...base,
    ...(limit === undefined ? {} : { limit }),
    ...(target === undefined ? {} : { target: codelTime(target) }),
    ...(interval === undefined ? {} : { interval: codelTime(interval) }),
    ...(ecn === undefined ? {} : { ecn: Number(ecn !== 0) }),
    ...(ceThreshold === undefined ? {} : { ceThreshold: codelTime(ceThreshold) }),
  };
}

/** codel_print_opt() */
function print(payload: Uint8Array | null, out: Printer): void {
  if (payload === null) return;
  const found = new Found(payload);
  const limit = found.get(TCA_CODEL.limit);
  if (limit !== undefined) out.put('limit', limit, `limit ${limit}p `);
  for (const [name, word] of [
    ['target', 'target'],
    ['ceThreshold', 'ce_threshold'],
    ['interval', 'interval'],
  ] as const) {
    const time = found.get(TCA_CODEL[name]);
    if (time !== undefined) out.put(word, time, `${word} ${timeText(time)} `);
  }
  if (found.get(TCA_CODEL.ecn)) out.put('ecn', true, 'ecn ');
}

/** net/sched/sch_codel.c, iproute2 tc/q_codel.c: one queue with controlled delay. */
export const CODEL: QdiscKind<Codel> = {
  ...QUEUE,
  kind: 'codel',
  codec: CODEC,
  speak,
  settle,
  bypassed: true,
  dump: (settings, w) => putOptions(w, CODEC, settings),
  print,
};

import { getS32, getU32, type Printer, type Words } from '../../lang/index.ts';
import { type AttrWriter, decode, type Fixed, flag as flagCodec, s32, struct, TCA, u8 } from '../../netlink/index.ts';
import type { BandKind, QdiscKind } from './kind.ts';
import { einval, Found, flag, type Option, options, putOptions, QUEUE, readStruct, speakAll } from './options.ts';
import { byPriomap } from './place.ts';

/** Bands by priority & 15. */
const PRIOMAP = [1, 2, 2, 2, 1, 2, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1];

const bytes16: Fixed<number[]> = {
  size: 16,
  fits: (length) => length >= 16,
  read: (data, at) => Array.from(data.subarray(at, at + 16)),
  write: (map, w) => w.bytes(Uint8Array.from({ length: 16 }, (_, i) => map[i] ?? 0)),
  show: (map) => map,
  sample: (draw) => Array.from({ length: 16 }, () => u8.sample(draw)),
};

/** struct tc_prio_qopt */
export const PRIO_QOPT = struct({ bands: s32, priomap: bytes16 });
export type Prio = ReturnType<typeof PRIO_QOPT.read>;

/** What pfifo_fast shows of itself, and tc's words begin with. */
export const DEFAULT_PRIO: Prio = { bands: 3, priomap: PRIOMAP };

const TCA_PRIO_MQ = [1, flagCodec] as const;
const MAX_BANDS = 16;
const MIN_BANDS = 2;

interface Spoken {
  bands: number;
  readonly priomap: number[];
  /** Number of priomap elements so far; -1: the word `priomap` has not come. */
  index: number;
  multiqueue: boolean;
}

const WORDS: readonly Option<Spoken>[] = [
  {
    word: 'bands',
    argument: 'NUMBER',
    speak(words, spoken) {
      const bands = getS32(words.next(), 10);
      if (bands === undefined) throw words.error('Illegal "bands"');
      spoken.bands = bands;
    },
  },
  {
    word: 'priomap',
    argument: 'P1 P2...',
    speak(words, spoken) {
      if (spoken.index >= 0) throw words.error('Error: duplicate priomap');
      spoken.index = 0;
    },
  },
  flag('multiqueue', (spoken) => {
    spoken.multiqueue = true;
  }),
];

/** One element of the priomap. */
function element(words: Words, spoken: Spoken, word: string): boolean {
  if (spoken.index < 0) return false;
  const band = getU32(word, 10);
  if (band === undefined) throw words.error('Illegal "priomap" element');
  if (band >= spoken.bands >>> 0) throw words.error('"priomap" element is out of bands');
  if (spoken.index > 15) throw words.error('"priomap" index > TC_PRIO_MAX=15');
  spoken.priomap[spoken.index++] = band & 0xff;
  return true;
}

/** addattr_nest_compat(): the struct, and behind it a nest that has the number of the attribute around it. */
function speak(words: Words, w: AttrWriter): void {
  const spoken: Spoken = { bands: 3, priomap: [...PRIOMAP], index: -1, multiqueue: false };
  speakAll(words, WORDS, spoken, { kind: 'prio' }, (word) => element(words, spoken, word));
  options(w, () => {
    PRIO_QOPT.write(spoken, w);
    w.nest(TCA.options[0], () => {
      if (spoken.multiqueue) w.put(TCA_PRIO_MQ, true);
    });
  });
}

/** prio_tune() */
function settle(payload: Uint8Array | null): Prio {
  const prio = readStruct(PRIO_QOPT, payload);
  if (prio.bands > MAX_BANDS || prio.bands < MIN_BANDS) throw einval('', 'bands-range', 'bands');
  if (prio.priomap.some((band) => band >= prio.bands)) throw einval('', 'priomap-range', 'bands');
  return prio;
}

/** prio_print_opt(): pfifo_fast's too. */
export function printPrio(payload: Uint8Array | null, out: Printer): void {
  if (payload === null || !PRIO_QOPT.fits(payload.length)) return;
  const { bands, priomap } = decode(PRIO_QOPT, payload);
  out.put('bands', bands >>> 0, `bands ${bands >>> 0} `);
  out.put('priomap', priomap, `priomap${priomap.map((band) => ` ${band}`).join('')}`);
  const multiqueue = new Found(payload.subarray(PRIO_QOPT.size)).payload(TCA_PRIO_MQ);
  const on = multiqueue?.[0] !== undefined && multiqueue[0] !== 0;
  out.put('multiqueue', on, multiqueue === undefined ? '' : ` multiqueue: ${on ? 'on' : 'off'} `);
}

const BANDS: BandKind<Prio> = {
  count: (prio) => prio.bands,
  root: false,
  listed: true,
  child: 'fifo',
  anyClass: null,
  leavesNoop: false,
  perQueue: false,
  ofQueues: null,
  change: null,
};

/** net/sched/sch_prio.c, iproute2 tc/q_prio.c: bands served strictly in their order. */
export const PRIO: QdiscKind<Prio> = {
  ...QUEUE,
  kind: 'prio',
  codec: PRIO_QOPT,
  speak,
  settle: (_, payload) => settle(payload),
  place: ({ bands, priomap }, at) => byPriomap(at, bands, priomap),
  classful: true,
  bands: BANDS,
  unmatched: 'band',
  usedBands: ({ priomap }) => new Set(priomap),
  filters: 'qdisc',
  dump: (prio, w) => putOptions(w, PRIO_QOPT, prio),
  print: printPrio,
};

import { Errno, KernelError } from '../../errors.ts';
import { getU32, type Printer, type Words } from '../../lang/index.ts';
import {
  AttrReader,
  type AttrWriter,
  FAILED_POLICY,
  NLA_F_NESTED,
  nest,
  TCA,
  table,
  u8,
  u32,
} from '../../netlink/index.ts';
import type { BandChange, BandKind, QdiscKind, QdiscPlace } from './kind.ts';
import { einval, Found, type Option, options, pschedMtu, QUEUE, readNest, speakAll, usageOf } from './options.ts';
import { byPriomap } from './place.ts';

const TCA_ETS = { nbands: [1, u8], nstrict: [2, u8], quanta: [3, nest], priomap: [5, nest] } as const;
/** Members of the nests `quanta` and `priomap`, each as often as there are. */
const QUANTA_BAND = [4, u32] as const;
const PRIOMAP_BAND = [6, u8] as const;
const CODEC = table(TCA_ETS);
const CLASS_CODEC = table({ quantum: QUANTA_BAND });

const MAX_BANDS = 16;
const PRIO_MAX = 15;

interface Spoken {
  nbands: number;
  nstrict: number;
  readonly quanta: number[];
  readonly priomap: number[];
  /** Where a bare number goes. */
  list: 'quanta' | 'priomap' | null;
}

function bandCount(word: 'bands' | 'strict', to: 'nbands' | 'nstrict'): Option<Spoken> {
  return {
    word,
    argument: 'NUMBER',
    speak(words, spoken) {
      if (spoken[to] !== 0) throw words.error(`Duplicate "${word}"`);
      const count = getU32(words.next(), 10);
      if (count === undefined) throw words.error(`Illegal "${word}"`);
      if (count > MAX_BANDS) throw words.error(`The number of "${word}" must be <= ${MAX_BANDS}`);
      spoken[to] = count;
      spoken.list = null;
    },
  };
}

function listed(word: 'quanta' | 'priomap', argument: string): Option<Spoken> {
  return {
    word,
    argument,
    speak(words, spoken) {
      if (spoken[word].length > 0) throw words.error(`Duplicate "${word}"`);
      spoken.list = word;
      element(words, spoken, words.next());
    },
  };
}

function element(words: Words, spoken: Spoken, word: string): boolean {
  if (spoken.list === null) return false;
  if (spoken.list === 'quanta') {
    // tc writes past its array here.
    if (spoken.quanta.length === MAX_BANDS) throw words.error(`The number of "quanta" must be <= ${MAX_BANDS}`);
    spoken.quanta.push(takeQuantum(words, word));
    return true;
  }
  const band = getU32(word, 10);
  if (band === undefined) throw words.error('Illegal "priomap" element');
  if (spoken.priomap.length > PRIO_MAX) throw words.error(`"priomap" index cannot be higher than ${PRIO_MAX}`);
  spoken.priomap.push(band & 0xff);
  return true;
}

function takeQuantum(words: Words, word: string): number {
  const quantum = getU32(word, 10);
  if (quantum === undefined) throw words.error('Illegal "quanta" element');
  if (quantum === 0) throw words.error('"quanta" must be > 0');
  return quantum;
}

const WORDS: readonly Option<Spoken>[] = [
  bandCount('bands', 'nbands'),
  bandCount('strict', 'nstrict'),
  listed('quanta', 'Q1 Q2...'),
  listed('priomap', 'P1 P2...'),
];

/** ets_parse_opt() */
function speak(words: Words, w: AttrWriter): void {
  const spoken: Spoken = { nbands: 0, nstrict: 0, quanta: [], priomap: [], list: null };
  speakAll(words, WORDS, spoken, { kind: 'ets' }, (word) => element(words, spoken, word));
  const { nstrict, quanta, priomap } = spoken;
  const nbands = spoken.nbands || (quanta.length + nstrict) & 0xff;
  const usage = usageOf('ets', WORDS);
  if (nbands === 0) throw words.error('One of "bands", "quanta" or "strict" needs to be specified', usage);
  if (nstrict + quanta.length > nbands) {
    throw words.error('Not enough total bands to cover all the strict bands and quanta', usage);
  }
  if (priomap.some((band) => band >= nbands)) throw words.error('"priomap" element is out of bounds');
  w.nest(TCA.options[0] | NLA_F_NESTED, () => {
    w.put(TCA_ETS.nbands, nbands);
    if (nstrict !== 0) w.put(TCA_ETS.nstrict, nstrict);
    if (quanta.length > 0) putQuanta(quanta, w);
    if (priomap.length > 0) putPriomap(priomap, w);
  });
}

function putQuanta(quanta: readonly number[], w: AttrWriter): void {
  w.nest(TCA_ETS.quanta[0] | NLA_F_NESTED, () => {
    for (const quantum of quanta) w.put(QUANTA_BAND, quantum);
  });
}

function putPriomap(priomap: readonly number[], w: AttrWriter): void {
  w.nest(TCA_ETS.priomap[0] | NLA_F_NESTED, () => {
    for (const band of priomap) w.put(PRIOMAP_BAND, band);
  });
}

/** struct ets_sched; `quanta` of all bands, 0 for strict ones. */
type Ets = {
  readonly nbands: number;
  readonly nstrict: number;
  readonly quanta: readonly number[];
  readonly priomap: readonly number[];
};

/** The members of a nest, which must all be of one number and as long as it is (NL_VALIDATE_STRICT). */
function members(payload: Uint8Array, [number, codec]: typeof QUANTA_BAND | typeof PRIOMAP_BAND): number[] {
  const values: number[] = [];
  const r = new AttrReader(payload);
  while (r.next()) {
    if (r.type !== number) throw einval('Unknown attribute type');
    if (r.end - r.at !== codec.size) throw einval(FAILED_POLICY);
    values.push(codec.read(r.data, r.at, r.end));
  }
  if (r.rest > 0) throw einval();
  return values;
}

/** ets_qdisc_change() */
function settle(payload: Uint8Array | null, place: QdiscPlace): Ets {
  const asked = readNest(CODEC, payload);
  const { nbands, nstrict = 0 } = asked;
  if (nbands === undefined) throw einval('sch_ets: Number of bands is a required argument');
  if (nbands < 1 || nbands > MAX_BANDS) throw einval('sch_ets: Invalid number of bands');
  if (nstrict > nbands) throw einval('sch_ets: Invalid number of strict bands');
  const map = asked.priomap === undefined ? [] : members(asked.priomap, PRIOMAP_BAND);
  for (const [i, band] of map.entries()) {
    if (i > PRIO_MAX) throw einval('sch_ets: Too many priorities in ETS priomap');
    if (band >= nbands) throw einval('sch_ets: Invalid band number in ETS priomap');
  }
  const given = asked.quanta === undefined ? [] : members(asked.quanta, QUANTA_BAND);
  for (const [i, quantum] of given.entries()) {
    if (nstrict + i >= nbands) throw einval('sch_ets: ETS quanta has more values than bands');
    if (quantum === 0) throw einval('ETS quantum cannot be zero');
  }
  return {
    nbands,
    nstrict,
    quanta: Array.from({ length: nbands }, (_, i) => (i < nstrict ? 0 : (given[i - nstrict] ?? pschedMtu(place)))),
    priomap: Array.from({ length: PRIO_MAX + 1 }, (_, i) => map[i] ?? nbands - 1),
  };
}

/** ets_qdisc_dump() */
function dump({ nbands, nstrict, quanta, priomap }: Ets, w: AttrWriter): void {
  options(w, () => {
    w.put(TCA_ETS.nbands, nbands);
    if (nstrict !== 0) w.put(TCA_ETS.nstrict, nstrict);
    if (nbands > nstrict) putQuanta(quanta.slice(nstrict), w);
    putPriomap(priomap, w);
  });
}

/** The numbers in a nest as tc lists them; null: it finds one that is none, and stops. */
function list(payload: Uint8Array, [number, codec]: typeof QUANTA_BAND | typeof PRIOMAP_BAND): number[] | null {
  const values: number[] = [];
  for (const r = new AttrReader(payload); r.next(); ) {
    if (r.type !== number || !codec.fits(r.end - r.at)) return null;
    values.push(codec.read(r.data, r.at, r.end));
  }
  return values;
}

/** ets_print_opt() */
function print(payload: Uint8Array | null, out: Printer): void {
  if (payload === null) return;
  const found = new Found(payload);
  const [nbands, priomap] = [found.get(TCA_ETS.nbands), found.payload(TCA_ETS.priomap)];
  if (nbands === undefined || priomap === undefined) return;
  out.put('bands', nbands, `bands ${nbands} `);
  const nstrict = found.get(TCA_ETS.nstrict);
  if (nstrict !== undefined) out.put('strict', nstrict, `strict ${nstrict} `);
  const quanta = found.payload(TCA_ETS.quanta);
  if (quanta !== undefined && !printList('quanta', list(quanta, QUANTA_BAND), out)) return;
  printList('priomap', list(priomap, PRIOMAP_BAND), out);
}

function printList(name: string, values: number[] | null, out: Printer): boolean {
  if (values !== null) out.put(name, values, `${name}${values.map((value) => ` ${value}`).join('')} `);
  return values !== null;
}

const CHANGE: BandChange<Ets> = {
  codec: CLASS_CODEC,
  /** ets_parse_copt() */
  speak(words, w) {
    const spoken = { quantum: 0 };
    const quantum: Option<null> = {
      word: 'quantum',
      argument: 'Q1',
      speak() {
        if (spoken.quantum !== 0) throw words.error('Duplicate "quantum"');
        spoken.quantum = takeQuantum(words, words.next());
      },
    };
    speakAll(words, [quantum], null, { kind: 'ets' });
    w.nest(TCA.options[0] | NLA_F_NESTED, () => {
      if (spoken.quantum !== 0) w.put(QUANTA_BAND, spoken.quantum);
    });
  },
  /** ets_class_change() */
  settle(ets, band, payload) {
    if (band === 0) {
      throw new KernelError(Errno.EOPNOTSUPP, 'Fine-grained class addition and removal is not supported');
    }
    if (payload === null) throw einval('ETS options are required for this operation');
    const { quantum } = readNest(CLASS_CODEC, payload);
    if (quantum === undefined) return ets;
    if (band <= ets.nstrict) throw einval('Strict bands do not have a configurable quantum');
    if (quantum === 0) throw einval('ETS quantum cannot be zero');
    return { ...ets, quanta: ets.quanta.map((old, i) => (i === band - 1 ? quantum : old)) };
  },
  dump(ets, band, w) {
    options(w, () => {
      if (band > ets.nstrict) w.put(QUANTA_BAND, ets.quanta[band - 1] ?? 0);
    });
  },
  print(payload, out) {
    const quantum = payload === null ? undefined : new Found(payload).get(QUANTA_BAND);
    if (quantum !== undefined) out.put('quantum', quantum, `quantum ${quantum} `);
  },
};

const BANDS: BandKind<Ets> = {
  count: ({ nbands }) => nbands,
  root: true,
  listed: true,
  child: 'fifo',
  anyClass: null,
  leavesNoop: false,
  perQueue: false,
  ofQueues: null,
  change: CHANGE,
};

/** net/sched/sch_ets.c, iproute2 tc/q_ets.c: some bands strictly in order, the others sharing by quantum. */
export const ETS: QdiscKind<Ets> = {
  ...QUEUE,
  kind: 'ets',
  codec: CODEC,
  speak,
  settle: (_, payload, place) => settle(payload, place),
  place: ({ nbands, priomap }, at) => byPriomap(at, nbands, priomap),
  classful: true,
  bands: BANDS,
  unmatched: 'band',
  usedBands: ({ priomap }) => new Set(priomap),
  filters: 'qdisc',
  filterError: 'ETS classid must be zero',
  dump,
  print,
};

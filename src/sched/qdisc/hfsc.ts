import { Errno, KernelError } from '../../errors.ts';
import { getRate, getSize, getTime, getU16, type Printer, rateText, timeText, type Words } from '../../lang/index.ts';
import { type AttrWriter, struct, TC_H, table, u16, u32 } from '../../netlink/index.ts';
import { tcH, tcMajor } from '../../u32.ts';
import type { Show } from '../notation.ts';
import {
  By,
  type ClassKind,
  type ClassNode,
  type ClassPlace,
  type Placed,
  type Placing,
  type QdiscKind,
} from './kind.ts';
import { einval, Found, type Option, putOptions, QUEUE, readNest, readStruct, speakAll, usageOf } from './options.ts';
import { prioritised } from './place.ts';
import { bitRate, classes, withDefault } from './targets.ts';

/** struct tc_hfsc_qopt */
const QOPT = struct({ defcls: u16 });
type Hfsc = ReturnType<typeof QOPT.read>;

/** struct tc_service_curve: bytes a second, microseconds, bytes a second. */
const CURVE = struct({ m1: u32, d: u32, m2: u32 });
type Curve = ReturnType<typeof CURVE.read>;

const TCA_HFSC = { rsc: [1, CURVE], fsc: [2, CURVE], usc: [3, CURVE] } as const;
const CODEC = table(TCA_HFSC);

const MANNER = { kind: 'hfsc', helpPrefix: true, unknown: (word: string) => `HFSC: What is "${word}" ?` };

const QDISC_WORDS: readonly Option<{ defcls: number }>[] = [
  {
    word: 'default',
    prefix: true,
    argument: 'CLASSID',
    speak(words, spoken) {
      const value = getU16(words.next(), 16);
      if (spoken.defcls !== 0) throw words.error('HFSC: Double "default"');
      if (value === undefined) throw words.error('HFSC: Illegal "default"');
      spoken.defcls = value;
    },
  },
];

/** `curve` says which attributes the word fills. */
interface SpokenClass {
  rsc?: Curve;
  fsc?: Curve;
  usc?: Curve;
}

function curve(word: string, ...names: readonly (keyof SpokenClass)[]): Option<SpokenClass> {
  return {
    word,
    prefix: true,
    argument: 'CURVE',
    speak(words, spoken) {
      const value = takeCurve(words, word);
      for (const name of names) spoken[name] = value;
    },
  };
}

const CLASS_WORDS: readonly Option<SpokenClass>[] = [
  curve('rt', 'rsc'),
  curve('ls', 'fsc'),
  curve('sc', 'rsc', 'fsc'),
  curve('ul', 'usc'),
];

/** A parser of tc's that gave up: `line` is what it said before. */
class NoCurve {
  readonly line: string;
  constructor(line = '') {
    this.line = line;
  }
}

/** hfsc_get_sc(): `[ m1 BPS ] [ d SEC ] m2 BPS`, or else `[ umax BYTE ] [ dmax SEC ] rate BPS`. */
function takeCurve(words: Words, name: string): Curve {
  words.need();
  const start = words.at;
  const first = slopes(words);
  if (!(first instanceof NoCurve)) return checked(words, first, name);
  words.at = start;
  const second = delays(words);
  if (!(second instanceof NoCurve)) return checked(words, second, name);
  const lines = [first.line, second.line, `HFSC: Illegal "${name}"`];
  throw words.error(lines.filter((line) => line !== '').join('\n'));
}

function checked(words: Words, sc: Curve, name: string): Curve {
  if (sc.m1 !== 0 || sc.m2 !== 0) return sc;
  throw words.error(`HFSC: Service Curve has two zero slopes\nHFSC: Illegal "${name}"`);
}

/** A keyword with its number, if the keyword is next; undefined: it is not. */
function part(words: Words, word: string, get: (text: string) => number | undefined): number | NoCurve | undefined {
  if (!words.take(word)) return undefined;
  const value = get(words.next());
  return value ?? new NoCurve(`HFSC: Illegal "${word}"`);
}

/** A part that something must follow. */
function lead(words: Words, word: string, get: (text: string) => number | undefined): number | NoCurve {
  const value = part(words, word, get);
  if (value === undefined || value instanceof NoCurve) return value ?? 0;
  words.need();
  return value;
}

/** hfsc_get_sc1() */
function slopes(words: Words): Curve | NoCurve {
  const m1 = lead(words, 'm1', getRate);
  if (m1 instanceof NoCurve) return m1;
  const d = lead(words, 'd', getTime);
  if (d instanceof NoCurve) return d;
  const m2 = part(words, 'm2', getRate) ?? new NoCurve();
  return m2 instanceof NoCurve ? m2 : { m1, d, m2 };
}

/** hfsc_get_sc2() */
function delays(words: Words): Curve | NoCurve {
  const umax = lead(words, 'umax', getSize);
  if (umax instanceof NoCurve) return umax;
  const dmax = lead(words, 'dmax', getTime);
  if (dmax instanceof NoCurve) return dmax;
  const rate = part(words, 'rate', getRate) ?? new NoCurve();
  if (rate instanceof NoCurve) return rate;
  if (umax !== 0 && dmax === 0) return new NoCurve('HFSC: umax given but dmax is zero.');
  const m1 = dmax === 0 ? 0 : Math.ceil((umax * 1e6) / dmax);
  if (m1 > rate) return { m1: m1 >>> 0, d: dmax, m2: rate };
  // tc reckons in 32 bits, and divides by a rate of zero: here that is a curve without slopes.
  const lag = rate === 0 ? 0 : Math.floor((Math.imul(umax, 1_000_000) >>> 0) / rate);
  return { m1: 0, d: (dmax - lag) >>> 0, m2: rate };
}

/** hfsc_parse_class_opt() */
function speakClass(words: Words, w: AttrWriter): void {
  const spoken: SpokenClass = {};
  speakAll(words, CLASS_WORDS, spoken, MANNER);
  const usage = usageOf('hfsc', CLASS_WORDS);
  const { rsc, fsc, usc } = spoken;
  if (rsc === undefined && fsc === undefined && usc === undefined) {
    throw words.error('HFSC: no parameters given', usage);
  }
  if (usc !== undefined && fsc === undefined) {
    throw words.error('HFSC: Upper-limit Service Curve without Link-Share Service Curve', usage);
  }
  putOptions(w, CODEC, spoken);
}

/** Curves of a class, absent where it has none. */
type HfscClass = Pick<ReturnType<typeof CODEC.read>, 'rsc' | 'fsc' | 'usc'>;

/** A curve without slopes is none. */
function sloped(name: keyof HfscClass, sc: Curve | undefined): HfscClass {
  return sc === undefined || (sc.m1 === 0 && sc.m2 === 0) ? {} : { [name]: sc };
}

/** hfsc_change_class(): a change keeps the curves it does not name. */
function settleClass(old: HfscClass | null, payload: Uint8Array | null, place: ClassPlace<Hfsc, HfscClass>): HfscClass {
  const asked = readNest(CODEC, payload);
  const curves = { ...sloped('rsc', asked.rsc), ...sloped('fsc', asked.fsc), ...sloped('usc', asked.usc) };
  if (old !== null) return { ...old, ...curves };
  if (place.parent === TC_H.ROOT) throw new KernelError(Errno.EEXIST, '', 'class-exists', 'parent');
  if (place.parent !== 0 && place.above === null) throw new KernelError(Errno.ENOENT, '', 'class-not-found', 'parent');
  if (place.classid === 0 || tcMajor(place.classid) !== tcMajor(place.handle)) {
    throw einval('', 'other-major', 'classid');
  }
  if (curves.rsc === undefined && curves.fsc === undefined) throw einval('', 'needs-curve');
  return curves;
}

/** hfsc_dump_class(): an inner class shares links, so its real-time curve stands for that too (hfsc_upgrade_rt()). */
function dumpClass(c: HfscClass, w: AttrWriter, node: ClassNode): void {
  const inner = !node.leaf && c.fsc === undefined && c.rsc !== undefined;
  putOptions(w, CODEC, inner ? { ...c, fsc: c.rsc } : c);
}

function printCurve(name: string, sc: Curve, out: Printer, show: Show): void {
  out.open('{', name);
  out.text(`${name} `);
  out.put('m1', sc.m1, `m1 ${rateText(sc.m1, show.iec)} `);
  out.put('d', sc.d, `d ${timeText(sc.d)} `);
  out.put('m2', sc.m2, `m2 ${rateText(sc.m2, show.iec)} `);
  out.close();
}

function sameCurve(a: Curve, b: Curve): boolean {
  return a.m1 === b.m1 && a.d === b.d && a.m2 === b.m2;
}

/** hfsc_print_class_opt() */
function printClass(payload: Uint8Array | null, out: Printer, show: Show): void {
  if (payload === null) return;
  const found = new Found(payload);
  const [rsc, fsc, usc] = [found.get(TCA_HFSC.rsc), found.get(TCA_HFSC.fsc), found.get(TCA_HFSC.usc)];
  out.unconverted((plain) => {
    if (rsc !== undefined && fsc !== undefined && sameCurve(rsc, fsc)) printCurve('sc', rsc, plain, show);
    else {
      if (rsc !== undefined) printCurve('rt', rsc, plain, show);
      if (fsc !== undefined) printCurve('ls', fsc, plain, show);
    }
    if (usc !== undefined) printCurve('ul', usc, plain, show);
  });
}

const CLASSES: ClassKind<Hfsc, HfscClass> = {
  codec: CODEC,
  tree: true,
  borrows: () => false,
  changesWhole: false,
  asksAgain: false,
  weight: () => 0,
  fewest: 'hfsc ls rate 1gbit',
  root: {},
  speak: speakClass,
  settle: settleClass,
  dump: dumpClass,
  /** struct tc_hfsc_stats: bytes, those of the real-time curve, periods, and how far above its leaves it stands. */
  writeStats(_, w, { height }) {
    w.u64(0n);
    w.u64(0n);
    w.u32(0);
    w.u32(height);
  },
  print: printClass,
};

/** hfsc_classify(): a filter may only point downwards, so there is no loop; filters on a leaf are never asked. */
function place({ defcls }: Hfsc, at: Placing): Placed {
  const { priority, handle } = at;
  if (prioritised(at) && at.level(priority) === 0) return at.inClass(priority, By.PRIORITY);
  let list = handle;
  while (at.filtered(list)) {
    const { matched, taken, classid } = at.ask(list);
    if (taken) return at.taken();
    const level = matched ? at.level(classid) : -1;
    if (level === 0) return at.inClass(classid, By.FILTER);
    if (level < 0 || classid === handle || (list !== handle && level >= at.level(list))) break;
    list = classid;
  }
  const fallback = tcH(tcMajor(handle), defcls);
  return at.level(fallback) === 0 ? at.inClass(fallback, By.DEFAULT) : at.nowhere(By.NO_DEFAULT_CLASS);
}

/** net/sched/sch_hfsc.c, iproute2 tc/q_hfsc.c: hierarchical fair service curves. */
export const HFSC: QdiscKind<Hfsc, HfscClass> = {
  ...QUEUE,
  kind: 'hfsc',
  codec: QOPT,
  speak(words, w) {
    const spoken = { defcls: 0 };
    speakAll(words, QDISC_WORDS, spoken, MANNER);
    putOptions(w, QOPT, spoken);
  },
  settle: (_, payload) => readStruct(QOPT, payload),
  place,
  classful: true,
  classes: CLASSES,
  unmatched: 'default',
  defaultMinor: ({ defcls }) => defcls,
  targets: withDefault(
    classes(
      'hfsc',
      ({ each }) => `hfsc ls m2 ${bitRate(each)}`,
      ({ link }) => `hfsc ls m2 ${bitRate(link)} ul m2 ${bitRate(link)}`,
    ),
  ),
  filters: 'classes',
  dump: (hfsc, w) => putOptions(w, QOPT, hfsc),
  print(payload, out) {
    if (payload === null || !QOPT.fits(payload.length)) return;
    const { defcls } = QOPT.read(payload, 0, payload.length);
    const text = defcls.toString(16);
    if (defcls !== 0) out.unconverted((plain) => plain.put('default', `0x${text}`, `default ${text} `));
  },
};

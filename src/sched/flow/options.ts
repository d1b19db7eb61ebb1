import { Errno, KernelError, UsageError } from '../../errors.ts';
import {
  getClassid,
  getU32,
  hex8,
  hexText,
  ipv6LastWord,
  type Printer,
  shellWords,
  tcIpv4,
  Words,
} from '../../lang/index.ts';
import { AttrReader, AttrWriter, classid, type Decoded, decode, nest, table, u32 } from '../../netlink/index.ts';
import { classidText, tcMinor } from '../../u32.ts';
import { Mode } from './classid.ts';
import { ALL_KEYS, KEYS, Key, keysOf } from './key.ts';

/**
 * include/uapi/linux/pkt_cls.h: TCA_FLOW_*. The three nests stay bytes here, as in the kernel's flow_policy: they are
 * judged only after the flow's own options, so an error of theirs comes later (flow_change()).
 */
export const TCA_FLOW = {
  keys: [1, u32],
  mode: [2, u32],
  baseclass: [3, classid],
  rshift: [4, u32],
  addend: [5, u32],
  mask: [6, u32],
  xor: [7, u32],
  divisor: [8, u32],
  act: [9, nest],
  police: [10, nest],
  ematches: [11, nest],
  perturb: [12, u32],
} as const;

/** A request's or a dump's options: absent = absent, numbers unsigned, `perturb` in seconds. */
export type FlowOptions = Decoded<typeof TCA_FLOW>;

/** The payload of a flow filter's TCA_OPTIONS. */
export const FLOW = table(TCA_FLOW);

/**
 * net/sched/cls_flow.c: flow_change(), its nla_parse() with flow_policy — of repeated attributes the last wins, but each
 * must be allowed: `checkShift` refuses any rshift above 31 (ERANGE), also one that is overruled (quirk 53).
 */
export function readFlowOptions(payload: Uint8Array, checkShift: boolean): FlowOptions {
  for (const r = new AttrReader(payload); checkShift && r.next(); ) {
    if (r.type === TCA_FLOW.rshift[0] && decode(u32, payload, r.at, r.end) > RSHIFT_MAX) {
      throw new KernelError(Errno.ERANGE, '', 'rshift-range', 'rshift');
    }
  }
  return decode(FLOW, payload);
}

const RSHIFT_MAX = 31;

/** One of the three nests: how its words become its attribute's payload, and how the payload is printed. */
export interface FlowPart {
  /** Takes the words it knows from the cursor (at least one is there) and writes the payload. */
  speak(words: Words, w: AttrWriter): void;
  print(payload: Uint8Array, out: Printer): void;
}

/** Ematches, legacy police and actions: other rooms' nouns, plugged in by who has them. */
export interface FlowParts {
  readonly match: FlowPart;
  readonly police: FlowPart;
  readonly action: FlowPart;
}

function unsupported(word: string): FlowPart {
  return {
    speak(words) {
      throw new UsageError(`"${word}" is not supported yet`, words.at - 1);
    },
    print: () => {},
  };
}

/** For whoever has no such rooms: the words are refused by name. */
export const NO_PARTS: FlowParts = {
  match: unsupported('match'),
  police: unsupported('police'),
  action: unsupported('action'),
};

/** What the words said so far: everything but the attributes that were written on the way. */
interface Spoken {
  readonly w: AttrWriter;
  readonly parts: FlowParts;
  keys: number;
  keyCount: number;
  mode: number;
  mask: number;
  xor: number;
}

/** tc's words for a flow filter, in the order in which it tries them (a prefix takes the first that fits). */
const OPTIONS: readonly { readonly word: string; speak(words: Words, spoken: Spoken): void }[] = [
  { word: 'map', speak: (_, spoken) => setMode(spoken, Mode.MAP) },
  { word: 'hash', speak: (_, spoken) => setMode(spoken, Mode.HASH) },
  { word: 'keys', speak: speakKeys },
  { word: 'and', speak: (words, spoken) => bitop(spoken, number(words, 'mask'), 0) },
  { word: 'or', speak: speakOr },
  { word: 'xor', speak: (words, spoken) => bitop(spoken, -1, number(words, 'xor')) },
  { word: 'rshift', speak: (words, { w }) => w.put(TCA_FLOW.rshift, number(words, 'rshift')) },
  { word: 'addend', speak: speakAddend },
  { word: 'divisor', speak: (words, { w }) => w.put(TCA_FLOW.divisor, number(words, 'divisor')) },
  { word: 'baseclass', speak: speakBaseclass },
  { word: 'perturb', speak: (words, { w }) => w.put(TCA_FLOW.perturb, number(words, 'perturb')) },
  { word: 'police', speak: (words, spoken) => takePart(words, spoken.w, TCA_FLOW.police[0], spoken.parts.police) },
  { word: 'action', speak: (words, spoken) => takePart(words, spoken.w, TCA_FLOW.act[0], spoken.parts.action) },
  { word: 'match', speak: (words, spoken) => takePart(words, spoken.w, TCA_FLOW.ematches[0], spoken.parts.match) },
  {
    word: 'help',
    speak(words) {
      throw words.error('', flowUsage());
    },
  },
];

/**
 * iproute2 tc/f_flow.c: flow_parse_opt() — all words from the cursor on, as the payload of TCA_OPTIONS. Attributes
 * stand in the order of the words, repeated words repeat them; mode, then mask and xor, come last.
 * Throws UsageError in tc's words, with the index of the word it is about.
 */
export function speakFlow(words: Words, w: AttrWriter, parts: FlowParts = NO_PARTS): void {
  const spoken: Spoken = { w, parts, keys: 0, keyCount: 0, mode: Mode.MAP, mask: -1, xor: 0 };
  let modeWord = words.at;
  while (!words.done) {
    const word = words.next();
    const option = OPTIONS.find((row) => words.was(row.word));
    if (option === undefined) throw words.error(`What is "${word}"?`, flowUsage());
    if (option.word === 'keys') modeWord = words.at;
    option.speak(words, spoken);
  }
  if (spoken.keyCount > 1 && spoken.mode !== Mode.HASH) {
    throw new UsageError('Invalid mode "map" for multiple keys', modeWord);
  }
  w.put(TCA_FLOW.mode, spoken.mode);
  if (spoken.mask !== -1 || spoken.xor !== 0) {
    w.put(TCA_FLOW.mask, spoken.mask);
    w.put(TCA_FLOW.xor, spoken.xor);
  }
}

/**
 * What stands behind `flow` on tc's command line, or the same with the word `flow` before it, as the payload of
 * TCA_OPTIONS that tc sends, repeated attributes included.
 */
export function flowPayload(spec: string | readonly string[], parts: FlowParts = NO_PARTS): Uint8Array {
  const words = new Words(typeof spec === 'string' ? shellWords(spec) : spec);
  words.takeExact('flow');
  const w = new AttrWriter();
  speakFlow(words, w, parts);
  return w.done();
}

/** The same as options: of repeated attributes the last. */
export function parseFlowOptions(spec: string | readonly string[], parts: FlowParts = NO_PARTS): FlowOptions {
  return decode(FLOW, flowPayload(spec, parts));
}

/** The filter's handle, which flow_parse_opt() reads before its options. */
export function parseFlowHandle(text: string): number {
  const handle = getU32(text);
  if (handle === undefined) throw new UsageError('Illegal "handle"');
  return handle;
}

function setMode(spoken: Spoken, mode: number): void {
  spoken.mode = mode;
}

/** A number as the next word; `name` is what tc calls it when it is none. */
function number(words: Words, name: string): number {
  const value = getU32(words.next());
  if (value === undefined) throw words.error(`Illegal "${name}"`);
  return value;
}

/** flow_parse_keys(): names match by prefix (quirk 17); the count counts repeated keys too. */
function speakKeys(words: Words, spoken: Spoken): void {
  spoken.keys = 0;
  spoken.keyCount = 0;
  for (const item of words.next().split(',')) {
    const key = ALL_KEYS.find((candidate) => words.was(KEYS[candidate].name, item));
    if (key === undefined) throw words.error(`Unknown flow key "${item}"`);
    spoken.keys |= 1 << key;
    spoken.keyCount++;
  }
  spoken.w.put(TCA_FLOW.keys, spoken.keys);
}

/** transfer_bitop(): the words fold, in their order, into one (key & mask) ^ xor. */
function bitop(spoken: Spoken, mask: number, xor: number): void {
  spoken.xor = xor ^ (spoken.xor & mask);
  spoken.mask &= mask;
}

function speakOr(words: Words, spoken: Spoken): void {
  const bits = number(words, 'or');
  bitop(spoken, ~bits, bits);
}

/** Quirk 18: get_addend() tests key *numbers* where it means their bits: 0 | 1 | 9 | 10 are src, dst and proto-src. */
const ADDRESS_KEYS = Key.SRC | Key.DST | Key.NFCT_SRC | Key.NFCT_DST;

/** A number or, if keys named before allow it, an address; a minus sign before either negates it. */
function speakAddend(words: Words, spoken: Spoken): void {
  const word = words.next();
  const text = word.startsWith('-') ? word.slice(1) : word;
  const value = getU32(text) ?? addressAddend(words, text, spoken.keys);
  spoken.w.put(TCA_FLOW.addend, text === word ? value : -value);
}

/** iproute2 lib/utils.c: get_addr() — which refuses an address in words of its own. */
function addressAddend(words: Words, text: string, keys: number): number {
  const familyless = text === 'default' || text === 'all' || text === 'any';
  if ((keys & ADDRESS_KEYS) === 0 || familyless) {
    throw new UsageError('Illegal "addend"', words.at - 1, '', 1, 'illegal-addend');
  }
  const address = text.includes(':') ? ipv6LastWord(text) : tcIpv4(text);
  if (address === undefined) throw words.exits(`Error: any valid address is expected rather than "${text}".`);
  return address;
}

function speakBaseclass(words: Words, spoken: Spoken): void {
  const id = getClassid(words.next());
  if (id === undefined || tcMinor(id) === 0) throw words.error('Illegal "baseclass"');
  spoken.w.put(TCA_FLOW.baseclass, id);
}

/** A nest's words, of which there must be one. */
export function takePart(words: Words, w: AttrWriter, type: number, { speak }: FlowPart): void {
  words.need();
  w.nest(type, () => speak(words, w));
}

/** Shown after `What is "x"?` and for `help`. */
function flowUsage(): string {
  const names = ALL_KEYS.map((key) => KEYS[key].name);
  return [
    'Usage: ... flow map  key KEY   [ or NUM ] [ and NUM ] [ xor NUM ] [ rshift NUM ] [ addend [-]NUM|ADDRESS ]',
    '       ... flow hash keys KEY[,KEY...] [ perturb SECONDS ]',
    '           [ divisor NUM ] [ baseclass MAJOR:MINOR ] [ match EMATCHES ] [ police ... ] [ action ... ]',
    `KEY is one of ${names.join(' ')}`,
  ].join('\n');
}

/**
 * net/sched/cls_flow.c: flow_dump() — a settled filter's options as the payload of TCA_OPTIONS, in the kernel's
 * order and with its silence about what has no effect.
 */
export function dumpFlow(o: FlowOptions, w: AttrWriter): void {
  const { mask = 0xffffffff, xor = 0 } = o;
  w.put(TCA_FLOW.keys, o.keys ?? 0);
  w.put(TCA_FLOW.mode, o.mode ?? Mode.MAP);
  if (mask !== 0xffffffff || xor !== 0) {
    w.put(TCA_FLOW.mask, mask);
    w.put(TCA_FLOW.xor, xor);
  }
  for (const name of ['rshift', 'addend', 'divisor', 'baseclass', 'perturb'] as const) {
    if (o[name]) w.put(TCA_FLOW[name], o[name]);
  }
  for (const name of ['act', 'police', 'ematches'] as const) {
    if (o[name] !== undefined) w.put(TCA_FLOW[name], o[name]);
  }
}

/**
 * iproute2 tc/f_flow.c: flow_print_opt() — text as 6.1 prints it, JSON as versions since 2024 do (6.1.0 wrote the
 * text into its JSON, which the Printer's old form repeats). Prints what is there: a mask without xor, any mode.
 */
export function printFlow(handle: number, o: FlowOptions, out: Printer, parts: FlowParts = NO_PARTS): void {
  out.unconverted((plain) => printOptions(handle, o, plain));
  if (o.ematches !== undefined) parts.match.print(o.ematches, out);
  if (o.police !== undefined) parts.police.print(o.police, out);
  if (o.act === undefined) return;
  out.unconverted((plain) => plain.text('\n'));
  parts.action.print(o.act, out);
}

function printOptions(handle: number, o: FlowOptions, out: Printer): void {
  out.put('handle', hexText(handle), `handle 0x${handle.toString(16)} `);
  if (o.mode !== undefined) printMode(o.mode, out);
  if (o.keys !== undefined) {
    const names = keysOf(o.keys).map((key) => KEYS[key].name);
    out.put('keys', names, `keys ${names.join(',')} `);
  }
  printBitops(o.mask ?? 0xffffffff, o.xor ?? 0, out);
  if (o.rshift !== undefined) out.put('rshift', o.rshift, `rshift ${o.rshift} `);
  if (o.addend !== undefined) out.put('addend', hexText(o.addend), `addend 0x${o.addend.toString(16)} `);
  if (o.divisor !== undefined) out.put('divisor', o.divisor, `divisor ${o.divisor} `);
  if (o.baseclass !== undefined) {
    const id = classidText(o.baseclass);
    out.put('baseclass', id, `baseclass ${id} `);
  }
  if (o.perturb !== undefined) out.put('perturb', o.perturb, `perturb ${o.perturb}sec `);
}

/** An unknown mode has no name: nothing in text, its number in JSON. */
function printMode(mode: number, out: Printer): void {
  if (mode === Mode.MAP) out.put('mode', 'map', 'map ');
  else if (mode === Mode.HASH) out.put('mode', 'hash', 'hash ');
  else out.member('mode', hexText(mode));
}

/** (key & mask) ^ xor told as and, xor, or: bits outside the mask that are set came from an `or`. */
function printBitops(mask: number, xor: number, out: Printer): void {
  const words = { and: mask >>> 0, xor: (mask & xor) >>> 0, or: (~mask & xor) >>> 0 };
  for (const [word, bits] of Object.entries(words)) {
    const silent = word === 'and' ? bits === 0xffffffff : bits === 0;
    if (!silent) out.put(word, hexText(bits), `${word} 0x${hex8(bits)} `);
  }
}

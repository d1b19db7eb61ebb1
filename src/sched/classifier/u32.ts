import { Errno, KernelError } from '../../errors.ts';
import { getU32, hex8, type Printer, strtoul, type Words } from '../../lang/index.ts';
import {
  type AttrWriter,
  atMost,
  bytes,
  type Decoded,
  decode,
  FAILED_POLICY,
  nest,
  string,
  struct,
  table,
  u32 as u32Codec,
} from '../../netlink/index.ts';
import type { Packet } from '../../packet/index.ts';
import { classidText } from '../../u32.ts';
import type { Verdict } from '../../verdict.ts';
import { type FlowPart, takePart } from '../flow/index.ts';
import type { Result, Talk } from '../notation.ts';
import { flowParts } from './flow.ts';
import {
  ClsFlag,
  type FilterChange,
  type FilterFacts,
  type FilterTest,
  fieldTest,
  flagsValid,
  type Host,
  hexWord,
  indev,
  indevTests,
  type KernelClassifier,
  type Kind,
  letGo,
  NOTHING_BOUND,
  type Survey,
  surveyOf,
  TCA_OPTIONS,
  withActions,
} from './kind.ts';
import {
  promisedKeys,
  SELECTOR,
  SelectorWords,
  SelFlag,
  sampleBucket,
  selectorSize,
  type U32Key,
  type U32Selector,
} from './u32-selector.ts';
import { bucketOf, Common, Hnode, type Knode, keyOf, nodeOf, tableOf, Walk } from './u32-tables.ts';
import { checkSkips, printPlaces, takeClassid, takeIndev, unknownWord } from './words.ts';

const MARK = struct({ val: u32Codec, mask: u32Codec, success: u32Codec });

/** include/uapi/linux/pkt_cls.h: TCA_U32_* */
const TCA_U32 = {
  classid: [1, u32Codec],
  hash: [2, u32Codec],
  link: [3, u32Codec],
  divisor: [4, u32Codec],
  // Bytes: the kernel counts its keys only after it has given the filter a number.
  sel: [5, { ...bytes, fits: SELECTOR.fits }],
  police: [6, nest],
  act: [7, nest],
  indev: [8, string],
  pcnt: [9, atMost(0xffff)],
  mark: [10, MARK],
  flags: [11, u32Codec],
} as const;
const U32 = table(TCA_U32, FAILED_POLICY);
type U32Options = Decoded<typeof TCA_U32>;

/** `ht fff:` means the classifier's own root table. */
const ROOT = 0xfff00000;
const MAX_DIVISOR = 0x100;

/** tc/f_u32.c: u32_filter_util; net/sched/cls_u32.c: cls_u32_ops */
export const u32: Kind = {
  kind: 'u32',
  speak,
  print: (handle, options, out, talk) => print(handle, decode(U32, options), out, talk),
  create: (host) => new U32Filters(host),
};

/** tc/f_u32.c: get_u32_handle() — `H:[B]:[N]` in hex, or 0x and the whole number; undefined: neither. */
export function parseU32Handle(text: string): number | undefined {
  if (!text.includes(':')) return text.startsWith('0x') ? getU32(text, 16) : undefined;
  const numbers: number[] = [];
  for (let left = text; numbers.length < HANDLE_LIMITS.length; ) {
    const { value, rest } = strtoul(left, 16);
    if (rest === left ? !isMissing(left, numbers.length) : !fits(value, numbers.length)) return undefined;
    numbers.push(rest === left ? 0 : Number(value));
    if (rest === '') break;
    // Any character parts two numbers, and whatever stands behind the last one counts for nothing.
    left = rest.slice(1);
  }
  const [htid = 0, bucket = 0, node = 0] = numbers;
  return ((htid << 20) | (bucket << 12) | node) >>> 0;
}

const isMissing = (left: string, place: number): boolean => left === '' || (left.startsWith(':') && place < 2);

function fits(value: bigint | undefined, place: number): boolean {
  return value !== undefined && value <= BigInt(HANDLE_LIMITS[place] ?? 0);
}

const HANDLE_LIMITS = [0xfff, 0xff, 0xfff];

/** What the words said that is written only after the last of them. */
interface Spoken {
  readonly w: AttrWriter;
  readonly talk: Talk;
  readonly handle: string | null;
  readonly selector: SelectorWords;
  matched: boolean;
  sampled: boolean;
  /** Actions end the search as a class does. */
  acts: boolean;
  htid: number;
  order: number;
  flags: number;
}

interface Option {
  readonly word: string;
  /** Abbreviations are not taken. */
  readonly exact?: boolean;
  speak(words: Words, spoken: Spoken): void;
}

/** In the order in which tc tries them. */
const OPTIONS: readonly Option[] = [
  { word: 'match', speak: speakMatch },
  { word: 'offset', speak: (words, s) => part(words, 'offset', s.selector.takeOffset(words)) },
  { word: 'hashkey', speak: (words, s) => part(words, 'hashkey', s.selector.takeHashkey(words)) },
  { word: 'classid', speak: speakClassid },
  { word: 'flowid', exact: true, speak: speakClassid },
  { word: 'divisor', speak: (words, { w }) => w.put(TCA_U32.divisor, divisor(words, 'Illegal "divisor"')) },
  { word: 'order', speak: speakOrder },
  { word: 'link', exact: true, speak: (words, s) => s.w.put(TCA_U32.link, tableWord(words, 'link', true)) },
  { word: 'ht', exact: true, speak: speakTable },
  { word: 'sample', exact: true, speak: speakSample },
  { word: 'indev', exact: true, speak: (words, { w, talk }) => w.put(TCA_U32.indev, takeIndev(words, talk)) },
  { word: 'action', speak: (words, s) => speakActions(words, s, TCA_U32.act[0], flowParts(s.talk).action) },
  { word: 'police', speak: (words, s) => speakActions(words, s, TCA_U32.police[0], flowParts(s.talk).police) },
  { word: 'skip_hw', exact: true, speak: (_, s) => setFlag(s, ClsFlag.SKIP_HW) },
  { word: 'skip_sw', exact: true, speak: (_, s) => setFlag(s, ClsFlag.SKIP_SW) },
];

/** Words that tc does not let stand at the end of a line, whatever may follow them. */
const NEEDS_MORE: ReadonlySet<string> = new Set(['match', 'offset', 'hashkey', 'sample']);

/** tc/f_u32.c: u32_parse_opt() */
function speak(handle: string | null, words: Words, w: AttrWriter, talk: Talk): number {
  const number = handle === null ? 0 : parseU32Handle(handle);
  if (number === undefined) throw words.error('Illegal filter ID');
  if (words.done) return number;
  let order = 0;
  w.nest(TCA_OPTIONS, () => {
    order = speakOptions(handle, words, w, talk, nodeOf(number));
  });
  return (number | order) >>> 0;
}

function speakOptions(handle: string | null, words: Words, w: AttrWriter, talk: Talk, node: number): number {
  const s: Spoken = {
    w,
    talk,
    handle,
    selector: new SelectorWords('match', (mark) => w.put(TCA_U32.mark, { ...mark, success: 0 })),
    matched: false,
    sampled: false,
    acts: false,
    htid: 0,
    order: 0,
    flags: 0,
  };
  while (!words.done) {
    const word = words.next();
    const option = OPTIONS.find((row) => (row.exact ? words.wasExactly(row.word) : words.was(row.word)));
    if (option === undefined) throw unknownWord(words, word, USAGE);
    if (NEEDS_MORE.has(option.word)) words.need();
    option.speak(words, s);
  }
  if (s.acts) s.selector.flags |= SelFlag.TERMINAL;
  if (s.order !== 0 && node !== 0 && s.order !== node) throw words.error('"order" contradicts "handle"');
  if (s.htid !== 0) w.put(TCA_U32.hash, s.htid);
  if (s.matched) w.nest(TCA_U32.sel[0], () => SELECTOR.write(s.selector, w));
  checkSkips(words, s.flags);
  if (s.flags !== 0) w.put(TCA_U32.flags, s.flags);
  return s.order;
}

function part(words: Words, name: string, taken: boolean): void {
  if (!taken) throw words.error(`Illegal "${name}"`);
}

function speakMatch(words: Words, s: Spoken): void {
  part(words, 'match', s.selector.take(words));
  s.matched = true;
}

function speakClassid(words: Words, s: Spoken): void {
  s.w.put(TCA_U32.classid, takeClassid(words));
  s.selector.flags |= SelFlag.TERMINAL;
}

/** A power of two up to 256. */
function divisor(words: Words, illegal: string): number {
  const value = getU32(words.next());
  if (!value || value > MAX_DIVISOR || (value & (value - 1)) !== 0) throw words.error(illegal);
  return value;
}

function speakOrder(words: Words, s: Spoken): void {
  const order = getU32(words.next());
  if (order === undefined) throw words.error('Illegal "order"');
  s.order = order;
}

/** A handle that names a table and, maybe, a bucket. */
function tableWord(words: Words, name: string, strict: boolean): number {
  const handle = parseU32Handle(words.next());
  if (handle === undefined) throw words.error(`Illegal "${name}"`);
  if (strict && nodeOf(handle) !== 0) throw words.error(`"${name}" must be a hash table.`);
  return handle;
}

/** A node in `ht` is refused only where a handle was given too; otherwise it is dropped. */
function speakTable(words: Words, s: Spoken): void {
  const handle = tableWord(words, 'ht', s.handle !== null);
  const bucket = s.sampled ? s.htid & 0xff000 : handle & 0xff000;
  s.htid = ((handle & 0xfff00000) | bucket) >>> 0;
}

/** `sample SELECTOR [ divisor N ]`: the bucket that such packets fall into. */
function speakSample(words: Words, s: Spoken): void {
  const sample = new SelectorWords('sample', (mark) => s.w.put(TCA_U32.mark, { ...mark, success: 0 }));
  part(words, 'sample', sample.take(words));
  const [key, ...more] = sample.keys;
  if (key === undefined || more.length > 0) throw words.error('"sample" must contain exactly ONE key.');
  let size = MAX_DIVISOR;
  if (words.takeExact('divisor')) {
    size = divisor(words, 'Illegal sample "divisor"');
    words.need();
  }
  s.htid = ((sampleBucket(key, size) << 12) | tableOf(s.htid)) >>> 0;
  s.sampled = true;
}

function speakActions(words: Words, s: Spoken, type: number, actions: FlowPart): void {
  takePart(words, s.w, type, actions);
  s.acts = true;
}

function setFlag(s: Spoken, flag: number): void {
  s.flags |= flag;
}

const USAGE = [
  'Usage: ... u32 [ match SELECTOR ]... [ classid CLASSID ] [ link HTID ] [ ht HTID ] [ sample SELECTOR ]',
  '           [ offset OFFSET ] [ hashkey HASHKEY ] [ order N ] [ indev DEV ] [ skip_sw | skip_hw ]',
  '           [ action ... | police ... ]',
  '       ... u32 divisor N',
  'SELECTOR is one of ip ip6 tcp udp icmp ether u32 u16 u8 mark, with its arguments',
].join('\n');

/** tc/f_u32.c: sprint_u32_handle() */
export function u32HandleText(handle: number, raw = false): string {
  if (handle === 0) return 'none';
  const hex = (number: number, lead = '', trail = ''): string =>
    number === 0 ? '' : `${lead}${number.toString(16)}${trail}`;
  const text = `${hex(tableOf(handle) >>> 20, '', ':')}${hex(bucketOf(handle))}${hex(nodeOf(handle), ':')}`;
  return raw ? `${text}[${hex8(handle)}]` : text;
}

/** tc/f_u32.c: u32_print_opt() — keys as bytes, whatever they mean. */
function print(handle: number, o: U32Options, out: Printer, talk: Talk): void {
  const { raw, stats } = talk.show;
  const selector = o.sel === undefined ? null : decode(SELECTOR, o.sel);
  if (handle !== 0) out.put('fh', u32HandleText(handle, raw), `fh ${u32HandleText(handle, raw)} `);
  if (nodeOf(handle) !== 0) out.put('order', nodeOf(handle), `order ${nodeOf(handle)} `);
  if (o.divisor !== undefined) out.put('ht_divisor', o.divisor, `ht divisor ${o.divisor} `);
  else if (o.hash !== undefined) {
    const [htid, bucket] = [(o.hash >>> 20).toString(16), bucketOf(o.hash).toString(16)];
    out.put('key_ht', htid, `key ht ${htid} `);
    out.put('bkt', bucket, `bkt ${bucket} `);
  } else talk.warn('divisor and hash missing ');
  printTarget(o, selector, out, raw);
  printPlaces(o.flags ?? 0, out, (name) => `${name} `);
  const counted = stats && o.pcnt !== undefined && selector !== null ? counters(o.pcnt) : null;
  if (counted !== null) {
    out.put('rule_hit', counted.hits, `(rule hit ${counted.hits} `);
    out.put('success', counted.success, `success ${counted.success})`);
  }
  if (o.mark !== undefined) printMark(o.mark, out);
  for (const [i, key] of (selector?.keys ?? []).entries()) {
    printKey(key, out);
    const success = counted?.keys[i] ?? 0n;
    if (counted !== null) out.put('success', success, ` (success ${success} ) `);
  }
  if (selector !== null) printOffsets(selector, out);
  const parts = flowParts(talk);
  if (o.police !== undefined) {
    out.text('\n');
    parts.police.print(o.police, out);
  }
  if (o.indev !== undefined) out.put('input_dev', o.indev, `\n  input dev ${o.indev}\n`);
  if (o.act !== undefined) parts.action.print(o.act, out);
}

/** The star is the wrong way round (quirk 66): it marks classes of filters that do end the search. */
function printTarget({ classid, link }: U32Options, selector: U32Selector | null, out: Printer, raw: boolean): void {
  const terminal = selector !== null && (selector.flags & SelFlag.TERMINAL) !== 0;
  if (classid !== undefined) {
    if (terminal) out.text('*');
    out.put('flowid', classidText(classid), `flowid ${classidText(classid)} `);
  } else if (terminal) out.text('terminal flowid ');
  if (link !== undefined) out.put('link', u32HandleText(link, raw), `link ${u32HandleText(link, raw)} `);
}

/** struct tc_u32_pcnt */
function counters(payload: Uint8Array): { hits: bigint; success: bigint; keys: bigint[] } {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  const [hits = 0n, success = 0n, ...keys] = Array.from({ length: payload.length >> 3 }, (_, i) =>
    view.getBigUint64(8 * i, true),
  );
  return { hits, success, keys };
}

function printMark({ val, mask, success }: { val: number; mask: number; success: number }, out: Printer): void {
  const padded = (word: number): string => `0x${word.toString(16).padStart(4, '0')}`;
  out.put('fwmark_value', `0x${val.toString(16)}`, `\n  mark ${padded(val)} `);
  out.put('fwmark_mask', `0x${mask.toString(16)}`, `${padded(mask)} `);
  out.put('fwmark_success', success, `(success ${success})`);
}

/** print_raw() */
function printKey({ val, mask, off, offmask }: U32Key, out: Printer): void {
  const base = offmask === 0 ? '' : 'nexthdr+';
  out.text(`\n  match ${hex8(val)}/${hex8(mask)} at ${base}${off}`);
  out.member('match', { value: val.toString(16), mask: mask.toString(16), offmask: base, off });
}

function printOffsets({ flags, offmask, offshift, offoff, off, hmask, hoff }: U32Selector, out: Printer): void {
  if ((flags & (SelFlag.VAROFFSET | SelFlag.OFFSET)) !== 0) {
    out.text('\n    offset ');
    if ((flags & SelFlag.VAROFFSET) !== 0) {
      out.put('offset_mask', offmask.toString(16), offmask.toString(16).padStart(4, '0'));
      out.put('offset_shift', offshift, `>>${offshift} `);
      out.put('offset_off', offoff, `at ${offoff} `);
    }
    if (off !== 0) out.put('plus', off, `plus ${off} `);
  }
  if ((flags & SelFlag.EAT) !== 0) out.text(' eat ');
  if (hmask === 0) return;
  out.put('hash_mask', hmask.toString(16), `\n    hash mask ${hex8(hmask)} `);
  out.put('hash_off', hoff, `at ${hoff} `);
}

/** net/sched/cls_u32.c as a tcf_proto: a root table of its own, and the tables of its qdisc. */
class U32Filters implements KernelClassifier {
  readonly flow = null;
  private readonly host: Host;
  private readonly common: Common;
  private readonly root: Hnode;
  private readonly walk = new Walk();

  /** u32_init() */
  constructor(host: Host) {
    this.host = host;
    const known = host.common.get('u32');
    this.common = known instanceof Common ? known : new Common();
    host.common.set('u32', this.common);
    const handle = this.common.users === 0 ? FIRST_ROOT : this.common.freeTable();
    this.root = new Hnode(handle, host.pref, 1, true);
    this.common.users++;
    this.common.add(this.root);
  }

  classify(p: Packet, result: Result): Verdict {
    return this.walk.classify(this.root, p, result);
  }

  has(handle: number): boolean {
    return this.find(handle) !== null;
  }

  /** u32_get() */
  private find(handle: number): Hnode | Knode | null {
    const htid = tableOf(handle);
    const found = htid === ROOT ? this.root : this.common.find(htid);
    return keyOf(handle) === 0 ? found : (found?.find(handle) ?? null);
  }

  /** u32_change() */
  change(handle: number, request: FilterChange): number {
    if (request.options === null) {
      if (handle !== 0) throw refuse('Filter handle requires options');
      return 0;
    }
    const o = decode(U32, request.options);
    const flags = o.flags ?? 0;
    if (!flagsValid(flags)) throw refuse('Invalid filter flags');
    const old = this.find(handle);
    if (old instanceof Hnode) throw refuse('Key node id cannot be zero');
    if (old !== null) return this.replace(old, o, flags, request);
    if (o.divisor !== undefined) return this.addTable(handle, o.divisor);
    return this.addFilter(handle, o, flags, request);
  }

  /** What it matches stays, whatever the request says; class and actions are the request's, or none. */
  private replace(old: Knode, o: U32Options, flags: number, request: FilterChange): number {
    const kept = old.flags & ~(ClsFlag.IN_HW | ClsFlag.NOT_IN_HW);
    if (kept !== flags) throw refuse('Key node flags do not match passed flags');
    const node = this.settle({ ...old, classid: 0, unbind: NOTHING_BOUND }, o, request);
    if (o.link === undefined && node.link !== null) node.link.refs++;
    old.table.replace(node);
    this.release(old);
    return node.handle;
  }

  private addTable(handle: number, divisor: number): number {
    if (divisor === 0 || (divisor & (divisor - 1)) !== 0) throw refuse('Divisor is not a power of 2');
    if (divisor > MAX_DIVISOR) throw refuse('Exceeded maximum 256 hash buckets');
    if (keyOf(handle) !== 0) throw refuse('Divisor can only be used on a hash table');
    const made = new Hnode(handle === 0 ? this.common.freeTable() : handle, this.host.pref, divisor);
    this.common.add(made);
    return made.handle;
  }

  private addFilter(handle: number, o: U32Options, flags: number, request: FilterChange): number {
    const { into, at } = this.place(o.hash);
    if (into.divisor <= bucketOf(at)) throw refuse('Specified hash table buckets exceed configured value');
    if (tableOf(handle) !== 0 && tableOf(handle ^ at) !== 0) {
      throw refuse('Handle specified hash table address mismatch');
    }
    const number = nodeOf(handle) === 0 ? into.freeNode(at) : into.reserve((at | nodeOf(handle)) >>> 0);
    try {
      into.insert(this.made(number, into, o, flags, request));
    } catch (error) {
      into.release(number);
      throw error;
    }
    return number;
  }

  private made(number: number, into: Hnode, o: U32Options, flags: number, request: FilterChange): Knode {
    if (o.sel === undefined) throw refuse('Selector not specified');
    if (o.sel.length < selectorSize(promisedKeys(o.sel))) throw new KernelError(Errno.EINVAL);
    return this.settle(
      {
        handle: number,
        selector: decode(SELECTOR, o.sel),
        table: into,
        link: null,
        classid: 0,
        flags: flags | ClsFlag.NOT_IN_HW,
        mark: o.mark ?? NO_MARK,
        ifindex: 0,
        unbind: NOTHING_BOUND,
      },
      o,
      request,
    );
  }

  /** The table that a new filter goes into, and its number with the bucket. */
  private place(hash: number | undefined): { into: Hnode; at: number } {
    if (hash === undefined || tableOf(hash) === ROOT) return { into: this.root, at: this.root.handle };
    const into = this.common.find(tableOf(hash));
    if (into === null) throw refuse('Specified hash table not found');
    return { into, at: (hash & 0xfffff000) >>> 0 };
  }

  /** u32_set_parms() */
  private settle(node: Omit<Knode, 'actions'>, o: U32Options, request: FilterChange): Knode {
    return withActions(this.host, request, { act: o.act, police: o.police }, (actions) => {
      const ifindex = o.indev === undefined ? node.ifindex : indev(o.indev, this.host, Errno.EINVAL);
      const link = o.link === undefined ? node.link : this.linked(o.link);
      if (o.classid === undefined) return { ...node, actions, ifindex, link };
      return { ...node, actions, ifindex, link, classid: o.classid, unbind: this.host.bindClass(o.classid) };
    });
  }

  private linked(handle: number): Hnode | null {
    if (keyOf(handle) !== 0) throw refuse('u32 Link handle must be a hash table');
    if (handle === 0) return null;
    const found = this.common.find(handle);
    if (found === null) throw refuse('Link hash table not found');
    if (found.isRoot) throw refuse('Not linking to root node');
    found.refs++;
    return found;
  }

  /** u32_delete() */
  delete(handle: number): boolean {
    const found = this.find(handle);
    if (found instanceof Hnode) this.deleteTable(found);
    else if (found !== null) {
      found.table.remove(found);
      this.release(found);
    }
    return this.common.users === 1 && this.common.filters === 0;
  }

  private deleteTable(found: Hnode): void {
    if (found.isRoot) throw refuse('Not allowed to delete root node');
    if (found.refs > 1) throw refuse('Can not delete in-use filter', Errno.EBUSY);
    this.drop(found);
  }

  /** u32_destroy_hnode() */
  private drop(found: Hnode): void {
    for (const bucket of found.buckets) for (const node of bucket.splice(0)) this.release(node);
    this.common.remove(found);
  }

  private release(node: Knode): void {
    letGo(this.host, node);
    if (node.link !== null) node.link.refs--;
  }

  /** u32_walk(): tables made at this preference, latest first, each followed by its filters. */
  handles(): readonly number[] {
    return this.common.tables
      .filter(({ pref }) => pref === this.host.pref)
      .flatMap((found) => [found.handle, ...found.buckets.flat().map(({ handle }) => handle)]);
  }

  /** u32_dump() */
  dump(handle: number, w: AttrWriter): void {
    const found = this.find(handle);
    if (found === null) return;
    if (found instanceof Hnode) {
      w.nest(TCA_OPTIONS, () => w.put(TCA_U32.divisor, found.divisor));
      return;
    }
    w.nest(TCA_OPTIONS, () => dumpFilter(found, this.host, w));
    found.actions.dumpStats(w);
  }

  /** Those of the tables made at this preference, as ->walk() has them. */
  facts(): FilterFacts[] {
    return this.common.tables
      .filter(({ pref }) => pref === this.host.pref)
      .flatMap(({ buckets }) => buckets.flat().map(factsOf));
  }

  survey(): Survey[] {
    return this.common.tables.flatMap(({ buckets }) => buckets.flat().map(({ actions }) => surveyOf(actions)));
  }

  /** u32_destroy(): its root goes; tables that it made stay as long as another u32 classifier is there. */
  destroy(): void {
    this.drop(this.root);
    this.common.users--;
    if (this.common.users > 0) return;
    for (const found of [...this.common.tables]) this.drop(found);
    this.host.common.delete('u32');
  }
}

const FIRST_ROOT = 0x80000000;
const NO_MARK = { val: 0, mask: 0 };

/** Every packet comes by in a root table only; it ends the search where it names a class or acts. */
function factsOf({ handle, table, classid, selector, mark, ifindex, flags, actions }: Knode): FilterFacts {
  const tests = [
    ...(table.isRoot ? [] : [{ linkedFrom: u32HandleText(handle) }]),
    ...(mark.mask === 0 ? [] : [fieldTest('mark', mark.val, mark.mask)]),
    ...indevTests(ifindex),
    ...selector.keys.filter(({ val, mask }) => val !== 0 || mask !== 0).map(keyTest),
  ];
  const ends = (selector.flags & SelFlag.TERMINAL) !== 0 && (flags & ClsFlag.SKIP_SW) === 0;
  return { handle, classid: classid || null, takesAll: tests.length === 0 && ends && !actions.goesOn, tests, actions };
}

function keyTest({ off, offmask, mask, val }: U32Key): FilterTest {
  return { offset: off, nexthdr: offmask !== 0, mask: hexWord(mask), value: hexWord(val) };
}

function refuse(what: string, errno: Errno = Errno.EINVAL): KernelError {
  return new KernelError(errno, `cls_u32: ${what}`);
}

function dumpFilter(node: Knode, host: Host, w: AttrWriter): void {
  const { selector, handle, classid, link, flags, mark, ifindex, actions } = node;
  w.nest(TCA_U32.sel[0], () => SELECTOR.write(selector, w));
  w.put(TCA_U32.hash, (handle & 0xfffff000) >>> 0);
  if (classid !== 0) w.put(TCA_U32.classid, classid);
  if (link !== null) w.put(TCA_U32.link, link.handle);
  if (flags !== 0) w.put(TCA_U32.flags, flags);
  if (mark.val !== 0 || mark.mask !== 0) w.put(TCA_U32.mark, { val: mark.val, mask: mark.mask, success: 0 });
  actions.dump(w, TCA_U32.act[0], TCA_U32.police[0]);
  if (ifindex !== 0) w.put(TCA_U32.indev, host.world.device(ifindex) ?? '');
  w.nest(TCA_U32.pcnt[0], () => w.zeros(16 + 8 * selector.keys.length));
}

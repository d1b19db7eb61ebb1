import { getClassid, getQdiscHandle, getU32, hex8, type Printer, type Words } from '../lang/index.ts';
import {
  AttrWriter,
  bytes,
  type Message,
  NLM_F,
  RTM,
  readTc,
  TC_H,
  TCA,
  type TcMessage,
  TYPED,
  typedWords,
  writeTc,
} from '../netlink/index.ts';
import { findQdisc, isHook, isRetired, type QdiscKind } from '../sched/qdisc/index.ts';
import { classidText, tcH, tcMajor } from '../u32.ts';
import { ESTIMATOR, takeEstimator } from './estimator.ts';
import { duplicate, giveUp, type TcProcess, takeOnce } from './process.ts';
import { takeSizeTable } from './size-table.ts';
import { printNewStats } from './stats.ts';
import { usageOf } from './usage.ts';
import { doVerb, type Verb } from './verbs.ts';

const VERBS: readonly Verb[] = [
  ['add', RTM.NEWQDISC, NLM_F.EXCL | NLM_F.CREATE],
  ['change', RTM.NEWQDISC, 0],
  ['replace', RTM.NEWQDISC, NLM_F.CREATE | NLM_F.REPLACE],
  ['link', RTM.NEWQDISC, NLM_F.REPLACE],
  ['delete', RTM.DELQDISC, 0],
];

/** tc/tc_qdisc.c: do_qdisc() */
export function doQdisc(words: Words, tc: TcProcess, shown: ShownQdiscs): void {
  const list = (): void => listQdiscs(words, tc, shown);
  doVerb({ name: 'qdisc', verbs: VERBS, usage: USAGE, modify, list }, words, tc);
}

const USAGE = usageOf(
  'qdisc',
  [...VERBS.map(([name]) => name), 'show'],
  'dev NAME [ root | ingress | clsact | parent ID ] [ handle H: ] [ KIND OPTIONS ]',
);

/** What stands before a qdisc's kind. */
interface Request {
  device: string;
  handle: number;
  parent: number;
  kind: string | null;
  estimator: Uint8Array | null;
  /** The words behind `stab`. */
  sizeTable: string | null;
  ingressBlock: number;
  egressBlock: number;
}

/** tc/tc_qdisc.c: tc_qdisc_modify() */
function modify(type: number, flags: number, words: Words, tc: TcProcess): void {
  const r: Request = {
    device: '',
    handle: 0,
    parent: 0,
    kind: null,
    estimator: null,
    sizeTable: null,
    ingressBlock: 0,
    egressBlock: 0,
  };
  while (!words.done && r.kind === null) takeWord(words, r, tc);
  const w = new AttrWriter();
  if (r.kind) w.put(TCA.kind, r.kind);
  if (r.estimator !== null) w.put(ESTIMATOR, r.estimator);
  const { sizeTable } = r;
  if (sizeTable !== null) w.nest(TCA.stab[0], () => w.put(TYPED, sizeTable));
  if (r.ingressBlock !== 0) w.put(TCA.ingressBlock, r.ingressBlock);
  if (r.egressBlock !== 0) w.put(TCA.egressBlock, r.egressBlock);
  speakOptions(r.kind, words, w, tc);
  const ifindex = r.device === '' ? 0 : tc.index(r.device, (flags & NLM_F.CREATE) !== 0);
  tc.talk(
    type,
    flags,
    writeTc({ ifindex, handle: r.handle, parent: r.parent, info: 0 }, (out) => out.bytes(w.done())),
  );
}

/** A kind that names its place too. */
const wasHook = (words: Words): boolean => isHook((kind) => words.wasExactly(kind));

function takeWord(words: Words, r: Request, tc: TcProcess): void {
  const word = words.next();
  if (words.wasExactly('dev')) {
    r.device = takeOnce(words, 'dev', r.device !== '');
  } else if (words.wasExactly('handle')) {
    if (r.handle !== 0) throw duplicate('handle', word);
    r.handle = required(getQdiscHandle(words.next()), words, 'invalid qdisc ID');
  } else if (words.wasExactly('root')) {
    if (r.parent !== 0) throw giveUp('Error: "root" is duplicate parent ID');
    r.parent = TC_H.ROOT;
  } else if (wasHook(words)) {
    if (r.parent !== 0) throw giveUp(`Error: "${word}" is a duplicate parent ID`);
    r.parent = TC_H.INGRESS;
    r.handle = tcH(tcMajor(TC_H.INGRESS), 0);
    r.kind = word;
  } else if (words.wasExactly('parent')) {
    r.parent = required(getClassid(takeOnce(words, 'parent', r.parent !== 0)), words, 'invalid parent ID');
  } else if (words.was('estimator')) {
    r.estimator = takeEstimator(words, r.estimator, tc);
  } else if (words.was('stab')) {
    r.sizeTable = takeSizeTable(words);
  } else if (words.was('ingress_block')) {
    r.ingressBlock = required(getU32(words.next()) || undefined, words, 'invalid ingress block index value');
  } else if (words.was('egress_block')) {
    r.egressBlock = required(getU32(words.next()) || undefined, words, 'invalid egress block index value');
  } else if (words.was('help')) {
    tc.say(`${USAGE}\n`);
  } else {
    r.kind = word.slice(0, 15);
  }
}

/** The number, or tc's words about the word taken last. */
export function required(value: number | undefined, words: Words, what: string): number {
  if (value === undefined) throw words.invalid(what);
  return value;
}

function speakOptions(kind: string | null, words: Words, w: AttrWriter, tc: TcProcess): void {
  const is = (name: string): boolean => words.wasExactly(name, kind ?? '');
  const qdisc = kind === null ? null : findQdisc(kind, is);
  if (qdisc !== null) {
    qdisc.speak(words, w, (line) => tc.say(`${line}\n`));
    return;
  }
  if (kind !== null && isRetired(kind, 'qdisc', is)) words.takeRest();
  if (words.done) return;
  const word = words.next();
  if (kind !== null) throw words.error(`Unknown qdisc "${kind}", hence option "${word}" is unparsable`);
  throw giveUp(`Garbage instead of arguments "${word} ...". Try "tc qdisc help".`, '', words.at - 1);
}

/** Which qdiscs `show` picks of those that the kernel lists: tc_qdisc.c's static filter_* variables (quirk 76). */
export interface ShownQdiscs {
  ifindex: number;
  handle: number;
  parent: number;
}

export function noQdiscsShown(): ShownQdiscs {
  return { ifindex: 0, handle: 0, parent: 0 };
}

/** What the words of one `show` say. */
interface Wanted {
  device: string;
  /** Also the qdiscs that a device has by itself. */
  invisible: boolean;
  readonly shown: ShownQdiscs;
}

/** tc/tc_qdisc.c: tc_qdisc_list() */
function listQdiscs(words: Words, tc: TcProcess, shown: ShownQdiscs): void {
  const wanted: Wanted = { device: '', invisible: false, shown };
  while (!words.done) takeWanted(words, wanted, tc);
  const ifindex = wanted.device === '' ? 0 : tc.index(wanted.device);
  if (ifindex !== 0) shown.ifindex = ifindex;
  const request = writeTc({ ifindex, handle: 0, parent: 0, info: 0 }, (w) => {
    if (wanted.invisible) w.put(INVISIBLE, NOTHING);
  });
  tc.list(RTM.GETQDISC, request, (message, out) => {
    const t = readTc(message);
    if (shown.ifindex !== 0 && t.ifindex !== shown.ifindex) return;
    if (shown.handle !== 0 && t.handle !== shown.handle) return;
    if (shown.parent !== 0 && t.parent !== shown.parent) return;
    printQdisc(message, t, tc, shown.ifindex === 0, out);
  });
}

/** TCA_DUMP_INVISIBLE, a flag. */
const INVISIBLE = [10, bytes] as const;
const NOTHING = new Uint8Array();

function takeWanted(words: Words, wanted: Wanted, tc: TcProcess): void {
  const word = words.next();
  const { shown } = wanted;
  const only = (): void => {
    if (shown.parent !== 0) throw words.invalid('parent is already specified');
    if (shown.handle !== 0) throw words.invalid('handle is already specified');
  };
  if (words.wasExactly('dev')) {
    wanted.device = words.next();
  } else if (words.wasExactly('root')) {
    only();
    shown.parent = TC_H.ROOT;
  } else if (wasHook(words)) {
    only();
    shown.parent = TC_H.INGRESS;
  } else if (words.was('parent')) {
    only();
    shown.parent = required(getClassid(words.next()), words, 'invalid parent ID');
  } else if (words.was('handle')) {
    only();
    shown.handle = required(getQdiscHandle(words.next()), words, 'invalid handle ID');
  } else if (words.was('help')) {
    tc.say(`${USAGE}\n`);
  } else if (words.wasExactly('invisible')) {
    wanted.invisible = true;
  } else {
    throw giveUp(`What is "${word}"? Try "tc qdisc help".`, '', words.at - 1);
  }
}

/** tc/tc_qdisc.c: print_qdisc() */
function printQdisc(message: Message, t: TcMessage, tc: TcProcess, withDevice: boolean, out: Printer): void {
  const { kind = '', options, stats2 } = t.attributes;
  out.open('{');
  if (message.type === RTM.DELQDISC) out.put('deleted', true, 'deleted ');
  out.put('kind', kind, `qdisc ${kind}`);
  const handle = `${tcMajor(t.handle).toString(16)}:`;
  out.put('handle', handle, ` ${handle}`);
  if (tc.options.raw) out.text(`[${hex8(t.handle)}]`);
  out.text(' ');
  if (withDevice) {
    const name = tc.deviceName(t.ifindex);
    out.put('dev', name, `dev ${name} `);
  }
  if (t.parent === TC_H.ROOT) out.put('root', true, 'root ');
  else if (t.parent !== 0) out.put('parent', classidText(t.parent), `parent ${classidText(t.parent)} `);
  if (t.info !== 1) out.put('refcnt', t.info, `refcnt ${t.info} `);
  const { ingressBlock, egressBlock } = t.attributes;
  if (ingressBlock !== undefined) out.put('ingress_block', ingressBlock, `ingress_block ${ingressBlock} `);
  if (egressBlock !== undefined) out.put('egress_block', egressBlock, `egress_block ${egressBlock} `);
  out.open('{', 'options');
  const shown: QdiscKind | null = findQdisc(kind);
  if (options !== undefined) shown?.print(options, out, tc.options);
  out.close();
  out.text('\n');
  const sizeTable = typedWords(t.attributes.stab);
  if (sizeTable !== null && tc.options.details) out.put('stab', sizeTable, ` stab ${sizeTable}\n`);
  if (tc.options.statistics && stats2 !== undefined) printNewStats(stats2, out);
  out.close();
}

/** tc/tc_qdisc.c: tc_qdisc_block_exists() */
export function blockExists(block: number, tc: TcProcess): boolean {
  let found = false;
  const tcm = { ifindex: 0, handle: 0, parent: 0, info: 0 };
  tc.dump(
    RTM.GETQDISC,
    writeTc(tcm, () => undefined),
    (message) => {
      const { ingressBlock, egressBlock } = readTc(message).attributes;
      found ||= ingressBlock === block || egressBlock === block;
    },
  );
  return found;
}

import { UsageError } from '../errors.ts';
import { getU32, type Printer, protocolName, type Words } from '../lang/index.ts';
import {
  AttrWriter,
  filterInfo,
  infoPreference,
  infoProtocol,
  MAGIC_BLOCK,
  type Message,
  NLM_F,
  RTM,
  readTc,
  TC_H,
  TCA,
  type TcMessage,
  writeTc,
} from '../netlink/index.ts';
import { ETH_P_ALL } from '../packet/index.ts';
import { findWords } from '../sched/classifier/index.ts';
import { classidText } from '../u32.ts';
import { ESTIMATOR, takeEstimator } from './estimator.ts';
import { deviceAndParent, emptySelector, LIST, MODIFY, type Selector, takeSelectors } from './filter-words.ts';
import { giveUp, type TcProcess } from './process.ts';
import { blockExists } from './qdisc.ts';
import { printOldStats } from './stats.ts';
import { usageOf } from './usage.ts';
import { unknownVerb, wasList } from './verbs.ts';

/** Filters and chains are one language with two sets of messages. */
interface FilterObject {
  readonly name: 'filter' | 'chain';
  readonly create: number;
  readonly remove: number;
  readonly get: number;
  /** Flags of the verbs that make or change something. */
  readonly verbs: Readonly<Record<string, number>>;
}

export const FILTER: FilterObject = {
  name: 'filter',
  create: RTM.NEWTFILTER,
  remove: RTM.DELTFILTER,
  get: RTM.GETTFILTER,
  verbs: { add: NLM_F.EXCL | NLM_F.CREATE, change: 0, replace: NLM_F.CREATE },
};

export const CHAIN: FilterObject = {
  name: 'chain',
  create: RTM.NEWCHAIN,
  remove: RTM.DELCHAIN,
  get: RTM.GETCHAIN,
  verbs: { add: NLM_F.EXCL | NLM_F.CREATE },
};

/** What `show` was asked for, and therefore does not print: tc_filter.c's static filter_* variables. */
export interface Shown {
  ifindex: number;
  block: number;
  parent: number;
  preference: number;
  protocol: number;
  chain: number | null;
}

export function nothingShown(): Shown {
  return { ifindex: 0, block: 0, parent: 0, preference: 0, protocol: 0, chain: null };
}

/** tc/tc_filter.c: do_filter(), do_chain() */
export function doFilter(object: FilterObject, words: Words, tc: TcProcess, shown: Shown): void {
  if (words.done) {
    listFilters(object, words, tc, shown);
    return;
  }
  words.next();
  const verb = Object.keys(object.verbs).find((name) => words.was(name));
  if (verb !== undefined) modify(object, object.create, object.verbs[verb] ?? 0, words, tc);
  else if (words.was('delete')) modify(object, object.remove, 0, words, tc);
  else if (words.was('get')) getFilter(object, words, tc, shown);
  else if (wasList(words)) listFilters(object, words, tc, shown);
  else if (words.was('help')) throw help(object, 0);
  else throw unknownVerb(object.name, words);
}

function help(object: FilterObject, status: number): UsageError {
  return new UsageError('', -1, filterUsage(object), status);
}

function filterUsage(object: FilterObject): string {
  const verbs = [...Object.keys(object.verbs), 'del', 'get', 'show'];
  const where = '{ dev NAME [ root | ingress | egress | parent ID ] | block N }';
  return usageOf(object.name, verbs, `${where} [ pref N ] [ protocol P ] [ chain N ] [ handle H ] [ KIND OPTIONS ]`);
}

/** tc/tc_filter.c: tc_filter_modify() */
function modify(object: FilterObject, type: number, flags: number, words: Words, tc: TcProcess): void {
  const s = emptySelector(type === RTM.NEWTFILTER && (flags & NLM_F.CREATE) !== 0 ? ETH_P_ALL : 0);
  const head = new AttrWriter();
  takeSelectors(words, s, MODIFY);
  let estimator: Uint8Array | null = null;
  while (words.take('estimator')) {
    estimator = takeEstimator(words, estimator, tc);
    takeSelectors(words, s, MODIFY);
  }
  if (words.is('help')) throw help(object, 0);
  const kind = words.done ? null : words.next().slice(0, 15);
  const { ifindex, parent } = deviceAndParent(s, tc);
  if (s.chain !== null) head.put(TCA.chain, s.chain);
  if (kind) head.put(TCA.kind, kind);
  let handle = 0;
  if (kind !== null) handle = speakKind(kind, s, words, head, tc);
  else if (s.handle !== null) throw giveUp('Must specify filter type when using "handle"');
  if (estimator !== null) head.put(ESTIMATOR, estimator);
  const info = filterInfo(s.preference, s.protocol);
  tc.talk(
    type,
    flags,
    writeTc({ ifindex, handle, parent, info }, (w) => w.bytes(head.done())),
  );
}

/** The kind's own words; an unknown kind has none (parse_nofopt()). Returns the handle. */
function speakKind(kind: string, s: Selector, words: Words, w: AttrWriter, tc: TcProcess): number {
  const classifier = findWords(kind, (name) => words.wasExactly(name, kind));
  if (classifier !== null) return classifier.speak(s.handle, words, w, tc.words, s.protocol);
  if (!words.done) {
    const option = words.next();
    throw words.error(`Unknown filter "${kind}", hence option "${option}" is unparsable`);
  }
  if (s.handle === null) return 0;
  const handle = getU32(s.handle, 16);
  if (handle === undefined) throw words.error(`Unparsable filter ID "${s.handle}"`);
  return handle;
}

/** tc/tc_filter.c: tc_filter_get() — asks for one filter, all of whose coordinates must be given. */
function getFilter(object: FilterObject, words: Words, tc: TcProcess, shown: Shown): void {
  const s = emptySelector(0);
  takeSelectors(words, s, MODIFY);
  if (words.is('help')) throw help(object, 0);
  const kind = words.done ? null : words.next().slice(0, 15);
  if (kind === '') throw words.invalid('invalid filter name');
  if (object === CHAIN) {
    getChain(s, words, tc, shown);
    return;
  }
  if (!s.protocolSet) throw giveUp('Must specify filter protocol');
  if (s.preference === 0) throw giveUp('Must specify filter priority');
  if (s.parent === 0) throw giveUp('Must specify filter parent');
  if (kind === null) throw giveUp('Must specify filter type');
  if (s.device === '' && s.block === 0) throw giveUp('Must specify netdevice "dev" or block index "block"');
  const { ifindex, parent } = deviceAndParent(s, tc);
  if (s.device !== '') shown.ifindex = ifindex;
  else shown.block = s.block;
  const head = new AttrWriter();
  if (s.chain !== null) head.put(TCA.chain, s.chain);
  head.put(TCA.kind, kind);
  const handle = speakKind(kind, s, words, head, tc);
  if (s.handle === null) throw giveUp('Must specify filter "handle"');
  const info = filterInfo(s.preference, s.protocol);
  const request = writeTc({ ifindex, handle, parent, info }, (w) => w.bytes(head.done()));
  const answer = tc.talk(object.get, NLM_F.ECHO, request, true);
  if (answer !== null) tc.show((out) => printFilter(answer, tc, shown, out));
}

/** tc/tc_filter.c: tc_filter_get() for a chain: a kind may be named, and nothing comes of it. */
function getChain(s: Selector, words: Words, tc: TcProcess, shown: Shown): void {
  if (s.parent === 0) throw giveUp('Must specify filter parent');
  if (s.device === '' && s.block === 0) throw giveUp('Must specify netdevice "dev" or block index "block"');
  const { ifindex, parent } = deviceAndParent(s, tc);
  if (!words.done) {
    throw giveUp(`Garbage instead of arguments "${words.peek()} ...". Try "tc filter help".`, '', words.at);
  }
  const request = writeTc({ ifindex, handle: 0, parent, info: 0 }, (w) => {
    if (s.chain !== null) w.put(TCA.chain, s.chain);
  });
  const answer = tc.talk(CHAIN.get, NLM_F.ECHO, request, true);
  if (answer !== null) tc.show((out) => printFilter(answer, tc, shown, out));
}

/** tc/tc_filter.c: tc_filter_list() */
function listFilters(object: FilterObject, words: Words, tc: TcProcess, shown: Shown): void {
  const s = emptySelector(0);
  s.chain = shown.chain;
  takeSelectors(words, s, LIST);
  const usage = filterUsage(object);
  while (words.take('help')) {
    tc.say(`${usage}\n`);
    takeSelectors(words, s, LIST);
  }
  if (!words.done) throw giveUp(` What is "${words.peek()}"? Try "tc ${'filter'} help"`, '', words.at);
  if (s.block !== 0 && s.device === '' && !blockExists(s.block, tc)) {
    throw new UsageError(`Cannot find block "${s.block}"`);
  }
  const { ifindex, parent } = deviceAndParent(s, tc);
  if (s.device !== '') shown.ifindex = ifindex;
  if (s.block !== 0) shown.block = s.block;
  if (s.parent !== 0) shown.parent = s.parent;
  if (s.preference !== 0) shown.preference = s.preference;
  if (s.protocolSet) shown.protocol = s.protocol;
  shown.chain = s.chain;
  const tcm = { ifindex, handle: 0, parent, info: filterInfo(s.preference, s.protocol) };
  const request = writeTc(tcm, (w) => {
    if (s.chain !== null) w.put(TCA.chain, s.chain);
    if (tc.options.brief) w.put(TCA.dumpFlags, Uint8Array.of(1, 0, 0, 0, 1, 0, 0, 0));
  });
  tc.list(object.get, request, (message, out) => printFilter(message, tc, shown, out));
}

/** tc/tc_filter.c: print_filter() */
export function printFilter(message: Message, tc: TcProcess, shown: Shown, out: Printer): void {
  const t = readTc(message);
  const chain = message.type >= RTM.NEWCHAIN;
  out.open('{');
  printChange(message, out);
  out.text(chain ? 'chain ' : 'filter ');
  printWhere(t, tc, shown, out);
  if (t.info !== 0) printInfo(t.info, shown, out);
  const { kind, chain: index, options } = t.attributes;
  if (kind !== undefined) out.put('kind', kind, `${kind} `);
  if (index !== undefined && index !== shown.chain) out.put('chain', index, `chain ${index} `);
  if (options !== undefined) {
    out.open('{', 'options');
    findWords(kind ?? '')?.print(t.handle, options, out, tc.words);
    out.close();
  }
  out.text('\n');
  if (tc.options.statistics && t.attributes.stats !== undefined) printOldStats(t.attributes.stats, out);
  out.close();
}

/** Which of deleted, replaced, added a notification tells. */
function printChange({ type, flags }: Message, out: Printer): void {
  const removed = type === RTM.DELTFILTER || type === RTM.DELCHAIN;
  const made = (type === RTM.NEWTFILTER || type === RTM.NEWCHAIN) && (flags & NLM_F.CREATE) !== 0;
  if (removed) out.put('deleted', true, 'deleted ');
  else if (made && (flags & NLM_F.EXCL) === 0) out.put('replaced', true, 'replaced ');
  else if (made) out.put('added', true, 'added ');
}

const HOOKS: readonly (readonly [parent: number, name: string])[] = [
  [TC_H.ROOT, 'root'],
  [TC_H.MIN_INGRESS, 'ingress'],
  [TC_H.MIN_EGRESS, 'egress'],
];

function printWhere(t: TcMessage, tc: TcProcess, shown: Shown, out: Printer): void {
  if (t.ifindex === MAGIC_BLOCK) {
    if (shown.block !== t.parent) out.put('block', t.parent, `block ${t.parent} `);
    return;
  }
  if (shown.ifindex !== t.ifindex) {
    const name = tc.deviceName(t.ifindex);
    out.put('dev', name, `dev ${name} `);
  }
  if (shown.parent === t.parent) return;
  const hook = HOOKS.find(([parent]) => parent === t.parent);
  if (hook !== undefined) out.put(hook[1], true, `${hook[1]} `);
  else out.put('parent', classidText(t.parent), `parent ${classidText(t.parent)} `);
}

function printInfo(info: number, shown: Shown, out: Printer): void {
  const protocol = infoProtocol(info);
  const preference = infoPreference(info);
  if (protocol !== 0 && shown.protocol !== protocol) {
    out.put('protocol', protocolName(protocol), `protocol ${protocolName(protocol)} `);
  }
  if (preference !== 0 && shown.preference !== preference) out.put('pref', preference, `pref ${preference} `);
}

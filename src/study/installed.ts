import type { Transport } from '../command/index.ts';
import { type Json, Printer, protocolName } from '../lang/index.ts';
import {
  AttrReader,
  decode,
  hexOf,
  infoPreference,
  infoProtocol,
  joinMessages,
  type Message,
  NLM_F,
  RTM,
  readTc,
  splitMessages,
  TC_H,
  type TcMessage,
  type Tcmsg,
  writeTc,
} from '../netlink/index.ts';
import { ACT, findAction } from '../sched/action/index.ts';
import { findClassifier } from '../sched/classifier/index.ts';
import { PLAIN, type Talk } from '../sched/notation.ts';
import { findClass, findQdisc } from '../sched/qdisc/index.ts';
import { classidText, tcH, tcMajor, tcMinor } from '../u32.ts';

/** A qdisc, class or filter, as a kernel lists it. */
export interface Installed {
  readonly noun: 'qdisc' | 'class' | 'filter';
  readonly kind: string;
  /** Of a qdisc `major:`, of a class its id. */
  readonly handle: number;
  /** Where it hangs: a class, the qdisc, or one of TC_H. */
  readonly parent: number;
  /** Filters only; otherwise 0. */
  readonly chain: number;
  readonly pref: number;
  readonly protocol: number;
  /** Its options without what only time and traffic change; equal texts are equal settings. */
  readonly settings: string;
  /** Its options in tc's words; '' where tc has none. */
  readonly words: string;
}

/** All that somebody set up on one device, in the order of the kernel's lists. */
export interface Setup {
  readonly qdiscs: readonly Installed[];
  readonly classes: readonly Installed[];
  readonly filters: readonly Installed[];
  /** Shared blocks are there, whose filters are nobody's in particular. */
  readonly shared: boolean;
}

const QDISC_BLOCKS = ['ingressBlock', 'egressBlock'] as const;
/** Majors that the kernel gives to qdiscs without a handle: 8001: and on. */
export const isAutomatic = (handle: number): boolean => tcMajor(handle) >= 0x8000 && tcMajor(handle) < 0xffff;

/** Asks for the qdiscs, classes and filters of a device. Qdiscs and classes that the kernel made by itself are left out. */
export function readSetup(transport: Transport, ifindex: number): Setup {
  const ask = (type: number, parent: number): TcMessage[] =>
    dump(transport, type, { ifindex, handle: 0, parent, info: 0 }).filter((t) => t.ifindex === ifindex);
  const found = ask(RTM.GETQDISC, 0).filter(({ handle }) => handle !== 0);
  const qdiscs = found.map(qdiscOf);
  const classes = ask(RTM.GETTCLASS, 0)
    .filter(({ handle, attributes }) => isMade(handle, attributes.kind ?? ''))
    .map(classOf);
  const parents = [...qdiscs.flatMap(hooksOf), ...classes.map(({ handle }) => handle)];
  const talk = talkOf(transport);
  const filters = parents
    .flatMap((parent) => ask(RTM.GETTFILTER, parent))
    .filter(({ attributes, handle }) => handle !== 0 || attributes.options !== undefined)
    .map((t) => filterOf(t, talk));
  const shared = found.some(({ attributes }) => QDISC_BLOCKS.some((block) => attributes[block] !== undefined));
  return { qdiscs, classes, filters, shared };
}

/** Whether users make such classes: bands, flows and roots come with their qdisc. */
function isMade(classid: number, kind: string): boolean {
  return (findQdisc(kind)?.classes ?? null) !== null && tcMinor(classid) !== 0;
}

/** Parents at which a qdisc's own filters are listed. */
function hooksOf({ kind, handle }: Installed): number[] {
  const qdisc = findQdisc(kind);
  if (qdisc?.ingress !== true) return [handle];
  return qdisc.egress ? [TC_H.MIN_INGRESS, TC_H.MIN_EGRESS] : [TC_H.MIN_INGRESS];
}

/** Where a filter hangs, by one name for each place. */
export function hookOf(parent: number): number {
  return parent === tcH(tcMajor(TC_H.INGRESS), 0) ? TC_H.MIN_INGRESS : parent;
}

function dump(transport: Transport, type: number, tcm: Tcmsg): TcMessage[] {
  const payload = writeTc(tcm, () => undefined);
  const request = joinMessages([{ type, flags: NLM_F.REQUEST | NLM_F.DUMP, seq: 1, pid: 0, payload }]);
  const messages: Message[] = transport.request(request).flatMap((datagram) => [...splitMessages(datagram)]);
  // A parent that takes no filters is answered by an empty list, or by an error that says no more.
  return messages.filter(({ type }) => type >= RTM.NEWQDISC).map(readTc);
}

const NOWHERE = { chain: 0, pref: 0, protocol: 0 };

function qdiscOf({ handle, parent, attributes: { kind = '', options } }: TcMessage): Installed {
  const row = findQdisc(kind);
  const out = new Printer();
  row?.print(options ?? null, out, PLAIN);
  const payload = (options ?? new Uint8Array(0)).subarray(0, MEANT[kind]);
  const shown = row === null || options === undefined ? hexOf(payload) : row.codec.show(decode(row.codec, payload));
  return { noun: 'qdisc', kind, handle, parent, ...NOWHERE, settings: settled(shown), words: oneLine(out) };
}

function classOf({ handle, parent, attributes: { kind = '', options } }: TcMessage): Installed {
  const row = findClass(kind);
  const out = new Printer();
  if (options !== undefined) row?.print(options, out, PLAIN);
  const shown = row === null || options === undefined ? '' : row.codec.show(decode(row.codec, options));
  return { noun: 'class', kind, handle, parent, ...NOWHERE, settings: settled(shown), words: oneLine(out) };
}

/** Bytes of a qdisc's options that are settings: behind them stand statistics (struct tc_sfqred_stats). */
const MEANT: Readonly<Record<string, number>> = { sfq: 48 };

/** A filter's attributes that hold actions, old-style police, and counters. */
const FILTER_PARTS: Readonly<
  Record<string, { readonly act: number; readonly police: number; readonly counts?: number }>
> = {
  flow: { act: 9, police: 10 },
  fw: { act: 4, police: 2 },
  u32: { act: 7, police: 6, counts: 9 },
  basic: { act: 3, police: 4, counts: 5 },
  matchall: { act: 2, police: -1, counts: 4 },
};

function filterOf({ handle, parent, info, attributes }: TcMessage, talk: Talk): Installed {
  const { kind = '', chain = 0, options = new Uint8Array(0) } = attributes;
  const out = new Printer();
  findClassifier(kind)?.print(handle, options, out, talk);
  const parts = FILTER_PARTS[kind];
  const shown: [number, Json][] = [];
  for (const r = new AttrReader(options); r.next(); ) {
    if (r.type === parts?.counts) continue;
    if (r.type === parts?.act) shown.push([r.type, actionsOf(r.payload())]);
    else if (r.type === parts?.police) shown.push([r.type, optionsOf('police', r.payload())]);
    else shown.push([r.type, hexOf(r.payload())]);
  }
  const where = { chain, pref: infoPreference(info), protocol: infoProtocol(info) };
  const settings = settled(shown.sort(([a], [b]) => a - b));
  return { noun: 'filter', kind, handle, parent: hookOf(parent), ...where, settings, words: oneLine(out) };
}

function actionsOf(payload: Uint8Array): Json {
  const list: Json[] = [];
  for (const r = new AttrReader(payload); r.next(); ) {
    const { kind = '', options, cookie } = decode(ACT, r.payload());
    list.push({ kind, cookie: cookie === undefined ? null : hexOf(cookie), options: optionsOf(kind, options) });
  }
  return list;
}

function optionsOf(kind: string, payload: Uint8Array | undefined): Json {
  if (payload === undefined) return null;
  const action = findAction(kind);
  return action === undefined ? hexOf(payload) : action.codec.show(decode(action.codec, payload));
}

/**
 * Fields that time, traffic and the kernel change: counters, ages, references, and the numbers of actions; besides
 * what no row here knows (later kernels list more).
 */
const CHANGING: ReadonlySet<string> = new Set([
  ...['tm', 'stats', 'refcnt', 'bindcnt', 'index', 'capab', 'directPkts', 'unknown', 'pad'],
]);

function settled(shown: Json): string {
  return JSON.stringify(shown, (name, value: unknown) => (CHANGING.has(name) ? undefined : value));
}

const oneLine = (out: Printer): string => out.toString().trim().replace(/\s+/g, ' ');

function talkOf(transport: Transport): Talk {
  return {
    ifindex: (name) => transport.links.index(name),
    device: (index) => transport.links.name(index),
    set: (key) => transport.set?.(key) ?? null,
    warn: () => undefined,
    show: { ...PLAIN, stats: false },
  };
}

/** What a list shows of it, in one line: `filter parent 1: protocol ip pref 5 flow handle 0x1 map keys mark …`. */
export function describe(thing: Installed): string {
  const { noun, kind, handle, parent, chain, pref, protocol, words } = thing;
  const where = parentText(parent);
  const text = {
    qdisc: `qdisc ${kind} ${tcMajor(handle).toString(16)}: ${where}`,
    class: `class ${kind} ${classidText(handle)} ${where}`,
    filter: `filter ${where} protocol ${protocolName(protocol)} pref ${pref} ${kind} chain ${chain}`,
  }[noun];
  return `${text} ${words}`.trimEnd();
}

const PLACES: ReadonlyMap<number, string> = new Map([
  [TC_H.ROOT, 'root'],
  [TC_H.INGRESS, 'ingress'],
  [TC_H.MIN_INGRESS, 'ingress'],
  [TC_H.MIN_EGRESS, 'egress'],
]);

/** `root`, `ingress`, `parent 1:10`: as tc's words have it. */
export function parentText(parent: number): string {
  return PLACES.get(parent) ?? `parent ${classidText(parent)}`;
}

import { UsageError } from '../../errors.ts';
import type { Printer, Words } from '../../lang/index.ts';
import {
  AttrReader,
  type AttrWriter,
  atMost,
  bitfield32,
  type Decoded,
  FAILED_POLICY,
  NLA_F_NESTED,
  nest,
  printStats,
  string,
  table,
  u32,
} from '../../netlink/index.ts';
import { controlOf } from './control.ts';
import { cookieBytes, hexOf } from './hex.ts';
import { type Action, type ActionShow, type Ask, BARE, NOBODY } from './kind.ts';
import { ACTIONS } from './kinds.ts';
import { speakPolice } from './police.ts';

/** A list of actions: tc's m_action.c, words and prints. */

const COOKIE_MAX = 16;

/** include/uapi/linux/pkt_cls.h: TCA_ACT_* */
export const TCA_ACT = {
  kind: [1, string],
  options: [2, nest],
  index: [3, u32],
  stats: [4, nest],
  cookie: [6, atMost(COOKIE_MAX)],
  flags: [7, bitfield32],
  hwStats: [8, bitfield32],
  usedHwStats: [9, bitfield32],
  inHwCount: [10, u32],
} as const;
/** One action of a list, in requests and dumps. */
export const ACT = table(TCA_ACT, FAILED_POLICY);
export type ActAttributes = Decoded<typeof TCA_ACT>;

/** TCA_ACT_FLAGS_* that users may set. */
export const ActFlag = { NO_PERCPU: 1, SKIP_HW: 2, SKIP_SW: 4 } as const;
/** TCA_ACT_MAX_PRIO */
export const MAX_ACTIONS = 32;

export function findAction(kind: string, is = (name: string): boolean => name === kind): Action<unknown> | undefined {
  return ACTIONS.find((row) => is(row.kind));
}

/** Words of the filter, whole: they end the list. */
const CLASS_WORDS = ['flowid', 'classid'];
/** Words that begin another command, by prefix: they end the list. */
const COMMANDS = ['change', 'replace', 'delete', 'get', 'add'];

const HW_STATS = [
  ['immediate', 1],
  ['delayed', 2],
  ['disabled', 0],
] as const;

/**
 * iproute2 tc/m_action.c: parse_action() — from behind the first word `action` on: one attribute for each action,
 * numbered from 1. Whatever is no word of the action before is the next one's kind. A cookie stays for all actions
 * after it (quirk 30). Throws UsageError with all lines that tc would print.
 */
export function speakActions(words: Words, w: AttrWriter, ask: Ask = NOBODY): void {
  let cookie: Uint8Array | undefined;
  let count = 0;
  let dangling = false;
  while (!words.done) {
    if (words.takeExact('action')) {
      dangling = true;
      continue;
    }
    if (CLASS_WORDS.some((word) => words.isLeft(word, true))) break;
    if (words.isExactly('help')) throw new UsageError('', words.at);
    if (COMMANDS.some((command) => words.isLeft(command, false))) break;
    dangling = false;
    const start = words.at;
    count++;
    w.nest(count, () => {
      speakOne(words, w, ask, start);
      cookie = takeCookie(words) ?? cookie;
      if (cookie !== undefined && cookie.length > 0) w.put(TCA_ACT.cookie, cookie);
      takeHwStats(words, w);
      takeFlags(words, w);
    });
  }
  if (dangling && (count > 0 || words.done))
    throw badValue(new UsageError('bad action empty 1', words.at), words, words.at);
}

/** Kind and options; a kind that tc does not know is read as gact, which then does not know the word. */
function speakOne(words: Words, w: AttrWriter, ask: Ask, start: number): void {
  const word = words.peek();
  const is = (name: string): boolean => words.is(name);
  const named = controlOf(is) === undefined ? findAction(word, (name) => words.isExactly(name)) : undefined;
  const kind = named ?? findAction('gact');
  w.put(TCA_ACT.kind, kind?.kind ?? '');
  try {
    w.nest(TCA_ACT.options[0] | NLA_F_NESTED, () => kind?.speak(words, w, ask));
  } catch (error) {
    throw error instanceof UsageError ? badValue(parsing(error), words, start) : error;
  }
}

/** tc goes on to say where it stopped, unless it has exited already: those messages begin with "Error: ". */
function exited(error: UsageError): boolean {
  return error.exit === 255 || error.message.startsWith('Error: ');
}

function append(error: UsageError, line: string): UsageError {
  const { message, hint, word, exit } = error;
  const join = (text: string): string => (text === '' ? line : `${text}\n${line}`);
  return hint === '' ? new UsageError(join(message), word, '', exit) : new UsageError(message, word, join(hint), exit);
}

function parsing(error: UsageError): UsageError {
  return exited(error) ? error : append(error, 'bad action parsing');
}

function badValue(error: UsageError, { list }: Words, start: number): UsageError {
  if (exited(error)) return error;
  return append(error, `parse_action: bad value (${list.length - start}:${list[start] ?? '(null)'})!`);
}

function takeCookie(words: Words): Uint8Array | undefined {
  if (!words.takeExact('cookie')) return undefined;
  const text = words.next();
  if (text.length > 2 * COOKIE_MAX) throw words.invalid(`${text.length} Max allowed size ${2 * COOKIE_MAX}`);
  const cookie = cookieBytes(text);
  if (cookie === undefined) throw words.invalid('cookie must be a hex string\n');
  return cookie;
}

function takeHwStats(words: Words, w: AttrWriter): void {
  if (!words.take('hw_stats')) return;
  words.next();
  const value = HW_STATS.find(([name]) => words.was(name))?.[1];
  if (value === undefined) throw words.invalid('value is invalid\n');
  w.put(TCA_ACT.hwStats, { value, selector: value });
}

function takeFlags(words: Words, w: AttrWriter): void {
  let value = words.takeExact('no_percpu') ? ActFlag.NO_PERCPU : 0;
  // tc 6.1.0 asks for them twice, so a second one is taken and a third is the kind of another action.
  for (let asked = 0; asked < 2; asked++) {
    if (words.takeExact('skip_sw')) value |= ActFlag.SKIP_SW;
    else if (words.takeExact('skip_hw')) value |= ActFlag.SKIP_HW;
  }
  if (value !== 0) w.put(TCA_ACT.flags, { value, selector: value });
}

/** What a filter's parser says when its part was refused: `Illegal "action"`, `Illegal "police"`. */
function illegal(word: string, speak: () => void): void {
  try {
    speak();
  } catch (error) {
    throw error instanceof UsageError && !exited(error) ? append(error, `Illegal "${word}"`) : error;
  }
}

/** The two parts of a filter that are actions: `action …` and old-style `police …`, as FlowParts has them. */
export interface ActionPart {
  speak(words: Words, w: AttrWriter): void;
  print(payload: Uint8Array, out: Printer): void;
}

/** How a filter's words behind `action` are read, and its TCA_*_ACT printed. */
export function actionPart(ask: Ask = NOBODY, show: ActionShow = BARE): ActionPart {
  return {
    speak: (words, w) => illegal('action', () => speakActions(words, w, ask)),
    print: (payload, out) => printActions(payload, out, show, true),
  };
}

/** The same for `police` and TCA_*_POLICE. */
export function policePart(show: ActionShow = BARE): ActionPart {
  return {
    speak: (words, w) => illegal('police', () => speakPolice(words, w)),
    print(payload, out) {
      const kind = findAction('police');
      kind?.print(kind.codec.read(payload, 0, payload.length), out, show);
    },
  };
}

/**
 * iproute2 tc/m_action.c: tc_print_action() — the actions in a nest, in the order of their numbers. `bind`: they
 * belong to a filter.
 */
export function printActions(payload: Uint8Array, out: Printer, show: ActionShow = BARE, bind = false): void {
  const places = new Map<number, Uint8Array>();
  for (const r = new AttrReader(payload); r.next(); ) if (r.type <= MAX_ACTIONS) places.set(r.type, r.payload());
  out.open('[', 'actions');
  for (const [order, data] of [...places].sort(([a], [b]) => a - b)) {
    out.open('{');
    out.text('\n');
    out.put('order', order, `\taction order ${order}: `);
    printOne(ACT.read(data, 0, data.length), out, show, bind);
    out.close();
  }
  out.close();
}

/** tc_print_one_action() */
function printOne(act: ActAttributes, out: Printer, show: ActionShow, bind: boolean): void {
  const kind = findAction(act.kind ?? '');
  if (kind === undefined) {
    out.put('kind', act.kind ?? '', `[Unknown action, optlen=${act.options?.length ?? 0}] `);
    return;
  }
  const value = kind.codec.read(act.options ?? new Uint8Array(0), 0, act.options?.length ?? 0);
  if (kind.gen(value) === undefined) {
    out.text('Error printing action\n');
    return;
  }
  kind.print(value, out, show);
  if (show.stats && act.stats !== undefined) printActionStats(act.stats, out);
  if (act.cookie !== undefined) out.put('cookie', hexOf(act.cookie), `\tcookie ${hexOf(act.cookie)}\n`);
  printFlags(act, out, bind);
  printHwStats('hw_stats', act.hwStats, out);
  printHwStats('used_hw_stats', act.usedHwStats, out);
}

function printActionStats(payload: Uint8Array, out: Printer): void {
  out.text('\tAction statistics:\n');
  out.open('{', 'stats');
  printStats(payload, '\t', out);
  out.close();
  out.text('\n');
}

function printFlags({ flags, inHwCount }: ActAttributes, out: Printer, bind: boolean): void {
  const set = (bit: number): boolean => flags !== undefined && (flags.selector & bit) !== 0;
  const on = (bit: number): boolean => flags !== undefined && (flags.value & bit) !== 0;
  const tell = (bit: number, name: string): void => {
    if (set(bit)) out.put(name, on(bit), `\t${name}`);
  };
  tell(ActFlag.NO_PERCPU, 'no_percpu');
  tell(ActFlag.SKIP_HW, 'skip_hw');
  tell(ActFlag.SKIP_SW, 'skip_sw');
  const told = !bind && inHwCount !== undefined && !on(ActFlag.SKIP_HW);
  if (told && inHwCount > 0) {
    out.put('in_hw', true, '\tin_hw');
    out.put('in_hw_count', inHwCount, ` in_hw_count ${inHwCount}`);
  } else if (told) out.put('not_in_hw', true, '\tnot_in_hw');
  if (told || flags !== undefined) out.text('\n');
}

function printHwStats(name: string, stats: ActAttributes['hwStats'], out: Printer): void {
  if (stats === undefined) return;
  const bits = stats.value & stats.selector;
  const names = HW_STATS.filter(([, bit]) => (bit === 0 ? bits === 0 : bits & bit)).map(([word]) => word);
  out.put(name, names, `\t${name} ${names.join(' ')}\n`);
}

import { Errno, KernelError, type UsageError } from '../../errors.ts';
import { getS32, getU32, matches, type Printer, type Words } from '../../lang/index.ts';
import { Verdict } from '../../verdict.ts';
import type { Warn } from '../notation.ts';
import type { ActionPlace } from './kind.ts';

/** What an action says of a packet: the words for it, and the kernel's rules about it. */

const VALUE_MASK = 0x0fffffff;
/** Highest verdict without an argument that a request may name: TC_ACT_VALUE_MAX. */
const VALUE_MAX = Verdict.TRAP;

/** iproute2 tc/tc_util.c: action_a2n() — in its order: a prefix takes the first that fits. */
const WORDS: readonly (readonly [word: string, verdict: number])[] = [
  ['continue', Verdict.UNSPEC],
  ['drop', Verdict.SHOT],
  ['shot', Verdict.SHOT],
  ['pass', Verdict.OK],
  ['ok', Verdict.OK],
  ['reclassify', Verdict.RECLASSIFY],
  ['pipe', Verdict.PIPE],
  ['goto', Verdict.GOTO_CHAIN],
  ['jump', Verdict.JUMP],
  ['trap', Verdict.TRAP],
];

/** The verdict whose word fits. */
export function controlOf(fits: (name: string) => boolean): number | undefined {
  return WORDS.find(([name]) => fits(name))?.[1];
}

/** The verdict that a text means, by prefix or by number. */
export function controlOrNumber(text: string): number | undefined {
  return controlOf((name) => matches(text, name)) ?? getS32(text, 10);
}

/** parse_action_control(): takes a control word with its argument. Throws what tc says; '' at the end of the words. */
export function takeControl(words: Words, numbers = false): number {
  if (words.done) throw words.error('');
  const word = words.next();
  const verdict = controlOf((name) => words.was(name)) ?? (numbers ? getS32(word, 10) : undefined);
  if (verdict === undefined) throw words.error(`Bad action type ${word}`);
  if (verdict === Verdict.GOTO_CHAIN) return verdict | takeChain(words);
  return verdict === Verdict.JUMP ? verdict | takeJump(words) : verdict;
}

function takeChain(words: Words): number {
  words.next();
  if (!words.was('chain')) throw words.error('"chain index" expected');
  const chain = getU32(words.next(), 10);
  if (chain === undefined || chain > VALUE_MASK) throw words.error('Illegal "chain index"');
  return chain;
}

function takeJump(words: Words): number {
  const word = words.next();
  const count = getU32(word, 10);
  if (count === undefined || count > VALUE_MASK) throw words.error(`Invalid "jump count" (${word})`);
  return count;
}

/** parse_action_control_dflt(): the same where another word may stand instead; then `fallback`, and nothing is taken. */
export function takeControlOr(words: Words, fallback: number, warn: Warn): number {
  if (words.done || controlOf((name) => words.is(name)) === undefined) return fallback;
  const start = words.at;
  try {
    return takeControl(words);
  } catch (error) {
    const { message, exit } = error as UsageError;
    if (exit === 255) throw error;
    warn(message);
    words.at = start;
    return fallback;
  }
}

function argumentOf(verdict: number): { opcode: number; value: number } {
  return { opcode: verdict & ~VALUE_MASK, value: verdict & VALUE_MASK };
}

const NAMES: Readonly<Record<number, string>> = {
  [Verdict.UNSPEC]: 'continue',
  [Verdict.OK]: 'pass',
  [Verdict.SHOT]: 'drop',
  [Verdict.RECLASSIFY]: 'reclassify',
  [Verdict.PIPE]: 'pipe',
  [Verdict.STOLEN]: 'stolen',
  [Verdict.TRAP]: 'trap',
};

/** print_action_control() */
export function printControl(out: Printer, prefix: string, verdict: number, suffix: string): void {
  const { opcode, value } = argumentOf(verdict);
  const goto_ = opcode === Verdict.GOTO_CHAIN;
  const jump = opcode === Verdict.JUMP;
  const name = goto_ ? 'goto' : jump ? 'jump' : (NAMES[verdict] ?? String(verdict));
  out.text(prefix);
  out.open('{', 'control_action');
  out.put('type', name, name);
  if (goto_) out.put('chain', value, ` chain ${value}`);
  if (jump) out.put('jump', value, ` ${value}`);
  out.close();
  out.text(suffix);
}

/** What tcf_action_check_ctrlact() takes: a plain verdict, a jump, a goto, or anything below 0. */
function known(verdict: number): boolean {
  const { opcode } = argumentOf(verdict);
  return opcode === 0 ? verdict <= VALUE_MAX : opcode <= Verdict.GOTO_CHAIN;
}

/** net/sched/act_api.c: tcf_action_check_ctrlact() — a chain to go to comes into being with the action. */
export function checkControl(verdict: number, place: ActionPlace): void {
  if (!known(verdict)) throw new KernelError(Errno.EINVAL, 'invalid control action');
  const { opcode, value } = argumentOf(verdict);
  if (opcode !== Verdict.GOTO_CHAIN) return;
  if (place.chains === null) throw new KernelError(Errno.EINVAL, "can't goto NULL proto/chain");
  place.goto = value;
}

/** The other verdict of gact and police: it may not go to a chain. */
export function checkFallback(verdict: number): void {
  if (!known(verdict)) throw new KernelError(Errno.EINVAL, 'invalid fallback control action');
  if (argumentOf(verdict).opcode === Verdict.GOTO_CHAIN) {
    throw new KernelError(Errno.EINVAL, 'goto chain not allowed on fallback');
  }
}

import { UsageError } from '../../errors.ts';
import { getClassid, getU32, type Printer, strtoul, type Words } from '../../lang/index.ts';
import type { Talk } from '../notation.ts';
import { ClsFlag } from './kind.ts';

/** tc's words and prints that several classifiers have. */

const LONG_MAX = (1n << 63n) - 1n;

/**
 * The handle of basic and matchall, which tc reads with strtol(): what begins with no number is 0, and only what no
 * long can hold is refused. The low 32 bits count.
 */
export function numericHandle(text: string | null): number {
  if (text === null) return 0;
  const { value, rest } = strtoul(text, 0);
  if (value === undefined && rest === text) return 0;
  const negative = text.trimStart().startsWith('-');
  const magnitude = value === undefined ? LONG_MAX : negative ? BigInt.asUintN(64, -value) : value;
  if (magnitude >= LONG_MAX) throw new UsageError(`Illegal handle "${text}", must be numeric.`);
  return Number(BigInt.asUintN(32, negative ? -magnitude : magnitude));
}

/** The handle of fw and flower. */
export function plainHandle(text: string): number {
  const handle = getU32(text);
  if (handle === undefined) throw new UsageError('Illegal "handle"');
  return handle;
}

/** What stands behind `classid` or `flowid`. */
export function takeClassid(words: Words): number {
  const classid = getClassid(words.next());
  if (classid === undefined) throw words.error('Illegal "classid"');
  return classid;
}

/** What stands behind `indev` of fw and u32: a device, which tc does not look up. */
export function takeIndev(words: Words, talk: Talk): string {
  if (words.done) throw words.error('Illegal indev');
  const device = words.next().slice(0, 16);
  talk.mention?.(device);
  return device;
}

/** `help`, or a word that the classifier does not know. */
export function unknownWord(words: Words, word: string, usage: string): UsageError {
  return words.error(words.wasExactly('help') ? '' : `What is "${word}"?`, usage);
}

/** tc refuses these together for matchall and u32; of flower the kernel does. */
export function checkSkips(words: Words, flags: number): void {
  if (flags === (ClsFlag.SKIP_HW | ClsFlag.SKIP_SW)) throw words.error('skip_hw and skip_sw are mutually exclusive');
}

/** Where the filter is looked at; `text` is how a word stands on the line. */
export function printPlaces(flags: number, out: Printer, text: (name: string) => string): void {
  const tell = (bit: number, name: string): void => {
    if ((flags & bit) !== 0) out.put(name, true, text(name));
  };
  tell(ClsFlag.SKIP_HW, 'skip_hw');
  tell(ClsFlag.SKIP_SW, 'skip_sw');
  if ((flags & ClsFlag.IN_HW) !== 0) tell(ClsFlag.IN_HW, 'in_hw');
  else tell(ClsFlag.NOT_IN_HW, 'not_in_hw');
}

import { UsageError } from '../errors.ts';
import { getS32, getU32, type Words } from '../lang/index.ts';
import { getLinklayer } from '../sched/psched.ts';
import { duplicate } from './process.ts';

/** One option of `stab`; `get` gives undefined where the word behind it is none. */
interface Option {
  readonly word: string;
  readonly invalid: string;
  readonly get: (text: string, words: Words) => number | undefined;
  /** Alone it asks for no table. */
  readonly limit?: true;
}

const decimal = (text: string): number | undefined => getU32(text, 10);

/** In the order in which a prefix is tried. */
const OPTIONS: readonly Option[] = [
  { word: 'mtu', invalid: 'invalid mtu', get: decimal, limit: true },
  { word: 'mpu', invalid: 'invalid mpu', get: decimal },
  { word: 'overhead', invalid: 'invalid overhead', get: (text) => getS32(text, 10) },
  { word: 'tsize', invalid: 'invalid table size', get: decimal, limit: true },
  { word: 'linklayer', invalid: 'invalid linklayer', get: getLinklayer },
];

const USAGE = 'Usage: ... stab [ mtu BYTES ] [ tsize SLOTS ] [ mpu BYTES ] [ overhead BYTES ] [ linklayer TYPE ] ...';

/**
 * iproute2 tc/tc_stab.c: parse_size_table() — the words behind `stab`, as typed. The table that tc makes of them is
 * not modelled: every packet counts with the length that it has.
 */
export function takeSizeTable(words: Words): string {
  words.leaveOut('"stab"');
  words.need();
  if (words.is('help')) throw new UsageError('', words.at, USAGE, 255);
  const start = words.at;
  const given = new Map<string, number>();
  let asks = false;
  for (;;) {
    const option = OPTIONS.find(({ word }) => words.take(word));
    if (option === undefined) break;
    const value = takeValue(words, option, given);
    given.set(option.word, value);
    asks ||= option.limit !== true && value !== 0;
  }
  // tc gives up without a word here.
  if (!asks) throw new UsageError('', start - 1, '', 255);
  return words.list.slice(start, words.at).join(' ');
}

function takeValue(words: Words, { word, invalid, get }: Option, given: ReadonlyMap<string, number>): number {
  const text = words.next();
  if (given.get(word)) throw duplicate(word, text);
  const value = get(text, words);
  if (value === undefined) throw words.invalid(invalid);
  return value;
}

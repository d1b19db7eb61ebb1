import { Listener, runTc, type WordAt, wordsAt } from '../command/index.ts';
import { matches, nearest, UNITS } from '../lang/index.ts';
import { type Edit, put } from './edit.ts';

/** What may have been meant by a word that tc does not know. */
export interface Meant {
  /** Index of the word. */
  readonly at: number;
  /** All that are equally near. */
  readonly words: readonly string[];
  /** The only one, in the word's place; null: it would be a guess. */
  readonly mend: readonly Edit[] | null;
}

/** More words than these tell nobody anything. */
const MOST = 3;
/** Bytes a second: whoever mistypes that may well mean bits. */
const IN_BYTES = /bps$/i;

/** The known words next to the one that tc could not understand; null: none is near. `refused`: where tc gave up. */
export function meantBy(words: readonly string[], refused: number): Meant | null {
  // tc takes an unknown word for a kind and gives up behind it; a selector of u32 is named by its first word.
  for (const at of [refused, refused - 1, refused + 1]) {
    const near = nearAt(words, at).filter((word) => goesOn(words, at, word, refused));
    if (near.length > MOST) return null;
    const [word = ''] = near;
    const sure = near.length === 1 && !IN_BYTES.test(word);
    if (near.length > 0) return { at, words: near, mend: sure ? [put(at, word)] : null };
  }
  return null;
}

/** tc understands that word there and comes further with it. */
function goesOn(words: readonly string[], at: number, word: string, refused: number): boolean {
  let end: number | null = null;
  runTc(words.with(at, word), { transport: new Listener(), misunderstood: (error) => (end = error.word) });
  return end === null || (end > Math.max(at, refused) && end < words.length);
}

function nearAt(words: readonly string[], at: number): readonly string[] {
  const word = words[at];
  if (word === undefined) return [];
  const known = wordsAt(words, at);
  const keywords = known.filter((one): one is WordAt => 'word' in one);
  if (keywords.length > 0) return nearKeywords(word, keywords);
  return known.length > 0 ? nearUnits(word) : [];
}

/** Of several with commas between them, as a flow filter's keys, the first that is wrong is put right. */
function nearKeywords(word: string, keywords: readonly WordAt[]): string[] {
  const parts = word.split(',');
  const wrong = parts.findIndex((part) => !keywords.some((keyword) => isThat(part, keyword)));
  const names = keywords.map((keyword) => keyword.word);
  return nearest(parts[wrong] ?? '', names).map((name) => parts.with(wrong, name).join(','));
}

const isThat = (typed: string, { word, whole }: WordAt): boolean => (whole ? typed === word : matches(typed, word));

/** A number with a unit. */
function nearUnits(value: string): string[] {
  const [, number = '', unit = ''] = /^(\d[\d.]*)([a-z/]+)$/i.exec(value) ?? [];
  if (UNITS.has(unit.toLowerCase())) return [];
  return nearest(unit, UNITS).map((near) => `${number}${near}`);
}

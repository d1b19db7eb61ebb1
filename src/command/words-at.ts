import { Words } from '../lang/index.ts';
import { Listener } from './encode.ts';
import { runWords } from './tc.ts';

/** A word that tc would understand at a place of a command line. */
export interface WordAt {
  readonly word: string;
  /** Only the whole word will do; otherwise any beginning of it that no word before it in the list has too. */
  readonly whole: boolean;
}

/** Any word will do that its keyword takes: a number, a name, a class. */
export interface ValueAt {
  /** The keyword that it stands behind, in full: `dev`, `parent`, `divisor`. */
  readonly value: string;
}

/** What stands at the place and behind it: no beginning of a keyword, and as many words as a parser insists on. */
const NOTHING = ['\0', '\0', '\0'];

/** A cursor that notes which keywords are tried at one place. */
class Tried extends Words {
  readonly tried = new Map<string, WordAt>();
  /** Keywords that end the words of one parser, and that the parser around it may take. */
  readonly left: WordAt[] = [];
  /** Whether a keyword was there. */
  understood = false;
  /** Whether the word there was taken. */
  taken = false;
  /** The last keyword before it. */
  keyword = '';
  private readonly place: number;

  constructor(list: readonly string[], place: number) {
    super(list);
    this.place = place;
  }

  override next(): string {
    this.taken ||= this.at === this.place;
    return super.next();
  }

  protected override fits(at: number, text: string, word: string, whole: boolean): boolean {
    const fits = super.fits(at, text, word, whole);
    if (at === this.place) {
      this.understood ||= fits;
      this.note({ word, whole });
    } else if (fits && at < this.place) this.keyword = word;
    return fits;
  }

  override isLeft(word: string, whole: boolean): boolean {
    if (this.at === this.place) this.left.push({ word, whole });
    return super.isLeft(word, whole);
  }

  /** Where a word is tried whole and by its beginning, the beginning will do. */
  note(found: WordAt): void {
    if (this.tried.get(found.word)?.whole !== false) this.tried.set(found.word, found);
  }
}

/**
 * What tc would understand as word `index` of a command, for an editor that completes: the keywords, in the order in
 * which its parsers try them, or, where any word will do, the keyword whose value it is. `words` follow "tc"; the word
 * at `index`, if there is one, and those behind it do not count. Empty where tc does not come that far, as it has
 * refused an earlier word, or takes no more words. An expression of ematches is one value, that of `match`.
 *
 * The parsers themselves are run, up to that word, and what they hold against it is noted.
 *
 * ```ts
 * wordsAt(['filter', 'add', 'dev', 'eth0', 'flow', 'hash'], 6); // [{ word: 'map', whole: false }, …]
 * wordsAt(['filter', 'add', 'dev', 'eth0', 'flow', 'div'], 6); // [{ value: 'divisor' }]
 * ```
 *
 * @throws ArgumentError where `words` are no list of texts, or `index` is no number from 0 on.
 */
export function wordsAt(words: readonly string[], index: number): readonly (WordAt | ValueAt)[] {
  if (index > words.length) return [];
  const before = words.slice(0, index);
  const found = parsed([...before, ...NOTHING], index);
  for (const left of found.left) {
    if (parsed([...before, left.word, ...NOTHING], index).understood) found.note(left);
  }
  if (found.tried.size > 0) return [...found.tried.values()];
  return found.taken ? [{ value: found.keyword }] : [];
}

function parsed(list: readonly string[], place: number): Tried {
  const words = new Tried(list, place);
  runWords(words, { transport: new Listener() });
  return words;
}

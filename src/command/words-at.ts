import { Words } from '../lang/index.ts';
import { Listener } from './encode.ts';
import { runWords } from './tc.ts';

/** A word that tc would understand at a place of a command line. */
export interface WordAt {
  readonly word: string;
  /** Only the whole word will do; otherwise any beginning of it that no word before it in the list has too. */
  readonly whole: boolean;
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
  private readonly place: number;

  constructor(list: readonly string[], place: number) {
    super(list);
    this.place = place;
  }

  protected override fits(at: number, text: string, word: string, whole: boolean): boolean {
    const fits = super.fits(at, text, word, whole);
    if (at !== this.place) return fits;
    this.understood ||= fits;
    this.note({ word, whole });
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
 * The words that tc would understand as word `index` of a command, in the order in which its parsers try them: for an
 * editor that completes. `words` follow "tc"; the word at `index`, if there is one, and those behind it do not count.
 * Empty where tc takes a value (a number, a name, a class), and where it does not come that far.
 *
 * The parsers themselves are run, up to that word, and what they hold against it is noted.
 *
 * ```ts
 * wordsAt(['qdisc', 'add', 'dev', 'eth0', 'root'], 5).map(({ word }) => word); // ['dev', 'handle', …, 'htb', 'sfq', …]
 * ```
 */
export function wordsAt(words: readonly string[], index: number): readonly WordAt[] {
  if (index > words.length) return [];
  const before = words.slice(0, index);
  const tried = parsed([...before, ...NOTHING], index);
  for (const found of tried.left) {
    if (parsed([...before, found.word, ...NOTHING], index).understood) tried.note(found);
  }
  return [...tried.tried.values()];
}

function parsed(list: readonly string[], place: number): Tried {
  const words = new Tried(list, place);
  runWords(words, { transport: new Listener() });
  return words;
}

import { isPattern, quotedPattern } from './pattern.ts';
import type { Field } from './shell.ts';

/**
 * A piece of a word after its expansions: `text` as written, `quoted` in quotes, `value` of an expansion without quotes
 * (it is split), `glob` written as a pattern, `break` between two fields of "$@".
 */
export interface Piece {
  readonly kind: 'bare' | 'quoted' | 'value' | 'glob' | 'break';
  readonly text: string;
  readonly field?: Field;
}

/** A field, and as a pattern where some of it may match paths. */
export interface Split {
  readonly text: string;
  readonly pattern: string | null;
}

/** Splits the values among the pieces. `ifs`: the characters that separate fields. */
export function splitPieces(pieces: readonly Piece[], ifs: string): Split[] {
  const splitter = new Splitter(ifs);
  for (const piece of pieces) splitter.take(piece);
  return splitter.end();
}

class Splitter {
  private readonly fields: Split[] = [];
  private readonly ifs: string;
  private text: string | null = null;
  private pattern = '';
  /** A value ended the field; if the next one begins with a mark of IFS that is no blank, it is the same end. */
  private ended = false;

  constructor(ifs: string) {
    this.ifs = ifs;
  }

  take({ kind, text }: Piece): void {
    if (kind === 'break') this.finish();
    else if (kind === 'value') this.split(text);
    else this.add(text, kind === 'glob' ? text : quotedPattern(text));
    if (kind !== 'value') this.ended = false;
  }

  end(): Split[] {
    this.finish();
    return this.fields;
  }

  private add(text: string, pattern: string): void {
    this.text = (this.text ?? '') + text;
    this.pattern += pattern;
  }

  private split(value: string): void {
    let begun = 0;
    for (let at = 0; at <= value.length; at++) {
      const char = value[at];
      if (char !== undefined && !this.ifs.includes(char)) continue;
      if (at > begun) {
        const part = value.slice(begun, at);
        this.add(part, part);
        this.ended = false;
      }
      if (char !== undefined) this.separate(char);
      begun = at + 1;
    }
  }

  private separate(char: string): void {
    const isBlank = ' \t\n'.includes(char);
    if (this.text !== null) {
      this.finish();
      this.ended = isBlank;
    } else if (!isBlank) {
      if (!this.ended) this.fields.push({ text: '', pattern: null });
      this.ended = false;
    }
  }

  private finish(): void {
    if (this.text !== null) {
      this.fields.push({ text: this.text, pattern: isPattern(this.pattern) ? this.pattern : null });
    }
    this.text = null;
    this.pattern = '';
  }
}

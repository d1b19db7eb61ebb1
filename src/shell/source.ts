import type { SourcePlace } from './simulated.ts';

/** A node of the syntax tree, or any other range of a text. */
export interface Range {
  readonly pos: number;
  readonly end: number;
}

/** A text that is run, and where it stands: in a file, or in a word that `eval` or an old backtick decoded. */
export class Source {
  readonly file: string;
  readonly text: string;
  /** Where all of it is said to stand; null: at its own places in the file. */
  readonly fixed: SourcePlace | null;
  private readonly starts: number[] = [0];

  constructor(file: string, text: string, fixed: SourcePlace | null = null) {
    this.file = file;
    this.text = text;
    this.fixed = fixed;
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.starts.push(at + 1);
  }

  place({ pos, end }: Range): SourcePlace {
    if (this.fixed !== null) return this.fixed;
    const first = this.lineAt(pos);
    const last = this.lineAt(Math.max(pos, end - 1));
    return {
      file: this.file,
      line: first + 1,
      column: pos - (this.starts[first] ?? 0) + 1,
      endLine: last + 1,
      endColumn: end - (this.starts[last] ?? 0) + 1,
      from: pos,
      to: end,
    };
  }

  /** As written. */
  slice({ pos, end }: Range): string {
    return this.text.slice(pos, end);
  }

  /** Index of the line that an offset is on. */
  private lineAt(offset: number): number {
    let low = 0;
    let high = this.starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

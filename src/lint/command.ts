/** Where a word stands in a command's source: offset and length, and where that is on the lines of the source. */
export interface Span {
  readonly at: number;
  readonly length: number;
  /** Lines before its own. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
}

/** One tc command of a script, and where its words were written. */
export interface Command {
  /** Line that it begins on, counted from 1. */
  readonly line: number;
  /** As written: one line, or several that backslashes join. */
  readonly source: string;
  /** What follows `tc`. */
  readonly words: readonly string[];
  /** Where the shell's command begins in the source that tc is a part of: at `sudo tc`, behind `&&`. */
  readonly from: number;
  /** Of each word; empty where the words were made up from a dump. */
  readonly spans: readonly Span[];
}

import type { Span } from '../lang/index.ts';

export type { Span };

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
  readonly spans: readonly Span[];
  /** Why its words are not known; null: they are, or they hold variables. */
  readonly unread: string | null;
}

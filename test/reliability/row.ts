/** How much is tried: what CI has time for, a night, or what a release needs. */
export type Scale = 'ci' | 'night' | 'release';

/** What `npm run reliability` asks of a row. */
export interface Trial {
  readonly scale: Scale;
  /** The same seed tries the same. */
  readonly seed: number;
  /** `--minutes`: how long a row that tries until a time is over goes on. null: as its scale has it. */
  readonly minutes: number | null;
  /** Prints a line on how far it has come. */
  say(line: string): void;
}

/** What a row found. */
export interface Found {
  /** What was tried, with its numbers: `2 000 000 packets, 0 exceptions`. One line; it stands in docs/RELIABILITY.md. */
  readonly figure: string;
  /** What went wrong, a text each. Empty: the row holds. */
  readonly failures: readonly string[];
  /** Where the figure is below the bar though nothing failed: why. */
  readonly short?: string;
  /** Nothing was tried: why, and the line that makes it possible. */
  readonly skipped?: string;
}

/** One test of docs/RELIABILITY.md: a file in rows/ and a line in rows/index.ts. */
export interface Row {
  /** `R1`. */
  readonly id: string;
  /** What is tried, in plain English. */
  readonly test: string;
  /** The figure to reach at release scale. */
  readonly bar: string;
  /** Runs in CI, within `npm run check`: all of it must be done in a minute. */
  readonly inCi: boolean;
  run(trial: Trial): Found | Promise<Found>;
}

/** A row that a later issue brings: it stands in the document with that name. */
export interface LaterRow {
  readonly id: string;
  readonly test: string;
  readonly bar: string;
  /** Who brings it: `the lab`. */
  readonly later: string;
}

/** How often something is tried at each scale. */
export type Counts = Readonly<Record<Scale, number>>;

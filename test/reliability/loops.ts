import {
  forSeconds,
  type Span,
  times,
  tryCaptures,
  tryCutFrames,
  tryFrames,
  tryMessages,
  tryRoundTrips,
  type Watch,
} from '../fuzz/loops.ts';

/** What any number of threads may do at once, each with a seed of its own. Gives how many it tried. */
const LOOPS = {
  frames: tryFrames,
  'cut frames': tryCutFrames,
  captures: tryCaptures,
  messages: tryMessages,
  'round trips': tryRoundTrips,
} satisfies Record<string, (seed: number, span: Span, failures: string[], watch: Watch) => number>;

/** One thread's part. */
export interface Share {
  readonly loop: keyof typeof LOOPS;
  readonly seed: number;
  /** null: until the time is over. */
  readonly count: number | null;
  readonly seconds: number;
}

export interface Tried {
  readonly tried: number;
  readonly failures: readonly string[];
  /** How long the slowest took, in ms, where the loop measures that. */
  readonly slowest: number;
}

export function runShare({ loop, seed, count, seconds }: Share): Tried {
  const failures: string[] = [];
  const watch = { slowest: 0 };
  const tried = LOOPS[loop](seed, count === null ? forSeconds(seconds) : times(count), failures, watch);
  return { tried, failures, slowest: watch.slowest };
}

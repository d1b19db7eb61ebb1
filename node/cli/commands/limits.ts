import { Option } from 'commander';

/** The options that bound what is read besides captures, as typed; read by ../limits.ts. */
export interface LimitFlags {
  readonly maxText?: string;
  readonly maxEntries?: string;
}

export const MOST_TEXT = 64 << 20;
export const MOST_ENTRIES = 10_000_000;
export const MOST_COMMANDS = 1_000_000;

export const maxTextOption = (): Option =>
  new Option('--max-text <size>', 'most bytes of a script or another text, or of one line of a table (default: 64mb)');

export const maxEntriesOption = (): Option =>
  new Option(
    '--max-entries <n>',
    'most lines of a table, set or --meta file (default: 10 million), or lines and commands of a script (1 million)',
  );

import { getSize } from '../../src/lang/index.ts';
import { caretInValue } from './caret.ts';
import { type LimitFlags, MOST_COMMANDS, MOST_ENTRIES, MOST_TEXT } from './commands/limits.ts';
import { CommandLineError } from './errors.ts';
import { unsigned } from './numbers.ts';

/** How much is read of each file that is no capture. */
export interface Limits {
  /** Bytes of a text that is read as a whole, and of one line of a table. */
  readonly text: number;
  /** Lines of a table. */
  readonly entries: number;
  /** Lines and tc commands of a script. */
  readonly commands: number;
}

/** What one string of Node's can hold, less a little. */
const LARGEST_TEXT = 511 << 20;
/** What one Map of V8's can hold, less a little. */
const LARGEST_COUNT = 16_000_000;

/** `--max-text` and `--max-entries`. */
export function limitsOf({ maxText, maxEntries }: LimitFlags): Limits {
  const entries = maxEntries === undefined ? undefined : unsigned('--max-entries', maxEntries, LARGEST_COUNT, 1);
  return {
    text: maxText === undefined ? MOST_TEXT : textSize(maxText),
    entries: entries ?? MOST_ENTRIES,
    commands: entries ?? MOST_COMMANDS,
  };
}

/** As tc writes sizes: k, m and g count in 1024. */
function textSize(typed: string): number {
  const size = getSize(typed) ?? 0;
  if (size > 0 && size <= LARGEST_TEXT) return size;
  throw new CommandLineError(
    '--max-text: a size up to 511mb expected, as 256mb',
    caretInValue('--max-text', typed, -1),
  );
}

/** A file has more than is read of it: one line that names the file, the limit and the option. */
export class TooMuchError extends CommandLineError {
  constructor(file: string, what: string, option: string) {
    super(`${file === '-' ? 'standard input' : file}: more than ${what}: ${option} sets another limit`);
  }
}

export const tooLong = (file: string, most: number, where = ''): TooMuchError =>
  new TooMuchError(file, `${sizeText(most)}${where}`, '--max-text SIZE');

export const tooMany = (file: string, most: number, what: string): TooMuchError =>
  new TooMuchError(file, `${most} ${what}`, '--max-entries N');

const sizeText = (bytes: number): string => (bytes % MIB === 0 ? `${bytes / MIB} MiB` : `${bytes} bytes`);
const MIB = 1 << 20;

import { caretInValue } from './caret.ts';
import { CommandLineError } from './errors.ts';

const U32_MAX = 0xffffffff;

/** Decimal or 0x hex. */
export function unsigned(option: string, text: string, max = U32_MAX, min = 0): number {
  const number = /^(0x[0-9a-f]+|[0-9]+)$/i.test(text) ? Number(text) : Number.NaN;
  if (number >= min && number <= max) return number;
  throw new CommandLineError(
    `${option}: expected a whole number from ${min} to ${max}`,
    caretInValue(option, text, -1),
  );
}

/** `--tx-queues`; undefined: it is not there. */
export function txQueuesOf({ txQueues }: { readonly txQueues?: string }): number | undefined {
  return txQueues === undefined ? undefined : unsigned('--tx-queues', txQueues, MOST_QUEUES, 1);
}

/** The most that a device may have here. */
const MOST_QUEUES = 1024;

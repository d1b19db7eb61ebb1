import { VERSION } from '../version.ts';
import { digestOfText, type InputDigest } from './digest.ts';
import type { Question } from './question.ts';
import type { Settled } from './settle.ts';

/** What was asked, by which version and of what: enough to repeat a call, and to see whether it was the same. */
export interface CallRecord {
  readonly version: string;
  /** The call: `classify`, `check`, … */
  readonly call: string;
  /** Without its texts: those are among the inputs. */
  readonly question: Readonly<Record<string, unknown>>;
  readonly inputs: readonly InputDigest[];
}

/**
 * The record of a call. `inputs`: what was read besides the script. Fields that a call has of its own are kept as they are:
 * `hosts` of check() is a number.
 */
export function recordOf(call: string, question: Omit<Question, 'hosts'>, inputs: readonly InputDigest[]): CallRecord {
  const { script, state, conntrack: _, sets: __, files = {}, metadata, ...rest } = question;
  const read = [
    ...inputs,
    ...(script === undefined ? [] : [digestOfText('script', script)]),
    ...(state === undefined ? [] : [digestOfText('state', JSON.stringify(state))]),
  ];
  const others = Object.entries(files).filter(([file]) => !read.some(({ name }) => name === file));
  return {
    version: VERSION,
    call,
    question: { ...rest, ...(metadata?.all === undefined ? {} : { metadata: { all: metadata.all } }) },
    inputs: [...read, ...others.map(([file, text]) => digestOfText(file, text))],
  };
}

/** The same of a call that read captures, with what its tables held. `own`: fields that a question has in this call alone. */
export function recordOfRun(
  call: string,
  { question, inputs: tables }: Settled,
  inputs: readonly InputDigest[],
  own: Readonly<Record<string, unknown>> = {},
): CallRecord {
  return recordOf(call, { ...question, ...own }, [...inputs, ...tables]);
}

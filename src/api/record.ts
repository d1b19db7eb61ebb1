import { VERSION } from '../version.ts';
import { digestOfText, type InputDigest } from './digest.ts';
import type { Question } from './question.ts';

/** What was asked, by which version and of what: enough to repeat a call, and to see whether it was the same. */
export interface CallRecord {
  readonly version: string;
  /** The call: `classify`, `check`, … */
  readonly call: string;
  /** Without its texts: those are among the inputs. */
  readonly question: Readonly<Record<string, unknown>>;
  readonly inputs: readonly InputDigest[];
}

/** Fields of a question that hold whole files. */
const TEXTS = ['script', 'conntrack'] as const;

/** The record of a call. `inputs`: what was read besides the question. */
export function recordOf(call: string, question: Question, inputs: readonly InputDigest[]): CallRecord {
  const { script, conntrack, sets = [], metadata, ...rest } = question;
  const texts = { script, conntrack };
  const own = TEXTS.flatMap((name) => (texts[name] === undefined ? [] : [digestOfText(name, texts[name])]));
  return {
    version: VERSION,
    call,
    question: { ...rest, ...(metadata?.all === undefined ? {} : { metadata: { all: metadata.all } }) },
    inputs: [
      ...inputs,
      ...own,
      ...sets.map(({ name, text }) => digestOfText(name === undefined ? 'sets' : `sets ${name}`, text)),
      ...(metadata?.some === undefined ? [] : [digestOfText('metadata', JSON.stringify(metadata.some))]),
    ],
  };
}

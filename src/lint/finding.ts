import type { Edit } from './edit.ts';
import type { Command } from './script.ts';
import type { Setup } from './setup.ts';

export { applied, byPlace, type Edit, option, put } from './edit.ts';

export const SEVERITIES = ['error', 'warning', 'advice'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** What a rule found. */
export interface Found {
  readonly command: Command;
  /** Index of the word to underline; -1: all of them. */
  readonly word: number;
  /** What is wrong, in a few words. */
  readonly message: string;
  /** What happens to packets because of it. */
  readonly effect: string;
  /** How the command would be right. */
  readonly mend?: readonly Edit[] | null;
  /** Where it is worse or better than the rule's usual. */
  readonly severity?: Severity;
}

/** What is known besides the script. */
export interface Besides {
  /** How many hosts the filters are to keep apart; null: not told. */
  readonly hosts: number | null;
  /** Transmit queues of each device; absent: as many as the script names. */
  readonly txQueues?: number | undefined;
  /** By code: how bad its findings count, whatever the rule says; `off`: it is not looked for. */
  readonly severities?: Severities;
}

export type Severities = Readonly<Record<string, Severity | 'off'>>;

/** One kind of finding. */
export interface Rule {
  readonly code: string;
  readonly severity: Severity;
  /** A few words for lists of rules. */
  readonly title: string;
  look(tree: Setup, besides: Besides): Iterable<Found>;
}

/** Where something was written, as people say it. */
export function lineOf(place: Pick<Command, 'file' | 'line'> | null): string {
  if (place === null) return '';
  const { file, line } = place;
  return file === null ? `line ${line}` : `line ${line} of ${file}`;
}

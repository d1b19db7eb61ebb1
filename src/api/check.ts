import { FormatError } from '../errors.ts';
import { type CheckedFinding, check as checkText, type Report } from '../lint/index.ts';
import { digestOfText } from './digest.ts';
import { fieldsReader, text as textOf, whole } from './question.ts';
import { QuestionError } from './question-error.ts';
import { type CallRecord, recordOf } from './record.ts';

/** What `check` may be given besides the script. */
export interface CheckOptions {
  /** How many hosts the filters are to keep apart: with it, the number of buckets is judged too (FT017). */
  readonly hosts?: number;
  /** Transmit queues of every device. Default: as many as are named, and 2 where a qdisc needs several. */
  readonly txQueues?: number;
  /** The name of the script in the record. */
  readonly name?: string;
}

const readOptions = fieldsReader<CheckOptions>({
  hosts: whole(1, 999_999_999),
  txQueues: whole(1, 1024),
  name: textOf,
});

/** A finding, as it is printed. */
export type FindingRow = Pick<
  CheckedFinding,
  'code' | 'severity' | 'line' | 'column' | 'message' | 'effect' | 'fix' | 'refusedBy'
>;

/** What `check` returns, and what `cls-flow check --format json` prints: docs/schema/check.schema.json. */
export interface Checked {
  readonly schema: 1;
  /** By line. */
  readonly findings: readonly FindingRow[];
  readonly assumed: Report['assumed'];
  readonly notModelled: Report['notModelled'];
  readonly record: CallRecord;
}

/**
 * What is wrong with a tc script: a batch file, a shell script's literal tc lines, or what `tc -j filter show` prints. Each
 * line is run in an emulated kernel.
 *
 * @param text the script
 * @returns findings by line, counted from 1, each with its code (docs/findings), its effect and its mend; what the script
 * builds on and does not make (`assumed`), and words that are not modelled
 * @throws QuestionError where the text cannot be read, or an option is wrong
 * @example
 * for (const { line, code, message } of check('filter add dev eth0 parent 1: flow hash keys src').findings) { … }
 */
export function check(text: string, options: CheckOptions = {}): Checked {
  const { name = 'script', ...besides } = readOptions(options);
  return checkedOf(reportOf(textOf(text, 'script'), besides), text, name, besides);
}

/** The findings with all that the text output shows of them. Throws a QuestionError. */
export function reportOf(text: string, { hosts, txQueues }: CheckOptions): Report {
  try {
    return checkText(text, { hosts: hosts ?? null, txQueues });
  } catch (reason) {
    if (reason instanceof FormatError) throw new QuestionError('script', reason.message, { reason });
    throw reason;
  }
}

/** The JSON of a report. */
export function checkedOf(report: Report, text: string, name: string, question: CheckOptions): Checked {
  const findings = report.findings.map(({ code, severity, line, column, message, effect, fix, refusedBy }) => ({
    ...{ code, severity, line, column, message, effect, fix, refusedBy },
  }));
  const { assumed, notModelled } = report;
  return { schema: 1, findings, assumed, notModelled, record: recordOf('check', question, [digestOfText(name, text)]) };
}

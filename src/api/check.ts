import type { InputKind } from '../command/index.ts';
import { FormatError } from '../errors.ts';
import {
  type CheckedFinding,
  check as checkText,
  type NotModelledAt,
  type Place,
  type Report,
  type TextEdit,
} from '../lint/index.ts';
import { codesOf, ignoredOf, type Rulings, rulings, severitiesOf } from './check-rules.ts';
import { digestOfText } from './digest.ts';
import { fieldsReader, text as textOf, whole } from './question.ts';
import { QuestionError } from './question-error.ts';
import { type CallRecord, recordOf } from './record.ts';

/** What `check` may be given besides the script. */
export interface CheckOptions extends Rulings {
  /** How many hosts the filters are to keep apart: with it, the number of buckets is judged too (FT017). */
  readonly hosts?: number;
  /** Transmit queues of every device. Default: as many as are named, and 2 where a qdisc needs several. */
  readonly txQueues?: number;
  /** The name of the script in the record. */
  readonly name?: string;
}

/** Checks the types and ranges of options, and that each code is one. Throws a QuestionError that names the field. */
export const readCheckOptions = fieldsReader<CheckOptions>({
  hosts: whole(1, 999_999_999),
  txQueues: whole(1, 1024),
  only: codesOf,
  ignore: ignoredOf,
  severities: severitiesOf,
  name: textOf,
});

/** A finding, as it is printed. */
export interface FindingRow
  extends Pick<
    CheckedFinding,
    'code' | 'severity' | 'line' | 'column' | 'message' | 'effect' | 'fix' | 'refusedBy' | 'endLine' | 'endColumn'
  > {
  /** Name of the script. */
  readonly file: string;
  /** The fix as changes of the script's text. */
  readonly edits: readonly TextEdit[];
}

/** Lines that could not be judged. */
export interface UncheckedRow extends Omit<Place, 'length'> {
  readonly file: string;
  readonly why: string;
}

/** One of the scripts. */
export interface FileRow {
  readonly file: string;
  /** What it was taken for, by its text; null: it could not be read. */
  readonly kind: InputKind | null;
  /** tc commands that were run. */
  readonly commands: number;
  readonly assumed: Report['assumed'];
  /** Why it could not be checked; null: it was. */
  readonly problem: string | null;
}

/** What `check` returns, and what `cls-flow check --format json` prints: docs/schema/check.schema.json. */
export interface Checked {
  readonly schema: 1;
  /** By file, by line. */
  readonly findings: readonly FindingRow[];
  /** Of all files, each once. */
  readonly assumed: Report['assumed'];
  readonly notModelled: readonly (NotModelledAt & { readonly file: string })[];
  readonly record: CallRecord;
  readonly unchecked: readonly UncheckedRow[];
  /** In the order in which they were given. */
  readonly files: readonly FileRow[];
}

/** A script, and what was found in it. */
export interface JudgedScript {
  readonly name: string;
  /** null: it could not be read. */
  readonly text: string | null;
  readonly report: Report | null;
  readonly problem: string | null;
}

/**
 * What is wrong with a tc script: a batch file, a shell script's literal tc lines, or what `tc -j … show` or `tc … show`
 * prints. Each
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
  const { name = 'script', ...besides } = readCheckOptions(options);
  return checkedOf([{ name, text, report: reportOf(textOf(text, 'script'), besides), problem: null }], besides);
}

/** The findings with all that the text output shows of them, by options that were read. Throws a QuestionError. */
export function reportOf(text: string, options: CheckOptions): Report {
  const { hosts, txQueues } = options;
  try {
    return checkText(text, { hosts: hosts ?? null, txQueues, severities: rulings(options) });
  } catch (reason) {
    if (reason instanceof FormatError) throw new QuestionError('script', reason.message, { reason });
    throw reason;
  }
}

/** The JSON of reports. */
export function checkedOf(scripts: readonly JudgedScript[], question: CheckOptions): Checked {
  const judged = scripts.flatMap(({ name: file, report }) => (report === null ? [] : [{ file, report }]));
  return {
    schema: 1,
    findings: judged.flatMap(({ file, report }) => report.findings.map((finding) => findingRow(file, finding))),
    assumed: [...new Set(judged.flatMap(({ report }) => report.assumed))],
    notModelled: judged.flatMap(({ file, report }) => report.notModelled.map((one) => ({ ...one, file }))),
    record: recordOf(
      'check',
      question,
      scripts.flatMap(({ name, text }) => (text === null ? [] : [digestOfText(name, text)])),
    ),
    unchecked: judged.flatMap(({ file, report }) => report.unchecked.map((place) => uncheckedRow(file, place))),
    files: scripts.map(fileRow),
  };
}

function findingRow(file: string, finding: CheckedFinding): FindingRow {
  const { code, severity, line, column, message, effect, fix, refusedBy, endLine, endColumn, changes } = finding;
  return {
    ...{ code, severity, line, column, message, effect, fix, refusedBy },
    ...{ file, endLine, endColumn, edits: changes },
  };
}

function uncheckedRow(
  file: string,
  { line, column, endLine, endColumn, why }: Report['unchecked'][number],
): UncheckedRow {
  return { file, line, column, endLine, endColumn, why };
}

function fileRow({ name, report, problem }: JudgedScript): FileRow {
  const { commands = [], kind = null } = report?.script ?? {};
  return { file: name, kind, commands: commands.length, assumed: report?.assumed ?? [], problem };
}

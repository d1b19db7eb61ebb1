import type { InputKind } from '../command/index.ts';
import { FormatError } from '../errors.ts';
import {
  type CheckedFinding,
  checkSimulated,
  check as checkText,
  type FilePlace,
  type NotModelledAt,
  type Report,
  type Besides as RuleBesides,
  type TextEdit,
  type UncheckedAt,
} from '../lint/index.ts';
import type { Simulated, SourcePlace } from '../shell/index.ts';
import { codesOf, ignoredOf, type Rulings, rulings, severitiesOf } from './check-rules.ts';
import { digestOfText } from './digest.ts';
import { type Fields, fieldsReader, type Question, text as textOf, whole } from './question.ts';
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

/** How each option is read. */
export const CHECK_FIELDS: Fields<CheckOptions> = {
  hosts: whole(1, 999_999_999),
  txQueues: whole(1, 1024),
  only: codesOf,
  ignore: ignoredOf,
  severities: severitiesOf,
  name: textOf,
};

/** Checks the types and ranges of options, and that each code is one. Throws a QuestionError that names the field. */
export const readCheckOptions = fieldsReader<CheckOptions>(CHECK_FIELDS);

/** A finding, as it is printed. */
export interface FindingRow
  extends Pick<
    CheckedFinding,
    | 'code'
    | 'severity'
    | 'line'
    | 'column'
    | 'message'
    | 'effect'
    | 'fix'
    | 'refusedBy'
    | 'endLine'
    | 'endColumn'
    | 'turns'
    | 'loops'
  > {
  /** Name of the script, or of the file that it reads. */
  readonly file: string;
  /** The fix as changes of texts; none where a variable made the words. */
  readonly edits: readonly EditRow[];
}

export interface EditRow extends TextEdit {
  readonly file: string;
}

/** Where something is. */
interface PlaceRow extends Omit<FilePlace, 'length' | 'file'> {
  readonly file: string;
}

/** Lines that could not be judged; or what else is to be known of a line. */
export interface UncheckedRow extends PlaceRow {
  readonly why: string;
}

/** A question of the script that only its machine could answer, and what was assumed. */
export interface AssumptionRow extends PlaceRow {
  readonly question: string;
  readonly answer: string;
}

/** Where a script ends before its end. */
export interface EndRow extends UncheckedRow {
  /** `exit`: it ends there in reality, and the rest was judged; `limit`: it was simulated no further; `syntax`: no shell can read on. */
  readonly kind: 'exit' | 'limit' | 'syntax';
}

/** One of the scripts. */
export interface FileRow {
  readonly file: string;
  /** tc commands that were run. */
  readonly commands: number;
  readonly assumed: Report['assumed'];
  /** Why it could not be checked; null: it was. */
  readonly problem: string | null;
  /** What it was taken for; null: it could not be read. */
  readonly kind: InputKind | null;
  /** Arguments of the simulated run; null: it was not run. */
  readonly args: readonly string[] | null;
  /** No arguments were given, and without one the script gives no tc command. */
  readonly triedStart: boolean;
  /** Where the script ends before its end; null: it does not, or was not run. */
  readonly ended: EndRow | null;
}

/** What `check` returns, and what `cls-flow check --format json` prints: docs/schema/check.schema.json. */
export interface Checked {
  readonly schema: 1;
  /** By file, by line. */
  readonly findings: readonly FindingRow[];
  /** Of all files, each once. */
  readonly assumed: Report['assumed'];
  readonly notModelled: readonly NotModelledRow[];
  readonly record: CallRecord;
  readonly unchecked: readonly UncheckedRow[];
  /** In the order in which they were given. */
  readonly files: readonly FileRow[];
  /** What was assumed of the machine that the scripts run on. */
  readonly assumptions: readonly AssumptionRow[];
  /** Other things that a simulated run came by. */
  readonly notes: readonly UncheckedRow[];
}

export interface NotModelledRow extends NotModelledAt {
  readonly file: string;
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
 * prints. Each line is run in an emulated kernel. checkScript() also reads shell scripts with variables and loops.
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
  try {
    return checkText(text, besidesOf(options));
  } catch (reason) {
    if (reason instanceof FormatError) throw new QuestionError('script', reason.message, { reason });
    throw reason;
  }
}

/** The same of what a simulated run of a shell script gave tc. */
export function reportOfSimulated(simulated: Simulated, options: CheckOptions): Report {
  return checkSimulated(simulated, besidesOf(options));
}

function besidesOf(options: CheckOptions): RuleBesides {
  const { hosts, txQueues } = options;
  return { hosts: hosts ?? null, txQueues, severities: rulings(options) };
}

/** What a shell script is given. */
export type ScriptGiven = Pick<Question, 'args' | 'env' | 'files'>;

/** The JSON of reports. */
export function checkedOf(scripts: readonly JudgedScript[], question: CheckOptions & ScriptGiven): Checked {
  const judged = scripts.flatMap(({ name, report }) => (report === null ? [] : [{ name, report }]));
  const runs = judged.flatMap(({ report: { script } }) => script.simulated ?? []);
  return {
    schema: 1,
    findings: judged.flatMap(({ name, report }) => report.findings.map((finding) => findingRow(name, finding))),
    assumed: [...new Set(judged.flatMap(({ report }) => report.assumed))],
    notModelled: judged.flatMap(({ name, report }) => report.notModelled.map((one) => inFile(name, one))),
    record: recordOf(
      'check',
      question,
      scripts.flatMap(textsOf).map(([name, text]) => digestOfText(name, text)),
    ),
    unchecked: judged.flatMap(({ name, report }) => report.unchecked.map((one) => uncheckedRow(name, one))),
    files: scripts.map(fileRow),
    assumptions: runs.flatMap(({ assumptions }) =>
      assumptions.map(({ place, question, answer }) => ({ ...sourceRow(place), question, answer })),
    ),
    notes: runs.flatMap(({ notes }) => notes.map(noteRow)),
  };
}

/** A script and the files that it reads. */
function textsOf({ name, text, report }: JudgedScript): [name: string, text: string][] {
  if (text === null) return [];
  const others = [...(report?.script.texts ?? [])].flatMap(([file, other]): [string, string][] =>
    file === null ? [] : [[file, other]],
  );
  return [[name, text], ...others];
}

function findingRow(name: string, finding: CheckedFinding): FindingRow {
  const { code, severity, line, column, message, effect, fix, refusedBy, endLine, endColumn, changes } = finding;
  const { turns, loops } = finding;
  return {
    ...{ code, severity, line, column, message, effect, fix, refusedBy },
    ...{ file: finding.file ?? name, endLine, endColumn, edits: changes.map((change) => inFile(name, change)) },
    ...{ turns, loops },
  };
}

/** With the name of the file; `name`: of the script. */
const inFile = <P extends { readonly file: string | null }>(name: string, one: P): P & { readonly file: string } => ({
  ...one,
  file: one.file ?? name,
});

function uncheckedRow(name: string, { file, line, column, endLine, endColumn, why }: UncheckedAt): UncheckedRow {
  return { file: file ?? name, line, column, endLine, endColumn, why };
}

const sourceRow = ({ file, line, column, endLine, endColumn }: SourcePlace): PlaceRow => ({
  ...{ file, line, column },
  ...{ endLine, endColumn },
});

const noteRow = ({ place, why }: Simulated['notes'][number]): UncheckedRow => ({ ...sourceRow(place), why });

function fileRow({ name, report, problem }: JudgedScript): FileRow {
  const { commands = [], kind = null, simulated = null } = report?.script ?? {};
  const { args = null, triedStart = false, ended = null } = simulated ?? {};
  return {
    ...{ file: name, commands: commands.length, assumed: report?.assumed ?? [], problem },
    ...{ kind, args, triedStart, ended: ended === null ? null : { ...noteRow(ended), kind: ended.kind } },
  };
}

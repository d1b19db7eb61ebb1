import { anything } from '../argument.ts';
import { getClassid } from '../lang/index.ts';
import { type CaptureProblem, type ClassHosts, classHosts } from '../report/index.ts';
import { classText } from '../u32.ts';
import { Classifying } from './classify.ts';
import { fullTableNotes } from './full-table.ts';
import { checkOptions } from './options.ts';
import { type Question, whole } from './question.ts';
import { QuestionError } from './question-error.ts';
import { type ReadOptions, readSources } from './read.ts';
import { type CallRecord, recordOfRun } from './record.ts';
import type { Source } from './source.ts';

/** Addresses of each class that are listed unless a limit is given. */
const LIMIT = 1000;
/** As many as are counted one by one. */
const MOST = 1 << 22;

export interface HostsOptions extends ReadOptions {
  /** Of this class alone: `1:2a`. */
  readonly classid?: string;
  /** Addresses that are listed of each class at most. Default: 1000; most: 4 194 304. */
  readonly limit?: number;
}

/** The hosts of one class. */
export interface HostsRow extends Omit<ClassHosts, 'classid'> {
  readonly classid: string;
}

/** What `hosts` returns: docs/schema/hosts.schema.json. */
export interface HostsFound {
  readonly schema: 1;
  readonly complete: boolean;
  /** There were too many to be counted one by one: counts are estimates, addresses a sample. Absent where there were not. */
  readonly estimated?: true;
  /** Classes with a host, most hosts first; with `classid` that one alone, if it has any. */
  readonly classes: readonly HostsRow[];
  readonly errors: readonly CaptureProblem[];
  readonly record: CallRecord;
}

/**
 * Who is in each class, or in one: the addresses that `classify` counts as its hosts. A host is the sender, unless the
 * keys of the filter name another.
 *
 * @param source captures: bytes, chunks of any size, a Blob, or several with names; pcap or pcapng
 * @param question the filters or the script, and what else is known
 * @returns for each class the number of its hosts, and the lowest addresses: IPv4 first, `options.limit` of them
 * @throws QuestionError with the field that is wrong; CancelledError after `options.signal`
 * @example
 * const { classes } = await hosts(bytes, { filters: ['hash keys src divisor 16'] }, { classid: '1:7' });
 * console.log(classes[0]?.addresses);
 */
export async function hosts(source: Source, question: Question, options: HostsOptions = {}): Promise<HostsFound> {
  checkOptions(options, { classid: anything, limit: anything });
  const { classid, limit = LIMIT } = options;
  const most = whole(1, MOST)(limit, 'limit');
  const only = classid === undefined ? null : classOf(classid);
  const classifying = await Classifying.of({ ...question, flows: true }, options);
  const { errors, inputs } = await readSources(source, classifying.taker(), options);
  const { run, replay, settled } = classifying;
  replay.settle();
  for (const note of fullTableNotes(run)) options.note?.(note);
  const rows = run.sharing === null ? [] : classHosts(run.sharing, most, only);
  return {
    ...{ schema: 1, complete: errors.length === 0 },
    ...(run.sharing?.isEstimate ? { estimated: true } : {}),
    classes: rows.map((row) => ({ ...row, classid: classText(row.classid) })),
    errors,
    record: recordOfRun('hosts', { ...settled, question }, inputs, {
      ...(classid === undefined ? {} : { classid }),
      limit,
    }),
  };
}

function classOf(typed: unknown): number {
  const id = typeof typed === 'string' && /^[0-9a-f]{1,4}:[0-9a-f]{0,4}$/i.test(typed) ? getClassid(typed) : undefined;
  if (id !== undefined) return id;
  throw new QuestionError('classid', 'expected a class id like 1:2a');
}

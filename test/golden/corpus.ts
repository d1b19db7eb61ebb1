import { Listener, runTc } from '../../src/command/index.ts';
import { shellWords } from '../../src/lang/index.ts';
import { hexOf, readTc } from '../../src/netlink/index.ts';
import { readRecord } from './records.ts';
import { emptyReport, type Report, record } from './report.ts';

/** A flow filter command found in a public script, and what tc 6.1.0 made of it. */
export interface CorpusRow {
  readonly id: string;
  readonly command: string;
  readonly parses: boolean;
  readonly handle: number;
  readonly parent: number;
  readonly info: number;
  /** TCA_OPTIONS, hex. */
  readonly options: string;
  /** What tc says first where it refuses. */
  readonly error: string;
}

/** The table's columns: id, origin, command, parses, tcm_handle, tcm_parent, tcm_info, options, error. */
export function readCorpus(directory: string): CorpusRow[] {
  const text = readRecord(directory, 'filters.tsv')?.toString('utf8') ?? '';
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [id = '', , command = '', parses, handle, parent, info, options = '', error = ''] = line.split('\t');
      const numbers = { handle: Number(handle), parent: Number(parent), info: Number(info) };
      return { id, command, parses: parses === 'yes', ...numbers, options, error };
    });
}

/** corpus/: commands of real scripts give tc's bytes, or are refused in tc's words. */
export function checkCorpus(directory: string): Report {
  const report = emptyReport();
  for (const row of readCorpus(directory)) record(report, `${row.id} ${row.command}`, checkRow(row));
  return report;
}

function checkRow(row: CorpusRow): string[] {
  const listener = new Listener();
  const { stderr } = runTc(shellWords(row.command).slice(1), { transport: listener });
  const [request, ...more] = listener.requests;
  const said = stderr.split('\n')[0] ?? '';
  if (!row.parses) {
    const differences = said === row.error ? [] : [`says ${JSON.stringify(said)}, tc ${JSON.stringify(row.error)}`];
    return request === undefined ? differences : [...differences, 'sends a request, tc none'];
  }
  if (request === undefined || more.length > 0) return [`${listener.requests.length} requests, tc one: ${said}`];
  const { handle, parent, info, attributes } = readTc(request);
  const options = attributes.options === undefined ? '' : hexOf(attributes.options);
  const ours: Readonly<Record<string, string | number>> = { handle, parent, info, options };
  return Object.entries({ handle: row.handle, parent: row.parent, info: row.info, options: row.options })
    .filter(([name, theirs]) => ours[name] !== theirs)
    .map(([name, theirs]) => `${name} ${ours[name]}, tc ${theirs}`);
}

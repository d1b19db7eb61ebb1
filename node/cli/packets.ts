import type { WalkedRecord } from '../../src/api/index.ts';
import { type CaptureProblem, csv, endText } from '../../src/report/index.ts';
import { caretInValue } from './caret.ts';
import { CommandLineError } from './errors.ts';

const COLUMNS = ['packet', 'time', 'length', 'classid', 'pref', 'handle', 'verdict', 'exactness', 'reason'] as const;
const ENDS = ['file', 'interface', 'protocol', 'src', 'srcPort', 'dst', 'dstPort'] as const;
/** What `--fields` can choose; without it CSV has all but the last two. */
const FIELDS = [...COLUMNS, ...ENDS, 'missing', 'fate'] as const;
type Field = (typeof FIELDS)[number];

/** One way to write records: what stands above them, each of them, and what is said if captures were not read to the end. */
export interface PacketFormat {
  readonly head: string;
  line(record: WalkedRecord): string;
  incomplete(errors: readonly CaptureProblem[]): string;
}

const WIDTHS = { packet: 8, time: 20, length: 6, classid: 9, filter: 8, verdict: 8 } as const;

const NDJSON: PacketFormat = {
  head: '',
  line: (record) => `${JSON.stringify(record)}\n`,
  incomplete: (errors) => `${JSON.stringify({ complete: false, errors })}\n`,
};

function csvOf(fields: readonly Field[]): PacketFormat {
  return {
    head: csv([fields]),
    line: (record) => csv([fields.map((field) => cell(record, field))]),
    incomplete: () => '',
  };
}

function cell({ missing = [], fate, ...record }: WalkedRecord, field: Field): string | number | null {
  if (field === 'missing') return missing.join(' ');
  if (field === 'fate') return fate === undefined ? null : endText(fate);
  return record[field] ?? null;
}

/** The format with the fields of `--fields a,b,c` alone. Throws CommandLineError. */
export function packetFormat(format: 'table' | 'json' | 'ndjson' | 'csv', typed: string | undefined): PacketFormat {
  if (typed === undefined) return PACKET_FORMATS[format];
  if (format === 'table') throw new CommandLineError('--fields: goes with --format ndjson or csv');
  const fields = typed.split(',').map((name) => {
    const field = FIELDS.find((one) => one === name);
    if (field !== undefined) return field;
    throw new CommandLineError(
      `--fields: no such field "${name}"`,
      caretInValue('--fields', typed, -1, name),
      `fields: ${FIELDS.join(', ')}`,
    );
  });
  if (format === 'csv') return csvOf(fields);
  const picked = (record: WalkedRecord) => Object.fromEntries(fields.map((field) => [field, record[field] ?? null]));
  return { ...NDJSON, line: (record) => `${JSON.stringify(picked(record))}\n` };
}

/** JSON is one object a line here: nobody could wait for the end of an array of millions. */
export const PACKET_FORMATS: Readonly<Record<'table' | 'json' | 'ndjson' | 'csv', PacketFormat>> = {
  json: NDJSON,
  ndjson: NDJSON,
  csv: csvOf([...COLUMNS, ...ENDS]),
  table: {
    head: alignedLine('packet', 'time', 'length', 'class', 'filter', 'verdict', 'exactness'),
    line: (r) =>
      alignedLine(
        String(r.packet),
        r.time,
        String(r.length),
        r.classid ?? '-',
        r.pref === null ? '-' : `${r.pref} ${r.handle}`,
        r.verdict,
        r.fate === undefined ? (r.reason ?? r.exactness) : endText(r.fate),
      ),
    incomplete: (errors) => `incomplete: ${errors.length} of the captures could not be read to the end\n`,
  },
};

function alignedLine(
  packet: string,
  time: string,
  length: string,
  classid: string,
  filter: string,
  verdict: string,
  rest: string,
): string {
  const numbers = [packet.padStart(WIDTHS.packet), time.padStart(WIDTHS.time), length.padStart(WIDTHS.length)];
  const answer = [classid.padStart(WIDTHS.classid), filter.padEnd(WIDTHS.filter), verdict.padEnd(WIDTHS.verdict), rest];
  return `${[...numbers, ...answer].join('  ')}\n`;
}

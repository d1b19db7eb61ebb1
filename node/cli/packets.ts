import type { WalkedRecord } from '../../src/api/index.ts';
import { type CaptureProblem, csv, endText } from '../../src/report/index.ts';

const COLUMNS = ['packet', 'time', 'length', 'classid', 'pref', 'handle', 'verdict', 'exactness', 'reason'] as const;

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

/** JSON is one object a line here: nobody could wait for the end of an array of millions. */
export const PACKET_FORMATS: Readonly<Record<'table' | 'json' | 'ndjson' | 'csv', PacketFormat>> = {
  json: NDJSON,
  ndjson: NDJSON,
  csv: {
    head: csv([COLUMNS]),
    line: (record) => csv([COLUMNS.map((column) => record[column] ?? null)]),
    incomplete: () => '',
  },
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

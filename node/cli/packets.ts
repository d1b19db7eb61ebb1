import type { Frame } from '../../src/capture/index.ts';
import type { Journey } from '../../src/kernel/index.ts';
import { inputNames } from '../../src/packet/index.ts';
import { type CaptureProblem, csv, endText } from '../../src/report/index.ts';
import type { Run } from '../../src/run.ts';
import { classText } from '../../src/u32.ts';
import { verdictName } from '../../src/verdict.ts';

/** One packet's answer: docs/schema/packets.schema.json. */
export interface PacketRecord {
  /** Counted from 1 over all captures. */
  readonly packet: number;
  /** Seconds since 1970 with nine decimals: more digits than a number holds. */
  readonly time: string;
  /** Bytes on the wire. */
  readonly length: number;
  readonly classid: string | null;
  readonly pref: number | null;
  readonly handle: string | null;
  readonly verdict: string;
  readonly exactness: string;
  /** The inputs that the result rests on and that are not known; absent where there are none. */
  readonly missing?: readonly string[];
  /** Why there is no class; absent where there is one. */
  readonly reason?: string;
}

/** With a script: the way through its tree, too. */
type WalkedRecord = PacketRecord & Partial<Journey>;

/** What the run found for the frame it saw last. */
export function packetRecord(run: Run, frame: Frame): WalkedRecord {
  const { reason, classid, pref } = run;
  const common = { packet: run.number, time: timeText(frame.seconds, frame.nanoseconds), length: run.length };
  const verdict = verdictName(run.verdict);
  const { exactness } = run;
  const missing = run.rests === 0 ? {} : { missing: inputNames(run.rests) };
  const why = { ...missing, ...(reason === null ? {} : { reason }), ...run.journey };
  if (run.verdict < 0) return { ...common, classid: null, pref: null, handle: null, verdict, exactness, ...why };
  const handle = `0x${run.handle.toString(16)}`;
  return { ...common, classid: classText(classid), pref, handle, verdict, exactness, ...why };
}

/** `seconds.nanoseconds`; the nanoseconds count upwards from the seconds, also before 1970. */
export function timeText(seconds: number, nanoseconds: number): string {
  const before = seconds < 0 && nanoseconds > 0;
  const whole = before ? seconds + 1 : seconds;
  const part = before ? 1e9 - nanoseconds : nanoseconds;
  return `${seconds < 0 ? '-' : ''}${Math.abs(whole)}.${String(part).padStart(9, '0')}`;
}

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

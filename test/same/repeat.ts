import { Frame, openCapture } from '../../src/capture/index.ts';
import { FormatError } from '../../src/errors.ts';

/** What a capture is made longer by: its records again behind one header (pcap), or its sections again (pcapng). */
export interface Parts {
  readonly head: Uint8Array;
  readonly body: Uint8Array;
  /** What follows the last whole record, damage included: it stays at the end. */
  readonly tail: Uint8Array;
}

const PCAP_HEADER = 24;
const SECTION = 0x0a;

/** null: it has no packet. */
export function partsOf(file: Uint8Array): Parts | null {
  const end = wholeRecords(file);
  const begin = file[0] === SECTION ? 0 : PCAP_HEADER;
  if (end <= begin) return null;
  return { head: file.subarray(0, begin), body: file.subarray(begin, end), tail: file.subarray(end) };
}

/** Where the last whole record ends. */
function wholeRecords(file: Uint8Array): number {
  const reader = openCapture();
  const frame = new Frame();
  let end = 0;
  try {
    reader.push(file);
    reader.finish();
    while (reader.next(frame)) end = reader.offset;
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
  }
  return end;
}

/** The body once or more often, about a piece long, and how often that must come to reach the size. */
export function repeated({ body }: Parts, least: number): { readonly piece: Uint8Array; readonly times: number } {
  const copies = Math.max(1, Math.floor(PIECE / body.length));
  const piece = new Uint8Array(copies * body.length);
  for (let i = 0; i < copies; i++) piece.set(body, i * body.length);
  return { piece, times: Math.ceil(least / piece.length) };
}

const PIECE = 1 << 20;

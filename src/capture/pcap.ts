import { FormatError, LimitError } from '../errors.ts';
import { type CaptureInterface, type CaptureReader, type Frame, type RecordLayout, UNNAMED } from './frame.ts';
import type { Cut } from './window.ts';
import { Window } from './window.ts';

/** Longest frame accepted. The longest a Linux device makes is 64 KiB, with generic offloads 512 KiB. */
export const MAX_FRAME = 16 << 20;

/** First four bytes of the file as a big-endian number: byte order of the rest, unit of the fraction, record header. */
const MAGICS = [
  { magic: 0xa1b2c3d4, little: false, unit: 1000, header: 16 },
  { magic: 0xd4c3b2a1, little: true, unit: 1000, header: 16 },
  { magic: 0xa1b23c4d, little: false, unit: 1, header: 16 },
  { magic: 0x4d3cb2a1, little: true, unit: 1, header: 16 },
  // "Modified" pcap: interface index, protocol and packet type after the usual fields.
  { magic: 0xa1b2cd34, little: false, unit: 1000, header: 24 },
  { magic: 0x34cdb2a1, little: true, unit: 1000, header: 24 },
] as const;

export const LINKTYPE_ETHERNET = 1;
const FILE_HEADER = 24;
const SECOND = 1_000_000_000;

function magicOf(head: Uint8Array): (typeof MAGICS)[number] | undefined {
  if (head.length < 4) return undefined;
  const magic = new DataView(head.buffer, head.byteOffset).getUint32(0);
  return MAGICS.find((row) => row.magic === magic);
}

export function isPcap(head: Uint8Array): boolean {
  return magicOf(head) !== undefined;
}

/** pcap, versions 2.0 to 2.4, in all six spellings of its magic number (draft-ietf-opsawg-pcap). */
export class PcapReader implements CaptureReader {
  readonly interfaces: CaptureInterface[] = [];
  private described = UNNAMED;
  readonly window: Window;
  private little = false;
  /** Nanoseconds in one unit of the fraction. */
  private unit = 1000;
  private header = 0;
  private linkType = 0;
  record = 0;
  /** Versions before 2.4: the two lengths may stand the other way round. */
  private swapped = false;
  private knownLayout: RecordLayout | null = null;

  /** `data`: a buffer to begin with. */
  constructor(data?: Uint8Array) {
    this.window = new Window(data);
  }

  get offset(): number {
    return this.window.offset;
  }

  get cut(): Cut | null {
    return this.window.cut;
  }

  push(chunk: Uint8Array): void {
    this.window.push(chunk);
  }

  room(size: number): Uint8Array {
    return this.window.room(size);
  }

  filled(size: number): void {
    this.window.filled(size);
  }

  /** Of the usual header alone: versions before 2.4, and the "modified" one, are nobody else's. */
  get layout(): RecordLayout | null {
    return this.knownLayout;
  }

  finish(): void {
    this.window.finished = true;
  }

  seek(offset: number): void {
    if (this.header === 0) throw new FormatError(0, 'expected the file header before a record is sought');
    if (!Number.isSafeInteger(offset) || offset < FILE_HEADER) {
      throw new FormatError(0, `record at ${offset}, expected a whole number from ${FILE_HEADER} on`);
    }
    this.window.seek(offset);
  }

  next(frame: Frame): boolean {
    const window = this.window;
    if (this.header === 0 && !this.begin()) return false;
    if (!window.has(this.header, 'record header')) return false;
    const { view, at } = window;
    const little = this.little;
    const first = view.getUint32(at + 8, little);
    const second = view.getUint32(at + 12, little);
    const captured = this.swapped && second < first ? second : first;
    if (captured > MAX_FRAME) {
      throw new LimitError(this.offset + 8, `captured length ${captured}, expected at most ${MAX_FRAME}`);
    }
    const size = this.header + captured;
    if (!window.has(size, 'record')) return false;
    const fraction = view.getUint32(at + 4, little) * this.unit;
    const carry = fraction < SECOND ? 0 : Math.floor(fraction / SECOND);
    frame.seconds = view.getUint32(at, little) + carry;
    frame.nanoseconds = fraction - carry * SECOND;
    frame.length = captured === first ? second : first;
    frame.linkType = this.linkType;
    frame.interface = this.described;
    frame.data = window.data;
    frame.at = at + this.header;
    frame.end = at + size;
    this.record = window.offset;
    window.at = at + size;
    return true;
  }

  /** Reads the file header; false if it is not all there yet. */
  private begin(): boolean {
    const window = this.window;
    if (!window.has(FILE_HEADER, 'file header')) return false;
    const { view } = window;
    const row = magicOf(window.data);
    if (!row) throw new FormatError(0, 'expected a pcap magic number');
    const major = view.getUint16(4, row.little);
    const minor = view.getUint16(6, row.little);
    if (major !== 2 || minor > 4) throw new FormatError(4, `pcap version ${major}.${minor}, expected 2.0 to 2.4`);
    this.swapped = minor < 4;
    const field = view.getUint32(20, row.little);
    // Upper half: length of the frame check sequence (bits 28…31), its presence (26), the rest reserved.
    if ((field & 0x03ff0000) !== 0) {
      throw new FormatError(20, `link type 0x${field.toString(16)}, expected bits 16 to 25 to be zero`);
    }
    this.linkType = field & 0xffff;
    this.little = row.little;
    this.unit = row.unit;
    this.header = row.header;
    this.described = { linkType: this.linkType, snapLength: view.getUint32(16, row.little), name: '' };
    this.interfaces.push(this.described);
    window.at = FILE_HEADER;
    if (row.header === 16 && !this.swapped) this.knownLayout = this.layoutOf();
    return true;
  }

  private layoutOf(): RecordLayout {
    const unit = this.unit;
    const ethernet = this.linkType === LINKTYPE_ETHERNET ? 1 : 0;
    const words: RecordLayout['words'] = (seconds, nanoseconds) => [seconds, Math.ceil(nanoseconds / unit)];
    return { format: 'pcap', little: this.little, ethernet, unit, words };
  }
}

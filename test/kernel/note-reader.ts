import type { Era } from '../../src/era.ts';
import type { SipKey } from '../../src/hash/index.ts';
import { swab16 } from '../../src/u32.ts';
import type { Btf } from './btf.ts';
import {
  FILTER_SIZE,
  FILTERS,
  NAME_BYTES,
  Note,
  type Places,
  placesOf,
  SNAP,
  TUPLE_BYTES,
  WHATS,
  type What,
} from './note.ts';
import { type KernelPacket, PacketReader } from './sk-buff.ts';

/** Link headers and others of the packet that a list was asked about. */
export interface TracedPacket extends KernelPacket {
  readonly device: string;
  readonly realms: number;
  /** Original and reply; only where it has a connection. */
  readonly tuples: readonly [Buffer, Buffer];
  /** Which of the two, and in which state: enum ip_conntrack_info. */
  readonly ctinfo: number;
  /** From the link header on, as far as they are in one piece, SNAP at most. */
  readonly bytes: Buffer;
}

export interface FlowFilterSeen {
  readonly handle: number;
  readonly hashrnd: number;
}

/** One thing that happened. What a kind of note does not have is 0, or empty. */
export interface Event {
  readonly what: What;
  readonly mark: number;
  readonly priority: number;
  readonly gave: number;
  readonly classid: number;
  readonly handle: number;
  readonly parent: number;
  readonly pref: number;
  readonly protocol: number;
  readonly chain: number;
  readonly len: number;
  readonly skbProtocol: number;
  readonly vlanTci: number;
  readonly ifindex: number;
  readonly kind: string;
  readonly flow: readonly FlowFilterSeen[];
  readonly packet: TracedPacket | null;
}
/** Reads what the programs wrote. */
export class NoteReader {
  private readonly reader: PacketReader;
  private readonly places: Places;
  private readonly fold: (pointer: bigint) => number;
  private readonly packets: Buffer;
  private readonly nfct: number;
  private readonly paged: number;

  constructor(btf: Btf, era: Era, foldKey: SipKey, packets: Buffer) {
    this.reader = new PacketReader(btf);
    this.places = placesOf(btf);
    this.packets = packets;
    this.nfct = btf.offset('sk_buff', '_nfct');
    this.paged = btf.offset('sk_buff', 'data_len');
    const word = (pointer: bigint): number => Number(BigInt.asIntN(32, pointer));
    this.fold = (pointer) => era.fold(word(pointer), word(pointer >> 32n), foldKey) >>> 0;
  }

  byFrame(notes: Buffer): Map<number, Event[]> {
    const found = new Map<number, Event[]>();
    for (let at = 0; at + Note.size <= notes.length; at += Note.size) {
      const frame = notes.readUInt32LE(at + Note.frame);
      const events = found.get(frame) ?? [];
      events.push(this.event(notes.subarray(at, at + Note.size)));
      found.set(frame, events);
    }
    return found;
  }

  private event(note: Buffer): Event {
    const word = (at: number): number => note.readUInt32LE(at);
    const what = WHATS[word(Note.what)] ?? 'xmit';
    const number = word(Note.packet);
    return {
      what,
      mark: word(Note.mark),
      priority: word(Note.priority),
      gave: note.readInt32LE(Note.gave),
      classid: word(Note.classid),
      handle: word(Note.handle),
      parent: word(Note.parent),
      pref: word(Note.pref) >>> 16,
      protocol: swab16(word(Note.protocol)),
      chain: word(Note.chain),
      len: word(Note.len),
      skbProtocol: swab16(word(Note.skbProtocol)),
      vlanTci: word(Note.vlanTci),
      ifindex: word(Note.ifindex),
      kind: text(note.subarray(Note.kind, Note.kind + NAME_BYTES)),
      flow: what === 'filter' ? flowFilters(note) : [],
      packet: number === 0 ? null : this.packet(number),
    };
  }

  private packet(number: number): TracedPacket {
    const { reader, places } = this;
    const copy = this.packets.subarray(number * places.size, (number + 1) * places.size);
    const packet = reader.read(copy.subarray(0, reader.size), this.fold);
    const tuple = (i: number): Buffer => copy.subarray(places.tuples + i * TUPLE_BYTES).subarray(0, TUPLE_BYTES);
    const linear = packet.dataAt + packet.context.len - copy.readUInt32LE(this.paged);
    return {
      ...packet,
      device: text(copy.subarray(places.name, places.name + NAME_BYTES)),
      realms: packet.pointers.dst === 0n ? 0 : copy.readUInt32LE(places.realms),
      tuples: [tuple(0), tuple(1)],
      ctinfo: (copy[this.nfct] ?? 0) & 7,
      bytes: copy.subarray(places.bytes, places.bytes + Math.min(SNAP, linear)),
    };
  }
}

function text(bytes: Buffer): string {
  return bytes.toString('latin1', 0, Math.max(bytes.indexOf(0), 0));
}

/** The filters of a flow classifier, up to where its list comes back to its head; of other kinds it never does. */
function flowFilters(note: Buffer): FlowFilterSeen[] {
  const head = note.readBigUInt64LE(Note.head);
  const found: FlowFilterSeen[] = [];
  for (let i = 0; i < FILTERS; i++) {
    const at = Note.filters + i * FILTER_SIZE;
    if (note.readBigUInt64LE(at) === head) break;
    found.push({ handle: note.readUInt32LE(at + 8), hashrnd: note.readUInt32LE(at + 12) });
  }
  return found;
}

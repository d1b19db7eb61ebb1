import type { Pulse, Ticket } from '../conntrack/index.ts';
import { type Ct, IPPROTO, type Packet } from '../packet/index.ts';
import { be32, swab16, swab32, u8, word } from '../u32.ts';
import { type Fields, IPV6_HLEN } from './headers.ts';
import { Cell, ENTRIES4, ENTRIES6, type Layout, TICKETS4, TICKETS6 } from './layout.ts';
import { hashCode, homeOf, type Rows, search } from './table.ts';
import {
  add,
  addFloat,
  and,
  block,
  branchIf,
  type Code,
  constant,
  eq,
  type Func,
  get,
  greaterThan,
  isZero,
  Label,
  lessFloat,
  lessThan,
  load8,
  load16,
  load32,
  loadFloat,
  ne,
  or,
  set,
  shiftLeft,
  shiftRight,
  storeFloat,
  sub,
  when,
} from './wasm.ts';

/*
 * Packets of connections that are known. conntrack/tracker.ts grants a ticket where a packet did nothing to its entry
 * but move its end on, and the next like it would do the same; the loop then does just that, as long as the entry has
 * the version that the ticket names and has not ended. Everything else is the tracker's.
 *
 * A ticket is found by protocol, flags of TCP, ports and addresses. Of the entry it holds what keys read.
 */

/**
 * Places that a ticket may stand in, one behind the other; where all are taken, the first gives way. With 64, a full
 * table of a million connections took longer than no tickets.
 */
const WAYS = 8;
/** Marks a row that is taken. */
const TAKEN = 1 << 31;

/** Words of a row. The addresses of IPv6 stand as in the packet. */
const Row4 = { HEAD: 0, PORTS: 1, SRC: 2, DST: 3, ENTRY: 4 } as const;
const Row6 = { HEAD: 0, PORTS: 1, ADDRESSES: 2, ENTRY: 10 } as const;
/** Words behind a row's ENTRY. */
const Behind = { VERSION: 1, SRC: 2, DST: 3, PORTS: 4, TRUST: 5, TIMEOUT: 6, SINCE: 8 } as const;

/** Locals that hold what the keys of a packet's connection read. */
export interface Connection {
  readonly src: number;
  readonly dst: number;
  /** Both 16-bit values, source first. */
  readonly ports: number;
  /** Not 0: the tuple is assumed. */
  readonly assumed: number;
}

export function connectionOf(f: Func): Connection {
  return { src: f.local(), dst: f.local(), ports: f.local(), assumed: f.local() };
}

interface Around {
  readonly layout: Layout;
  readonly fields: Fields;
  readonly connection: Connection;
  readonly f: Func;
  readonly scratch: number;
  readonly plain: Label;
}

/** Finds the packet's ticket and sets `connection`; goes to `plain` where there is none that holds. */
export function connectionCode(around: Around): Code {
  const { fields, f, scratch, plain } = around;
  const { network, isV6, frame, length, end, proto } = fields;
  const [transport, size, head] = [f.local(), f.local(), f.local()];
  const row = f.local();
  const wire = sub(add(get(frame), get(length)), get(network));
  return [
    // conntrack/headers.ts: the packet is whole and unfragmented, and its length is told.
    set(size, half(network, isV6)),
    branchIf(plain, isZero(get(size))),
    when(
      get(isV6),
      [
        branchIf(plain, ne(shiftRight(load8(get(network)), constant(4)), constant(6))),
        set(transport, add(get(network), constant(IPV6_HLEN))),
        branchIf(plain, lessThan(wire, add(get(size), constant(IPV6_HLEN)))),
      ],
      [
        branchIf(plain, ne(shiftRight(load8(get(network)), constant(4)), constant(4))),
        branchIf(plain, and(load16(get(network), 6), constant(swab16(0x3fff)))),
        branchIf(plain, lessThan(wire, get(size))),
        set(scratch, shiftLeft(and(load8(get(network)), constant(0x0f)), constant(2))),
        branchIf(plain, lessThan(get(size), get(scratch))),
        set(transport, add(get(network), get(scratch))),
        set(size, sub(get(size), get(scratch))),
      ],
    ),
    set(head, or(get(proto), constant(TAKEN))),
    when(
      eq(get(proto), constant(IPPROTO.TCP)),
      [
        tcp(transport, size, end, scratch, plain),
        set(head, or(get(head), shiftLeft(load8(get(transport), 13), constant(8)))),
      ],
      [branchIf(plain, ne(get(proto), constant(IPPROTO.UDP))), udp(transport, size, end, scratch, plain)],
    ),
    when(get(isV6), look(6, around, head, row, size), look(4, around, head, row, size)),
  ];
}

/** The length field: of the whole packet, or in IPv6 of what is behind the fixed header. */
function half(network: number, isV6: number): Code {
  const at = add(get(network), shiftLeft(add(get(isV6), constant(1)), constant(1)));
  return or(shiftLeft(load8(at), constant(8)), load8(at, 1));
}

/** conntrack/tcp.ts, flagsOf(): what its lengths must be. Which flags it refuses no ticket has. */
function tcp(transport: number, size: number, end: number, scratch: number, plain: Label): Code {
  return [
    branchIf(plain, lessThan(get(end), add(get(transport), constant(14)))),
    set(scratch, shiftLeft(shiftRight(load8(get(transport), 12), constant(4)), constant(2))),
    branchIf(plain, or(lessThan(get(scratch), constant(20)), lessThan(get(size), get(scratch)))),
  ];
}

/** conntrack/follow.ts, validUdp() */
function udp(transport: number, size: number, end: number, scratch: number, plain: Label): Code {
  return [
    branchIf(plain, or(lessThan(get(end), add(get(transport), constant(8))), lessThan(get(size), constant(8)))),
    set(scratch, or(shiftLeft(load8(get(transport), 4), constant(8)), load8(get(transport), 5))),
    branchIf(plain, or(lessThan(get(scratch), constant(8)), greaterThan(get(scratch), get(size)))),
  ];
}

/** Looks one family's tickets through, and the entry of the one that is found. */
function look(
  family: 4 | 6,
  { layout, fields, connection, plain }: Around,
  head: number,
  row: number,
  left: number,
): Code {
  const found = new Label();
  const words = [get(head), get(fields.ports)];
  const pairs = [8, 16, 24, 32].map((at, i): [number, number] => [4 * Row6.ADDRESSES + 8 * i, at]);
  const key = family === 6 ? { words, pairs } : { words: [...words, get(fields.src), get(fields.dst)], pairs: [] };
  const ways = { found, free: plain, full: plain };
  return [
    block(found, search(rowsOf(family, layout), WAYS, hashCode(fields, head), key, fields, { row, left }, ways)),
    refresh(family, layout, row, left, plain),
    take(family, connection, row),
  ];
}

function rowsOf(family: 4 | 6, { tickets4, tickets6 }: Layout): Rows {
  return family === 4 ? { base: tickets4, ...TICKETS4 } : { base: tickets6, ...TICKETS6 };
}

/** The entry is what it was and has not ended: its end moves on. `entry` is a local that may be used. */
function refresh(family: 4 | 6, layout: Layout, row: number, entry: number, plain: Label): Code {
  const [pulse, at] = family === 4 ? [layout.pulse4, 4 * Row4.ENTRY] : [layout.pulse6, 4 * Row6.ENTRY];
  const now = loadFloat(constant(Cell.NOW));
  return [
    set(entry, shiftLeft(load32(get(row), at), constant(4))),
    branchIf(plain, ne(load32(get(entry), pulse + 8), load32(get(row), at + 4 * Behind.VERSION))),
    branchIf(plain, lessFloat(loadFloat(get(entry), pulse), now)),
    branchIf(plain, lessFloat(now, loadFloat(get(row), at + 4 * Behind.SINCE))),
    storeFloat(get(entry), pulse, addFloat(now, loadFloat(get(row), at + 4 * Behind.TIMEOUT))),
  ];
}

function take(family: 4 | 6, { src, dst, ports, assumed }: Connection, row: number): Code {
  const at = 4 * (family === 4 ? Row4.ENTRY : Row6.ENTRY);
  const of = (local: number, word: number): Code => set(local, load32(get(row), at + 4 * word));
  return [of(src, Behind.SRC), of(dst, Behind.DST), of(ports, Behind.PORTS), of(assumed, Behind.TRUST)];
}

/** The tickets of both families, as a driver keeps them. */
export class Tickets {
  private readonly words: Int32Array;
  private readonly floats: Float64Array;
  private readonly layout: Layout;
  /** The words that a ticket is found by. */
  private readonly key = new Int32Array(Row6.ENTRY);

  constructor(buffer: ArrayBuffer, layout: Layout) {
    this.words = new Int32Array(buffer);
    this.floats = new Float64Array(buffer);
    this.layout = layout;
  }

  /** Puts a ticket where the loop finds it; the packet is as the tracker saw it. Nothing is allocated. */
  keep(ticket: Ticket, p: Packet, ct: Ct): void {
    const { data, network } = p;
    const isV6 = ticket.family === 6;
    const proto = u8(data, network + (isV6 ? 6 : 9));
    if (proto !== IPPROTO.TCP && proto !== IPPROTO.UDP) return;
    const transport = network + (isV6 ? IPV6_HLEN : 4 * (u8(data, network) & 0x0f));
    if (ticket.entry >= (isV6 ? ENTRIES6 : ENTRIES4) || transport + 14 > p.end) return;
    const { key, words } = this;
    const head = proto | (proto === IPPROTO.TCP ? u8(data, transport + 13) << 8 : 0) | TAKEN;
    key[0] = head;
    key[1] = be32(data, transport);
    const home = isV6 ? this.addresses6(data, network, head) : this.addresses4(data, network, head);
    const at = this.rowFor(ticket.family, home);
    const size = isV6 ? Row6.ENTRY : Row4.ENTRY;
    for (let i = 0; i < size; i++) words[at + i] = word(key, i);
    const entry = at + size;
    const last = isV6 ? 3 : 0;
    words[entry] = ticket.entry;
    words[entry + Behind.VERSION] = ticket.version;
    words[entry + Behind.SRC] = word(ct.src, last);
    words[entry + Behind.DST] = word(ct.dst, last);
    words[entry + Behind.PORTS] = (ct.srcAll << 16) | ct.dstAll;
    words[entry + Behind.TRUST] = ct.exactness === 'exact' ? 0 : 1;
    this.floats[(entry + Behind.TIMEOUT) >> 1] = ticket.timeout;
    this.floats[(entry + Behind.SINCE) >> 1] = ticket.since;
  }

  /** Puts the addresses into the key; returns where its row should be. */
  private addresses4(data: Uint8Array, network: number, head: number): number {
    const { key } = this;
    key[Row4.SRC] = be32(data, network + 12);
    key[Row4.DST] = be32(data, network + 16);
    return homeOf(rowsOf(4, this.layout), word(key, Row4.SRC), word(key, Row4.DST), word(key, 1), head);
  }

  private addresses6(data: Uint8Array, network: number, head: number): number {
    const { key } = this;
    const folded = [0, 0];
    for (let i = 0; i < 8; i++) {
      const address = be32(data, network + 8 + 4 * i);
      folded[i >> 2] = (folded[i >> 2] ?? 0) ^ address;
      key[Row6.ADDRESSES + i] = swab32(address);
    }
    const [src = 0, dst = 0] = folded;
    return homeOf(rowsOf(6, this.layout), src, dst, word(key, 1), head);
  }

  /** Index of the key's own row, or of the first free one, or of its home where all are taken. */
  private rowFor(family: 4 | 6, home: number): number {
    const { words, layout } = this;
    const { stride } = rowsOf(family, layout);
    for (let way = 0; way < WAYS; way++) {
      const at = (home + way * stride) >> 2;
      if (word(words, at) === 0 || this.isAt(at, family === 6 ? Row6.ENTRY : Row4.ENTRY)) return at;
    }
    return home >> 2;
  }

  private isAt(at: number, size: number): boolean {
    for (let i = 0; i < size; i++) if (word(this.words, at + i) !== word(this.key, i)) return false;
    return true;
  }
}

/** Where the pulses of the two connection tables are kept, so that the loop sees them. */
export function pulsesOf({ pulse4, pulse6 }: Layout, buffer: ArrayBuffer): [Pulse, Pulse] {
  const of = (at: number, entries: number): Pulse => ({
    floats: new Float64Array(buffer, at, 2 * entries),
    words: new Int32Array(buffer, at, 4 * entries),
  });
  return [of(pulse4, ENTRIES4), of(pulse6, ENTRIES6)];
}

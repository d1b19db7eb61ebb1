import { FragmentSlots, Pulse, type Ticket } from '../conntrack/index.ts';
import { type Ct, IPPROTO, type Packet } from '../packet/index.ts';
import { be32, le16, swab16, swab32, u8, word } from '../u32.ts';
import { type Fields, halfAt, IPV6_HLEN } from './headers.ts';
import { Cell, dropBatch, type Layout } from './layout.ts';
import { openCode } from './opening.ts';
import { hashOf, type RowKey, type RowShape, search, Table, wordsKey, xorAt } from './table.ts';
import { flagsLike, Row, SIX, TAKEN, TWIN } from './ticket-row.ts';
import type { Sent } from './twins.ts';
import {
  add,
  addFloat,
  and,
  block,
  branch,
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
  load64,
  loadFloat,
  multiply,
  narrow,
  ne,
  or,
  select,
  set,
  shiftLeft,
  shiftRight,
  shiftRight64,
  storeFloat,
  sub,
  when,
  widen,
  xor,
} from './wasm.ts';

/*
 * Packets of connections that are known. conntrack/tracker.ts grants a ticket where a packet did nothing to its entry
 * but move its end on, and the next like it would do the same; the loop then does just that, as long as the entry has
 * the version that the ticket names and has not ended. Everything else is the tracker's.
 *
 * A ticket is found by protocol, addresses, and ports or what ICMP has of them; it says for which flags of TCP it is.
 * Of the entry it holds what keys read.
 */

/** Locals that hold what the keys of a packet's connection read. */
export interface Connection {
  /** 0: it has none, and the others say nothing. */
  readonly known: number;
  readonly src: number;
  readonly dst: number;
  /** Both 16-bit values, source first. */
  readonly ports: number;
  /** Not 0: the tuple is assumed. */
  readonly assumed: number;
  /** The ticket's row. */
  readonly row: number;
}

export function connectionOf(f: Func): Connection {
  return { known: f.local(), src: f.local(), dst: f.local(), ports: f.local(), assumed: f.local(), row: f.local() };
}

interface Around {
  readonly layout: Layout;
  readonly fields: Fields;
  readonly connection: Connection;
  readonly f: Func;
  /** A local that holds the ticket's home. */
  readonly home: number;
  /** Where the packet's record begins, and its time (a float). */
  readonly at: Code;
  readonly now: Code;
  readonly scratch: number;
  /** Connections may be opened (opening.ts). */
  readonly opens: boolean;
  /** To be set where a ticket is found. */
  readonly sent: Sent;
  readonly plain: Label;
}

/** Has the row at a ticket's home fetched, and the pulse that it names, and leaves what stands there. */
export function fetchTicket(home: number, isV6: number): Code {
  const tuple = load32(add(get(home), shiftLeft(get(isV6), constant(6))));
  return xor(tuple, load32(load32(get(home), 4 * Row.PULSE)));
}

/** Sets `connection`: as the driver gave it, or as the packet's ticket says; goes to `plain` where there is neither. */
export function connectionCode(around: Around): Code {
  const { layout, connection, at } = around;
  const isGiven = eq(load32(constant(Cell.GIVEN_AT)), at);
  return [when(isGiven, set(connection.row, constant(layout.given)), ticketCode(around)), take(connection)];
}

/** Sets `connection.row` to the packet's ticket; goes to `plain` where there is none that holds. */
function ticketCode(around: Around): Code {
  const { fields, f, scratch, plain, connection } = around;
  const { network, isV6, frame, length, end, proto } = fields;
  const { transport, size } = around.sent;
  const [left, flags, ports] = [f.local(), f.local(), f.local()];
  const wire = sub(add(get(frame), get(length)), get(network));
  const isProto = (number: number): Code => eq(get(proto), constant(number));
  const known = new Label();
  return block(known, [
    when(isZero(get(isV6)), laterFragment(around, known)),
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
    set(flags, constant(0)),
    set(ports, get(fields.ports)),
    when(
      isProto(IPPROTO.TCP),
      [tcp(transport, size, end, scratch, plain), set(flags, and(load8(get(transport), 13), constant(SIX)))],
      when(isProto(IPPROTO.UDP), udp(transport, size, end, scratch, plain), [
        branchIf(plain, ne(get(proto), select(get(isV6), constant(IPPROTO.ICMPV6), constant(IPPROTO.ICMP)))),
        // conntrack/headers.ts, readIcmp(): errors, which are tracked as what they carry, have no tickets.
        atLeast(8, transport, size, end, plain),
        set(ports, or(shiftLeft(load16(get(transport), 4), constant(16)), load16(get(transport)))),
      ]),
    ),
    when(get(isV6), look(6, around, ports, flags, left, known), look(4, around, ports, flags, left, known)),
    holds(connection.row, flags, around),
  ]);
}

/**
 * conntrack/fragments.ts, complete(): a later fragment of IPv4 whose first was not seen has no connection. Where one
 * packet in 200 is one, the tracker took 0.2 of 1.1 s for them.
 */
function laterFragment({ layout, fields, connection, scratch, plain }: Around, known: Label): Code {
  const { network, src, dst } = fields;
  const { SOURCE, FACTOR, SHIFT, STRIDE, ID } = FragmentSlots;
  const id = halfAt(get(network), 4);
  const ends = xor(xor(multiply(get(src), constant(SOURCE)), get(dst)), id);
  const slot = shiftRight(multiply(ends, constant(FACTOR)), constant(SHIFT));
  const kept = add(constant(layout.fragments), multiply(get(scratch), constant(STRIDE)));
  return when(and(load16(get(network), 6), constant(swab16(0x1fff))), [
    set(scratch, slot),
    branchIf(plain, eq(load32(kept, ID), id)),
    set(connection.row, constant(layout.none)),
    branch(known),
  ]);
}

/** The length field: of the whole packet, or in IPv6 of what is behind the fixed header. */
function half(network: number, isV6: number): Code {
  const at = add(get(network), shiftLeft(add(get(isV6), constant(1)), constant(1)));
  return halfAt(at);
}

/** So many bytes of transport header were captured, and sent. */
function atLeast(bytes: number, transport: number, size: number, end: number, plain: Label): Code {
  const captured = lessThan(get(end), add(get(transport), constant(bytes)));
  return branchIf(plain, or(captured, lessThan(get(size), constant(bytes))));
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
    atLeast(8, transport, size, end, plain),
    set(scratch, halfAt(get(transport), 4)),
    branchIf(plain, or(lessThan(get(scratch), constant(8)), greaterThan(get(scratch), get(size)))),
  ];
}

/** Looks one family's tickets through; sets `connection.row`. Goes to `known` where the packet opened a connection. */
function look(
  family: 4 | 6,
  { layout, fields, connection, home, plain, opens, now, f }: Around,
  ports: number,
  flags: number,
  left: number,
  known: Label,
): Code {
  const [found, free] = [new Label(), new Label()];
  const { proto, src, dst, network } = fields;
  const at = 4 * Row.ADDRESSES;
  const words = [[4 * Row.HEAD, or(get(proto), constant(TAKEN))] as const, [4 * Row.PORTS, get(ports)] as const];
  const key: RowKey =
    family === 6
      ? { words, pairs: [8, 16, 24, 32].map((from, i) => [at + 8 * i, from]), address: get(network) }
      : wordsKey([...words, [at, get(src)], [at + 4, get(dst)]]);
  const { tickets4, tickets6 } = layout.tables;
  const rows = family === 6 ? tickets6 : tickets4;
  const { row } = connection;
  const ways = { found, free: opens ? free : plain, full: plain };
  const opening = opens ? openCode(family, { layout, fields, key, row, flags, now, f, plain }) : [];
  return block(found, [block(free, search(rows, get(home), key, { row, left }, ways)), opening, branch(known)]);
}

/** The ticket is for such flags; the entry is what it was and has not ended: its end moves on. */
function holds(row: number, flags: number, { now, plain, scratch }: Around): Code {
  const pulse = scratch;
  const of = (word: number): Code => loadFloat(get(row), 4 * word);
  const isForFlags = and(narrow(shiftRight64(load64(get(row), 4 * Row.FLAGS), widen(get(flags)))), constant(1));
  return [
    set(pulse, load32(get(row), 4 * Row.PULSE)),
    branchIf(plain, isZero(isForFlags)),
    branchIf(plain, ne(load32(get(pulse), 4 * Pulse.VERSION), load32(get(row), 4 * Row.VERSION))),
    branchIf(plain, or(lessFloat(loadFloat(get(pulse), 4 * Pulse.END), now), lessFloat(now, of(Row.SINCE)))),
    storeFloat(get(pulse), 4 * Pulse.END, addFloat(now, of(Row.TIMEOUT))),
  ];
}

function take({ known, src, dst, ports, assumed, row }: Connection): Code {
  const of = (local: number, word: number): Code => set(local, load32(get(row), 4 * word));
  const isAssumed = set(assumed, and(load32(get(row), 4 * Row.ASSUMED), constant(1)));
  return [of(known, Row.HEAD), of(src, Row.SRC), of(dst, Row.DST), of(ports, Row.ALL), isAssumed];
}

type Hash = RowShape['hash'];

/** Ports of what is no TCP or UDP are 0 to the hash, as they are to the dissector. */
function hashed(words: Int32Array, at: number, src: number, dst: number): number {
  const proto = word(words, at + Row.HEAD) & 0xff;
  const hasPorts = proto === IPPROTO.TCP || proto === IPPROTO.UDP;
  return hashOf(src, dst, hasPorts ? word(words, at + Row.PORTS) : 0, proto);
}
const hash4: Hash = (words, at) =>
  hashed(words, at, word(words, at + Row.ADDRESSES), word(words, at + Row.ADDRESSES + 1));
const hash6: Hash = (words, at) =>
  hashed(words, at, swab32(xorAt(words, at + Row.ADDRESSES)), swab32(xorAt(words, at + Row.ADDRESSES + 4)));

/** The tickets of both families, as a driver keeps them. */
export class Tickets {
  private readonly layout: Layout;
  private readonly words: Int32Array;
  private readonly v4: Table;
  private readonly v6: Table;
  /** The row of a ticket that is to be kept, and of the connection that is given. */
  private readonly row: Int32Array;
  private readonly floats: Float64Array;
  /** The rows of both tables. */
  private readonly kept: Float64Array;

  constructor(buffer: ArrayBuffer, layout: Layout) {
    this.layout = layout;
    this.words = new Int32Array(buffer);
    const { tickets4, tickets6 } = layout.tables;
    this.row = new Int32Array(buffer, layout.given, tickets6.stride >> 2);
    this.floats = new Float64Array(buffer, layout.given, tickets6.stride >> 3);
    this.kept = new Float64Array(buffer);
    const key = [Row.HEAD, Row.PORTS];
    const addresses = (size: number): number[] => Array.from({ length: size }, (_, i) => Row.ADDRESSES + i);
    this.v4 = new Table(buffer, tickets4, { key: [...key, ...addresses(2)], hash: hash4 });
    this.v6 = new Table(buffer, tickets6, { key: [...key, ...addresses(8)], hash: hash6 });
  }

  /** Gives the loop the connection of the packet whose record begins at an address; null: it has none. */
  give(ct: Ct | null, isV6: boolean, at: number): void {
    const { row } = this;
    row[Row.HEAD] = ct === null ? 0 : TAKEN;
    this.words[Cell.GIVEN_AT >> 2] = at;
    if (ct === null) return;
    const { src, dst, srcAll, dstAll, exactness } = ct;
    const last = isV6 ? 3 : 0;
    row[Row.SRC] = word(src, last);
    row[Row.DST] = word(dst, last);
    row[Row.ALL] = (srcAll << 16) | dstAll;
    row[Row.ASSUMED] = exactness === 'exact' ? 0 : 1;
    for (let i = 0; isV6 && i < 4; i++) {
      row[Row.TUPLE + i] = swab32(word(src, i));
      row[Row.TUPLE + 4 + i] = swab32(word(dst, i));
    }
  }

  /** Keeps a ticket for packets like this one, which has the connection that was given last. Nothing is allocated. */
  keep({ entry, family, version, timeout, since, twin }: Ticket, p: Packet): void {
    const isV6 = family === 6;
    const { row, floats, layout } = this;
    const { pulse, room } = isV6 ? layout.connections6 : layout.connections4;
    if (entry >= room || !this.fillKey(p, isV6)) return;
    row[Row.PULSE] = pulse + 4 * Pulse.SIZE * entry;
    row[Row.VERSION] = version;
    if (twin) row[Row.ASSUMED] = word(row, Row.ASSUMED) | TWIN;
    floats[Row.TIMEOUT >> 1] = timeout;
    floats[Row.SINCE >> 1] = since;
    this.put(isV6 ? this.v6 : this.v4);
  }

  /** What a ticket is found by, and its flags; false: the loop finds none for such packets. */
  private fillKey({ data, network, end }: Packet, isV6: boolean): boolean {
    const proto = u8(data, network + (isV6 ? 6 : 9));
    const isTcp = proto === IPPROTO.TCP;
    const isIcmp = proto === (isV6 ? IPPROTO.ICMPV6 : IPPROTO.ICMP);
    if (!isTcp && !isIcmp && proto !== IPPROTO.UDP) return false;
    const transport = network + (isV6 ? IPV6_HLEN : 4 * (u8(data, network) & 0x0f));
    if (transport + (isTcp ? 14 : 8) > end) return false;
    const { row } = this;
    row[Row.HEAD] = proto | TAKEN;
    row[Row.PORTS] = isIcmp ? (le16(data, transport + 4) << 16) | le16(data, transport) : be32(data, transport);
    const [addresses, words] = isV6 ? [network + 8, 8] : [network + 12, 2];
    for (let i = 0; i < words; i++) {
      const address = be32(data, addresses + 4 * i);
      row[Row.ADDRESSES + i] = isV6 ? swab32(address) : address;
    }
    row.set(flagsLike(isTcp ? u8(data, transport + 13) & SIX : 0), Row.FLAGS);
    return true;
  }

  /** Where no place is near its home and the table cannot grow, the ticket that is at home gives way. */
  private put(table: Table): void {
    const { row, floats } = this;
    const { words } = table;
    const hash = table.shape.hash(row, 0);
    let at = table.find(hash, row);
    if (at < 0 && table.canGrow) {
      table.grow();
      dropBatch(words);
      at = table.find(hash, row);
    }
    if (at < 0) at = table.homeOf(hash);
    else if (word(words, at) !== 0 && this.isSame(words, at)) {
      for (const i of [Row.FLAGS, Row.FLAGS + 1]) row[i] = word(row, i) | word(words, at + i);
      floats[Row.SINCE >> 1] = Math.max(floats[Row.SINCE >> 1] ?? 0, this.kept[(at + Row.SINCE) >> 1] ?? 0);
    }
    table.write(at, row);
  }

  /** The ticket at an index says the same, but for the flags that it is for. */
  private isSame(words: Int32Array, at: number): boolean {
    for (let i = Row.PULSE; i < Row.SINCE; i++) if (word(words, at + i) !== word(this.row, i)) return false;
    return true;
  }
}

import { Cells, Flag, Mix, type Opening, openingOf, Pulse, wordsOf } from '../conntrack/index.ts';
import { IPPROTO } from '../packet/index.ts';
import { type Fields, swap32 } from './headers.ts';
import { type Connections, type Layout, OPENING, OPENINGS } from './layout.ts';
import { type RowKey, writeKey } from './table.ts';
import { flagsLike, Row } from './ticket-row.ts';
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
  isZero,
  Label,
  lessThan,
  load32,
  load64,
  loadFloat,
  loop,
  multiply,
  or,
  rotateLeft,
  select,
  set,
  shiftLeft,
  shiftRight,
  store32,
  store64,
  storeFloat,
  xor,
} from './wasm.ts';

/*
 * conntrack/tracker.ts, open(), where no NAT is told: a packet whose key nobody has becomes an entry, its key, and a
 * ticket. What the packet does is asked of the tracker's followers beforehand, for every value of the flags. Whatever
 * needs more than that, a table that is full or a key that looks like this one, is the tracker's. Ten million packets
 * of 215,000 connections took 1.62 s when the tracker opened each, and 1.29 s so.
 */

/** Bytes of an opening: the entry's meta word, 0 where there is none, the ticket's flags (64 bits), the time-out (a float). */
const At = { META: 0, FLAGS: 8, TIMEOUT: 16 } as const;
const UDP_AT = 64;

/** Writes how packets open connections to where the loop reads it. */
export function writeOpenings(buffer: ArrayBuffer, { openings }: Layout): void {
  const words = new Int32Array(buffer, openings, (OPENINGS * OPENING) >> 2);
  const floats = new Float64Array(buffer, openings, (OPENINGS * OPENING) >> 3);
  const write = (number: number, proto: number, flags: number, opening: Opening | null): void => {
    if (opening === null) return;
    const at = number * OPENING;
    words[(at + At.META) >> 2] = proto | (opening.state << 8) | (Flag.LIVE << 16);
    words.set(flagsLike(flags), (at + At.FLAGS) >> 2);
    floats[(at + At.TIMEOUT) >> 3] = opening.timeout;
  };
  for (let flags = 0; flags < UDP_AT; flags++) write(flags, IPPROTO.TCP, flags, openingOf(IPPROTO.TCP, flags));
  write(UDP_AT, IPPROTO.UDP, 0, openingOf(IPPROTO.UDP, 0));
}

interface Around {
  readonly layout: Layout;
  readonly fields: Fields;
  /** What the ticket is found by. */
  readonly key: RowKey;
  /** Local that holds a free row for the ticket. */
  readonly row: number;
  /** Local that holds the lower six flags of TCP. */
  readonly flags: number;
  readonly now: Code;
  readonly f: Func;
  readonly plain: Label;
}

/** Opens a connection of TCP or UDP, and writes the ticket that the tracker would grant; goes to `plain` if it may not. */
export function openCode(family: 4 | 6, { layout, fields, key, row, flags, now, f, plain }: Around): Code {
  const { proto } = fields;
  const locals = { hash: f.local(), slot: f.local(), entry: f.local(), scratch: f.local(), opening: f.local() };
  const { hash, slot, entry, opening } = locals;
  const table = family === 4 ? layout.connections4 : layout.connections6;
  const cell = (index: number): Code => load32(constant(table.state + 4 * index));
  const increment = (index: number): Code =>
    store32(constant(table.state + 4 * index), 0, add(cell(index), constant(1)));
  const isUdp = eq(get(proto), constant(IPPROTO.UDP));
  const number = select(isUdp, constant(UDP_AT), get(flags));
  const mayNot = [
    isZero(load32(get(opening), At.META)),
    isZero(shiftRight(cell(Cells.FREE), constant(31))),
    isZero(lessThan(cell(Cells.TOP), cell(Cells.CAPACITY))),
    // conntrack/table.ts, reserve()
    lessThan(
      multiply(add(cell(Cells.MASK), constant(1)), constant(3)),
      shiftLeft(add(cell(Cells.USED), constant(2)), constant(2)),
    ),
    and(isZero(isUdp), isZero(eq(get(proto), constant(IPPROTO.TCP)))),
  ];
  return [
    set(opening, add(constant(layout.openings), multiply(number, constant(OPENING)))),
    branchIf(plain, mayNot.reduce(or)),
    hashCode(family, fields, locals),
    freeSlot(table, cell(Cells.MASK), locals, plain),
    store32(get(slot), 4, get(hash)),
    store32(get(slot), 0, add(shiftLeft(cell(Cells.TOP), constant(1)), constant(1))),
    writeEntry(family, table, fields, cell(Cells.TOP), now, locals),
    // From here on `entry` is its pulse.
    set(entry, add(constant(table.pulse), multiply(cell(Cells.TOP), constant(4 * Pulse.SIZE)))),
    store32(get(entry), 4 * Pulse.HASH, get(hash)),
    store32(get(entry), 4 * Pulse.VERSION, add(load32(get(entry), 4 * Pulse.VERSION), constant(1))),
    storeFloat(get(entry), 4 * Pulse.END, addFloat(now, loadFloat(get(opening), At.TIMEOUT))),
    [Cells.TOP, Cells.USED, Cells.COUNT].map(increment),
    writeKey(key, row),
    writeTicket(family, fields, row, now, locals),
  ];
}

/** conntrack/table.ts, mix(): leaves what a local then holds. */
function mix(local: number): Code {
  const fold = (bits: number): Code => set(local, xor(get(local), shiftRight(get(local), constant(bits))));
  const times = (by: number): Code => set(local, multiply(get(local), constant(by)));
  return [fold(16), times(Mix.FIRST), fold(13), times(Mix.SECOND), fold(16), get(local)];
}

type Locals = Readonly<Record<'hash' | 'slot' | 'entry' | 'scratch' | 'opening', number>>;

/** conntrack/table.ts, hash(): into `hash`. */
function hashCode(family: 4 | 6, { src, dst, ports, proto, network }: Fields, { hash, slot, scratch }: Locals): Code {
  const side = (at: number, port: Code): Code => {
    const address =
      family === 4
        ? [set(scratch, get(at === 8 ? src : dst))]
        : [0, 4, 8, 12].map((word, i) => {
            const next = [set(slot, swap32(load32(get(network), at + word), slot))];
            return [next, i === 0 ? set(scratch, get(slot)) : set(scratch, xor(mix(scratch), get(slot)))];
          });
    return [address, set(scratch, add(get(scratch), multiply(port, constant(Mix.PORT)))), mix(scratch)];
  };
  return [
    set(hash, side(8, shiftRight(get(ports), constant(16)))),
    set(hash, add(get(hash), side(24, and(get(ports), constant(0xffff))))),
    set(hash, add(get(hash), get(proto))),
    set(hash, mix(hash)),
  ];
}

/** conntrack/table.ts, addKey(): sets `slot` to the address of the free one; goes to `plain` where the hash is there. */
function freeSlot({ index }: Connections, mask: Code, { hash, slot, entry }: Locals, plain: Label): Code {
  const [again, free] = [new Label(), new Label()];
  return [
    set(entry, and(get(hash), mask)),
    block(free, [
      loop(again, [
        set(slot, add(constant(index), shiftLeft(get(entry), constant(3)))),
        branchIf(free, isZero(load32(get(slot)))),
        branchIf(plain, eq(load32(get(slot), 4), get(hash))),
        set(entry, and(add(get(entry), constant(1)), mask)),
        branch(again),
      ]),
    ]),
  ];
}

/** conntrack/table.ts, insert(). */
function writeEntry(
  family: 4 | 6,
  { entries }: Connections,
  { src, dst, ports, network }: Fields,
  top: Code,
  now: Code,
  { entry, scratch, opening }: Locals,
): Code {
  const width = family === 4 ? 1 : 4;
  const words = wordsOf(width);
  const put = (word: number, value: Code): Code => store32(get(entry), 4 * word, value);
  const addressOf = (at: number, i: number): Code =>
    family === 4 ? get(at === 8 ? src : dst) : swap32(load32(get(network), at + 4 * i), scratch);
  const tuple = (first: number, from: number, to: number, all: Code): Code => [
    Array.from({ length: width }, (_, i) => [
      put(first + i, addressOf(from, i)),
      put(first + width + i, addressOf(to, i)),
    ]),
    put(first + 2 * width, all),
  ];
  return [
    set(entry, add(constant(entries), multiply(top, constant(4 * words.stride)))),
    tuple(0, 8, 24, get(ports)),
    tuple(words.reply, 24, 8, rotateLeft(get(ports), constant(16))),
    put(words.meta, load32(get(opening), At.META)),
    put(words.mark, constant(0)),
    storeFloat(get(entry), 4 * words.born, now),
  ];
}

/** tickets.ts, keep(): the connection's tuple is what the packet shows, and assumed, as no NAT is told. */
function writeTicket(
  family: 4 | 6,
  { src, dst, ports, network }: Fields,
  row: number,
  now: Code,
  { entry, scratch, opening }: Locals,
): Code {
  const put = (word: number, value: Code): Code => store32(get(row), 4 * word, value);
  const last = (at: number, local: number): Code =>
    family === 4 ? get(local) : swap32(load32(get(network), at + 12), scratch);
  const pairs = family === 4 ? [] : [0, 8, 16, 24];
  return [
    put(Row.PULSE, get(entry)),
    put(Row.VERSION, load32(get(entry), 4 * Pulse.VERSION)),
    put(Row.SRC, last(8, src)),
    put(Row.DST, last(24, dst)),
    put(Row.ALL, get(ports)),
    put(Row.ASSUMED, constant(1)),
    storeFloat(get(row), 4 * Row.TIMEOUT, loadFloat(get(opening), At.TIMEOUT)),
    storeFloat(get(row), 4 * Row.SINCE, now),
    store64(get(row), 4 * Row.FLAGS, load64(get(opening), At.FLAGS)),
    pairs.map((at) => store64(get(row), 4 * Row.TUPLE + at, load64(get(network), 8 + at))),
  ];
}

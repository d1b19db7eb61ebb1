import { Cells, Mix, wordsOf } from '../conntrack/index.ts';
import type { Fields } from './headers.ts';
import { invertedPorts } from './invert-tuple.ts';
import type { Layout } from './layout.ts';
import { cellAt, connectionsOf, type Family, type Tracking, widthOf } from './tracking.ts';
import {
  add,
  and,
  block,
  branch,
  branchIf,
  type Code,
  constant,
  eq,
  get,
  isZero,
  isZero64,
  Label,
  load8,
  load32,
  load64,
  loop,
  multiply,
  or,
  or64,
  set,
  shiftRight,
  when,
  xor,
  xor64,
} from './wasm.ts';

/*
 * conntrack/table.ts, find(): the slots of the index that a hash leads to, and the entry that one of them names. An index
 * is small and entries stand in the order in which they began, so that fewer packets have to wait for memory than with a
 * table of rows: ten million packets of 215,000 connections took 1.12 s instead of 1.41.
 */

const SLOT = 8;
const TOMBSTONE = -1;

/** conntrack/table.ts, hash(): of the addresses, and what each end has of `ports`. */
export function tupleHash({ src, dst, proto }: Fields, there: Code, back: Code, scratch: number): Code {
  const side = (address: number, all: Code): Code => [
    set(scratch, multiply(add(get(address), multiply(all, constant(Mix.PORT))), constant(Mix.SIDE))),
    xor(get(scratch), shiftRight(get(scratch), constant(Mix.SHIFT))),
  ];
  const fold = (bits: number): Code => set(scratch, xor(get(scratch), shiftRight(get(scratch), constant(bits))));
  const times = (by: number): Code => set(scratch, multiply(get(scratch), constant(by)));
  const both = add(side(src, there), side(dst, back));
  return [
    [set(scratch, add(both, get(proto))), fold(16), times(Mix.FIRST), fold(13), times(Mix.SECOND), fold(16)],
    get(scratch),
  ];
}

/** Sets `number` to the first slot that a hash leads to. */
export function firstSlot(layout: Layout, { isV6 }: Fields, hash: number, number: number): Code {
  const of = (family: Family): Code => set(number, firstOf(layout, family, hash));
  return when(get(isV6), of(6), of(4));
}

/** The hash of a packet of TCP or UDP; of others it leads nowhere. */
export function hashOfFields(fields: Fields, scratch: number): Code {
  const { ports } = fields;
  return tupleHash(fields, shiftRight(get(ports), constant(16)), and(get(ports), constant(0xffff)), scratch);
}

const maskOf = (layout: Layout, family: Family): Code => load32(cellAt(layout, family, Cells.MASK));

const slotAt = (layout: Layout, family: Family, number: Code): Code =>
  add(constant(connectionsOf(layout, family).index), multiply(number, constant(SLOT)));

/** Number of the first slot that a hash leads to. */
const firstOf = (layout: Layout, family: Family, hash: number): Code => and(get(hash), maskOf(layout, family));

/** Address of the entry of a number. */
export const rowAt = (layout: Layout, family: Family, number: Code): Code =>
  add(constant(connectionsOf(layout, family).entries), multiply(number, constant(4 * wordsOf(widthOf(family)).stride)));

/** Locals of a walk through the index: hash, number of the slot, and its address. */
type Walked = Readonly<Record<'hash' | 'number' | 'slot', number>>;

/** Goes from slot `number` on through the index, and to `empty` at a slot that is; `same`: where one has the hash. */
function walkIndex(layout: Layout, family: Family, { hash, number, slot }: Walked, empty: Label, same: Code): Code {
  const again = new Label();
  return loop(again, [
    set(slot, slotAt(layout, family, get(number))),
    branchIf(empty, isZero(load32(get(slot)))),
    when(eq(load32(get(slot), 4), get(hash)), same),
    set(number, and(add(get(number), constant(1)), maskOf(layout, family))),
    branch(again),
  ]);
}

/** Has the first slot that a hash leads to fetched, and leaves what stands there. */
export const fetchSlot = (layout: Layout, family: Family, hash: number): Code =>
  load32(slotAt(layout, family, firstOf(layout, family, hash)));

/** Sets `number` to the slot that has the hash, or is empty; leaves the address of the entry that it names. */
export function entryAt(layout: Layout, family: Family, hash: number, number: number, slot: number): Code {
  const found = new Label();
  // Whatever stands there: a number that the table has room for.
  const { room } = connectionsOf(layout, family);
  const entry = and(shiftRight(load32(get(slot)), constant(1)), constant(room - 1));
  return [
    set(number, firstOf(layout, family, hash)),
    block(found, walkIndex(layout, family, { hash, number, slot }, found, branch(found))),
    rowAt(layout, family, entry),
  ];
}

/** Has an entry fetched, and leaves what stands there: as far as packets ask for it, which may be on two lines of the cache. */
export function fetchEntry(row: number, isV6: number): Code {
  const [last4, last6] = [4 * wordsOf(1).born, 4 * wordsOf(4).born];
  const last = add(get(row), multiply(get(isV6), constant(last6 - last4)));
  return xor(load32(get(row)), load32(last, last4));
}

/**
 * Looks from slot `number` on for the packet's tuple and sets `row`, `metaAt` and `direction`; goes to `free` where no slot
 * has it, with `slot` at the first that is empty. A tuple that NAT made (Side.REPLY) is the tracker's to follow.
 */
export function lookUp(family: Family, tracking: Tracking, free: Label): Code {
  const { layout, fields, locals, plain } = tracking;
  const { slot, row, metaAt, direction, ports } = locals;
  const { meta, all } = wordsOf(widthOf(family));
  const [found, next] = [new Label(), new Label()];
  const reference = load32(get(slot));
  const isTuple = (back: boolean): Code => {
    const other = xor(load32(get(row), 4 * all), back ? invertedPorts(tracking, family) : get(ports));
    return isZero(or(addressesDiffer(family, fields, row, back), other));
  };
  const same = block(next, [
    branchIf(next, eq(reference, constant(TOMBSTONE))),
    branchIf(plain, isZero(and(reference, constant(1)))),
    set(row, rowAt(layout, family, shiftRight(reference, constant(1)))),
    branchIf(next, isZero(eq(load8(get(row), 4 * meta), get(fields.proto)))),
    set(direction, constant(0)),
    branchIf(found, isTuple(false)),
    set(direction, constant(1)),
    branchIf(found, isTuple(true)),
  ]);
  return [block(found, walkIndex(layout, family, locals, free, same)), set(metaAt, add(get(row), constant(4 * meta)))];
}

/** 0 where the entry's original tuple has the packet's addresses, or has them the other way round. */
function addressesDiffer(family: Family, { src, dst, network }: Fields, row: number, back: boolean): Code {
  if (family === 4) {
    const [first, second] = back ? [dst, src] : [src, dst];
    return or(xor(load32(get(row)), get(first)), xor(load32(get(row), 4), get(second)));
  }
  const pairs = back ? [16, 24, 0, 8] : [0, 8, 16, 24];
  const differences = pairs.map((at, i) => xor64(load64(get(row), at), load64(get(network), 8 + 8 * i)));
  return isZero(isZero64(differences.reduce(or64)));
}

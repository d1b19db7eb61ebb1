import { word } from '../u32.ts';
import type { Fields } from './headers.ts';
import { type TablePlace, WAYS } from './layout.ts';
import {
  add,
  branch,
  branchIf,
  type Code,
  constant,
  constant64,
  get,
  isZero,
  isZero64,
  Label,
  load32,
  load64,
  loop,
  multiply,
  multiply64,
  narrow,
  or,
  or64,
  rotateLeft,
  set,
  shiftRight64,
  store32,
  store64,
  sub,
  when,
  widen,
  xor,
  xor64,
} from './wasm.ts';

/*
 * Tables of what belongs to one flow: open addressing in rows of one size, the first word 0 where a row is free. The
 * loop looks through them, their drivers find the same places and make them larger.
 */

/** Rows up to which a table is small. */
const SMALL = 1 << 16;

/** What a row must have to be the packet's. Offsets are bytes. */
export interface RowKey {
  /** Where in the row, and what. */
  readonly words: readonly (readonly [row: number, word: Code])[];
  /** Pairs of words that stand in the memory: where in the row, and where behind `address`. */
  readonly pairs: readonly (readonly [row: number, other: number])[];
  readonly address: Code;
}

/** A key of these words and no pairs. */
export const wordsKey = (words: RowKey['words']): RowKey => ({ words, pairs: [], address: [] });

/** Where to go from a search: `row` is then the row found, the free one, or the one behind the last that was looked at. */
interface Ways {
  readonly found: Label;
  readonly free: Label;
  readonly full: Label;
}

const FIRST = 0x9e3779b1;
const SECOND = 0x85ebca6b;
const TURN = 13;

/** Spreads addresses, ports and protocol over a word, of which the upper bits are used. */
export function hashCode({ src, dst, ports, proto }: Pick<Fields, 'src' | 'dst' | 'ports' | 'proto'>): Code {
  const addresses = multiply(xor(get(src), rotateLeft(get(dst), constant(TURN))), constant(FIRST));
  return multiply(xor(add(addresses, get(proto)), get(ports)), constant(SECOND));
}

/** hashCode() of these words. */
export function hashOf(src: number, dst: number, ports: number, proto: number): number {
  const addresses = Math.imul(src ^ ((dst << TURN) | (dst >>> (32 - TURN))), FIRST);
  return Math.imul(((addresses + proto) | 0) ^ ports, SECOND);
}

/** Address of the row where a hash belongs: a part of all rows as large as the hash is of all words. */
export function homeCode({ base, size, stride }: TablePlace, hash: Code): Code {
  const slot = narrow(shiftRight64(multiply64(widen(hash), load64(constant(size))), constant64(32)));
  return add(constant(base), multiply(slot, constant(stride)));
}

/** Sets `home` to where the packet's row belongs in the table of its family. */
export function findHome(v4: TablePlace, v6: TablePlace, fields: Fields, home: number): Code {
  const of = (rows: TablePlace): Code => set(home, homeCode(rows, hashCode(fields)));
  return when(get(fields.isV6), of(v6), of(v4));
}

/** Looks through the rows from `home` on for the key's; sets `row`. `left` is a local that may be used. */
export function search(
  { stride }: TablePlace,
  home: Code,
  key: RowKey,
  { row, left }: { readonly row: number; readonly left: number },
  { found, free, full }: Ways,
): Code {
  const again = new Label();
  return [
    set(row, home),
    set(left, constant(WAYS)),
    loop(again, [
      branchIf(free, isZero(load32(get(row)))),
      branchIf(found, isZero(difference(key, row))),
      set(row, add(get(row), constant(stride))),
      set(left, sub(get(left), constant(1))),
      branchIf(again, get(left)),
    ]),
    branch(full),
  ];
}

/** Makes a free row the key's. */
export function writeKey({ words, pairs, address }: RowKey, row: number): Code {
  return [
    words.map(([at, each]) => store32(get(row), at, each)),
    pairs.map(([to, from]) => store64(get(row), to, load64(address, from))),
  ];
}

/** 0 where the row is the key's. */
function difference({ words, pairs, address }: RowKey, row: number): Code {
  const singles = words.map(([at, word]) => xor(load32(get(row), at), word)).reduce(or);
  if (pairs.length === 0) return singles;
  const doubles = pairs.map(([to, from]) => xor64(load64(get(row), to), load64(address, from))).reduce(or64);
  return or(singles, isZero(isZero64(doubles)));
}

/** What a driver knows of a table's rows. */
export interface RowShape {
  /** Indices of the words that a row is found by; the first is never 0. */
  readonly key: readonly number[];
  /** The hash that it is found by, of a row that begins at an index. */
  readonly hash: (words: Int32Array, at: number) => number;
}

/** A table as its driver sees it. Rows are told by the index of their first word. */
export class Table {
  readonly words: Int32Array;
  readonly rows: TablePlace;
  readonly shape: RowShape;

  constructor(buffer: ArrayBuffer, rows: TablePlace, shape: RowShape) {
    this.words = new Int32Array(buffer);
    this.rows = rows;
    this.shape = shape;
    this.words[rows.size >> 2] = rows.first;
  }

  get canGrow(): boolean {
    return this.slots < this.rows.most;
  }

  /** The row with the key of `row`, or else a free one; -1: neither is near its home. */
  find(hash: number, row: Int32Array): number {
    const { words, rows } = this;
    const step = rows.stride >> 2;
    let at = this.homeOf(hash);
    for (let way = 0; way < WAYS; way++, at += step) {
      if (word(words, at) === 0 || this.isAt(at, row)) return at;
    }
    return -1;
  }

  private isAt(at: number, row: Int32Array): boolean {
    for (const i of this.shape.key) if (word(this.words, at + i) !== word(row, i)) return false;
    return true;
  }

  homeOf(hash: number): number {
    const { base, stride } = this.rows;
    return (base + Math.floor(((hash >>> 0) * this.slots) / 2 ** 32) * stride) >> 2;
  }

  write(at: number, row: Int32Array): void {
    for (let i = 0; i < this.rows.stride >> 2; i++) this.words[at + i] = word(row, i);
  }

  /** Calls `visit` with every row that is taken. */
  forEach(visit: (at: number) => void): void {
    const { base, stride } = this.rows;
    const end = (base + (this.slots + WAYS) * stride) >> 2;
    for (let at = base >> 2; at < end; at += stride >> 2) if (word(this.words, at) !== 0) visit(at);
  }

  /**
   * Twice as many rows (four times, of a small table), in place; false: some found no place, and are there no more. A
   * row's new home is at least twice as far from the first as its old one, so that from the last row on each moves up to
   * where none is left; only of the foremost this is not so.
   */
  grow(): boolean {
    const { words, rows } = this;
    const width = rows.stride >> 2;
    const first = rows.base >> 2;
    const foremost = first + 2 * WAYS * width;
    const end = first + (this.slots + WAYS) * width;
    const aside = words.slice(first, foremost);
    words.fill(0, first, foremost);
    words[rows.size >> 2] = Math.min(this.slots <= SMALL ? 4 * this.slots : 2 * this.slots, rows.most);
    let isWhole = true;
    for (let at = end - width; at >= foremost; at -= width) {
      if (word(words, at) !== 0) isWhole = this.move(words, at) && isWhole;
    }
    for (let at = 0; at < aside.length; at += width) {
      if (word(aside, at) !== 0) isWhole = this.move(aside, at) && isWhole;
    }
    return isWhole;
  }

  /** Keeps only some rows: each of them moves up to its home, as far as there is a place. */
  thin(keeps: (at: number) => boolean): void {
    this.forEach((at) => {
      if (keeps(at)) this.move(this.words, at);
      else this.words[at] = 0;
    });
  }

  /** Takes a row away and puts it where it belongs; false: there is no place. */
  private move(from: Int32Array, at: number): boolean {
    const { words, shape, rows } = this;
    const first = word(from, at);
    const home = this.homeOf(shape.hash(from, at));
    from[at] = 0;
    const to = this.freeFrom(home);
    if (to < 0) return false;
    words[to] = first;
    for (let i = 1; i < rows.stride >> 2; i++) words[to + i] = word(from, at + i);
    return true;
  }

  private freeFrom(home: number): number {
    const step = this.rows.stride >> 2;
    for (let way = 0; way < WAYS; way++) {
      if (word(this.words, home + way * step) === 0) return home + way * step;
    }
    return -1;
  }

  private get slots(): number {
    return word(this.words, this.rows.size >> 2);
  }
}

/** The four words of an IPv6 address by xor, as they stand. */
export function xorAt(words: Int32Array, at: number): number {
  return word(words, at) ^ word(words, at + 1) ^ word(words, at + 2) ^ word(words, at + 3);
}

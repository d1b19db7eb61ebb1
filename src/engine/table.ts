import type { Fields } from './headers.ts';
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
  sub,
  widen,
  xor,
  xor64,
} from './wasm.ts';

/*
 * Tables of what belongs to one flow: open addressing in rows of one size, the first word 0 where a row is free. The
 * loop looks through them; drivers find the same places with homeOf().
 */

export interface Rows {
  /** Address of the first row. */
  readonly base: number;
  readonly slots: number;
  /** Bytes of a row. */
  readonly stride: number;
}

/** What a row must have to be the packet's: words from its beginning on, and pairs of words of the packet's header. */
export interface RowKey {
  readonly words: readonly Code[];
  /** Where in the row, and where behind the network header. */
  readonly pairs: readonly (readonly [row: number, packet: number])[];
}

/** Where to go from a search: `row` is then the row found, the free one, or the one behind the last that was looked at. */
interface Ways {
  readonly found: Label;
  readonly free: Label;
  readonly full: Label;
}

const FIRST = 0x9e3779b1;
const SECOND = 0x85ebca6b;
const TURN = 13;

/** Spreads addresses, ports and another word over a word, of which the upper bits are used. */
export function hashCode({ src, dst, ports }: Fields, other: number): Code {
  const addresses = multiply(xor(get(src), rotateLeft(get(dst), constant(TURN))), constant(FIRST));
  return multiply(xor(add(addresses, get(other)), get(ports)), constant(SECOND));
}

/** Address of the row where a hash belongs: a part of all slots as large as the hash is of all words. */
function homeCode({ base, slots, stride }: Rows, hash: Code): Code {
  const slot = narrow(shiftRight64(multiply64(widen(hash), constant64(slots)), constant64(32)));
  return add(constant(base), multiply(slot, constant(stride)));
}

/** hashCode() and homeCode() of these words. */
export function homeOf({ base, slots, stride }: Rows, src: number, dst: number, ports: number, other: number): number {
  const addresses = Math.imul(src ^ ((dst << TURN) | (dst >>> (32 - TURN))), FIRST);
  const hash = Math.imul(((addresses + other) | 0) ^ ports, SECOND) >>> 0;
  return base + Math.floor((hash * slots) / 2 ** 32) * stride;
}

/** Looks through `ways` rows from the hash's own on, for the key's; sets `row`. `left` is a local that may be used. */
export function search(
  rows: Rows,
  ways: number,
  hash: Code,
  key: RowKey,
  { network }: Fields,
  { row, left }: { readonly row: number; readonly left: number },
  { found, free, full }: Ways,
): Code {
  const again = new Label();
  return [
    set(row, homeCode(rows, hash)),
    set(left, constant(ways)),
    loop(again, [
      branchIf(free, isZero(load32(get(row)))),
      branchIf(found, isZero(difference(key, row, network))),
      set(row, add(get(row), constant(rows.stride))),
      set(left, sub(get(left), constant(1))),
      branchIf(again, get(left)),
    ]),
    branch(full),
  ];
}

/** 0 where the row is the key's. */
function difference({ words, pairs }: RowKey, row: number, network: number): Code {
  const singles = words.map((word, i) => xor(load32(get(row), 4 * i), word)).reduce(or);
  if (pairs.length === 0) return singles;
  const doubles = pairs.map(([to, from]) => xor64(load64(get(row), to), load64(get(network), from))).reduce(or64);
  return or(singles, isZero(isZero64(doubles)));
}

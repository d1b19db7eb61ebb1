import type { Fields } from './headers.ts';
import { CACHE4, CACHE6, type Layout } from './layout.ts';
import {
  add,
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
  isZero64,
  Label,
  lessThan,
  load32,
  load64,
  loop,
  multiply,
  or,
  or64,
  rotateLeft,
  set,
  shiftLeft,
  shiftRight,
  store32,
  store64,
  when,
  xor,
  xor64,
} from './wasm.ts';

/*
 * Flows that were counted already, so that only the first packet of a flow in a class costs what counting costs. A flow
 * is filter and protocol, counter (which is the class), ports and addresses: all that report/sharing.ts looks at. What
 * the cache forgets is counted again, which changes nothing.
 */

/** Places that a flow may stand in, one behind the other; where all are taken, the first gives way. */
const WAYS = 8;

/** One flow's words: those in locals from the first on, then both addresses as they stand in the packet. */
interface Family {
  readonly base: number;
  readonly slots: number;
  readonly stride: number;
  readonly words: readonly Code[];
  /** Pairs of words: where in the row, and where behind the network header. */
  readonly pairs: readonly (readonly [row: number, packet: number])[];
}

/** Falls through where the packet's flow is in the cache; else puts it there and goes to `plain`. */
export function flowSeen(layout: Layout, fields: Fields, counter: number, filter: number, f: Func, plain: Label): Code {
  const { proto, ports, src, dst, isV6 } = fields;
  const key = [get(counter), or(get(proto), shiftLeft(get(filter), constant(8))), get(ports)];
  const { cache4, cache6 } = layout;
  const v4: Family = { base: cache4, ...CACHE4, words: [...key, get(src), get(dst)], pairs: [] };
  const pairs = [8, 16, 24, 32].map((at, i): [number, number] => [16 + 8 * i, at]);
  const v6: Family = { base: cache6, ...CACHE6, words: key, pairs };
  const hash = f.local();
  const row = f.local();
  const ways = f.local();
  return [
    set(hash, hashCode(fields, counter)),
    when(get(isV6), lookUp(v6, fields, { hash, row, ways }, plain), lookUp(v4, fields, { hash, row, ways }, plain)),
  ];
}

/** Spreads addresses, ports and class over a word; the lower bits are used. */
function hashCode({ src, dst, ports }: Fields, counter: number): Code {
  const addresses = multiply(xor(get(src), rotateLeft(get(dst), constant(13))), constant(0x9e3779b1));
  const all = multiply(xor(add(addresses, get(counter)), get(ports)), constant(0x85ebca6b));
  return xor(all, shiftRight(all, constant(15)));
}

interface Locals {
  readonly hash: number;
  readonly row: number;
  readonly ways: number;
}

function lookUp(family: Family, { network }: Fields, { hash, row, ways }: Locals, plain: Label): Code {
  const { base, slots, stride, words, pairs } = family;
  const [seen, search, free] = [new Label(), new Label(), new Label()];
  const home = add(constant(base), multiply(and(get(hash), constant(slots - 1)), constant(stride)));
  const differences = [
    ...words.map((word, i) => xor(load32(get(row), 4 * i), word)),
    ...(pairs.length === 0 ? [] : [isDifferent(pairs, row, network)]),
  ];
  return block(seen, [
    set(row, home),
    set(ways, constant(0)),
    block(free, [
      loop(search, [
        branchIf(free, isZero(load32(get(row)))),
        branchIf(seen, isZero(differences.reduce(or))),
        set(row, add(get(row), constant(stride))),
        set(ways, add(get(ways), constant(1))),
        branchIf(search, lessThan(get(ways), constant(WAYS))),
      ]),
      set(row, home),
    ]),
    words.map((word, i) => store32(get(row), 4 * i, word)),
    pairs.map(([to, from]) => store64(get(row), to, load64(get(network), from))),
    branch(plain),
  ]);
}

function isDifferent(pairs: Family['pairs'], row: number, network: number): Code {
  const bits = pairs.map(([to, from]) => xor64(load64(get(row), to), load64(get(network), from))).reduce(or64);
  return eq(isZero64(bits), constant(0));
}

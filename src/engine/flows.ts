import { swab32, word } from '../u32.ts';
import type { Fields } from './headers.ts';
import { FLOWS4, FLOWS6, type Layout } from './layout.ts';
import {
  add,
  block,
  branch,
  branchIf,
  type Code,
  constant,
  constant64,
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
  multiply64,
  narrow,
  or,
  or64,
  rotateLeft,
  set,
  shiftLeft,
  shiftRight64,
  store32,
  store64,
  when,
  widen,
  xor,
  xor64,
} from './wasm.ts';

/*
 * The flows of each class, as the loop meets them: open addressing in a table of fixed size. When a flow finds no place
 * the driver gives all of them to report/sharing.ts, which keeps them, and empties the table. A flow is its counter
 * (which is the class), filter and protocol, ports and addresses.
 */

/** Places that a flow may stand in, one behind the other: with fewer, a table is "full" when a quarter of it is. */
const WAYS = 64;

/** One flow's words: those in locals from the first on, then both addresses as they stand in the packet. */
interface Family {
  readonly base: number;
  readonly slots: number;
  readonly stride: number;
  readonly words: readonly Code[];
  /** Pairs of words: where in the row, and where behind the network header. */
  readonly pairs: readonly (readonly [row: number, packet: number])[];
}

/** Puts the packet's flow in its table, if it is not there yet; goes to `full` if there is no place. */
export function noteFlow(layout: Layout, fields: Fields, counter: number, filter: number, f: Func, full: Label): Code {
  const { proto, ports, src, dst, isV6 } = fields;
  const key = [get(counter), or(get(proto), shiftLeft(get(filter), constant(8))), get(ports)];
  const { flows4, flows6 } = layout;
  const v4: Family = { base: flows4, ...FLOWS4, words: [...key, get(src), get(dst)], pairs: [] };
  const pairs = [8, 16, 24, 32].map((at, i): [number, number] => [12 + 8 * i, at]);
  const v6: Family = { base: flows6, ...FLOWS6, words: key, pairs };
  const hash = f.local();
  const row = f.local();
  const ways = f.local();
  return [
    set(hash, hashCode(fields, counter)),
    when(get(isV6), lookUp(v6, fields, { hash, row, ways }, full), lookUp(v4, fields, { hash, row, ways }, full)),
  ];
}

/** Spreads addresses, ports and class over a word; the upper bits are used. */
function hashCode({ src, dst, ports }: Fields, counter: number): Code {
  const addresses = multiply(xor(get(src), rotateLeft(get(dst), constant(13))), constant(0x9e3779b1));
  return multiply(xor(add(addresses, get(counter)), get(ports)), constant(0x85ebca6b));
}

interface Locals {
  readonly hash: number;
  readonly row: number;
  readonly ways: number;
}

function lookUp(family: Family, { network }: Fields, { hash, row, ways }: Locals, full: Label): Code {
  const { base, slots, stride, words, pairs } = family;
  const [seen, search, free] = [new Label(), new Label(), new Label()];
  // A part of all slots as large as the hash is of all words: their number need be no power of two.
  const slot = narrow(shiftRight64(multiply64(widen(get(hash)), constant64(slots)), constant64(32)));
  const home = add(constant(base), multiply(slot, constant(stride)));
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
      branch(full),
    ]),
    words.map((word, i) => store32(get(row), 4 * i, word)),
    pairs.map(([to, from]) => store64(get(row), to, load64(get(network), from))),
  ]);
}

function isDifferent(pairs: Family['pairs'], row: number, network: number): Code {
  const bits = pairs.map(([to, from]) => xor64(load64(get(row), to), load64(get(network), from))).reduce(or64);
  return eq(isZero64(bits), constant(0));
}

/** One flow of a table, as a driver reads it. */
export class NotedFlow {
  /** Address of the counter. */
  counter = 0;
  /** Number of the filter. */
  filter = 0;
  isV6 = false;
  proto = 0;
  ports = 0;
  /** Source and destination in host order, one word each or, in IPv6, four. */
  readonly addresses = new Int32Array(8);
}

const tables = ({ flows4, flows6 }: Layout) => [
  { isV6: false, base: flows4, ...FLOWS4 },
  { isV6: true, base: flows6, ...FLOWS6 },
];

/** How many flows of IPv4 and of IPv6 there are. */
export function countFlows(words: Int32Array, layout: Layout): number[] {
  return tables(layout).map(({ base, slots, stride }) => {
    let count = 0;
    const end = (base + (slots + WAYS) * stride) >> 2;
    for (let at = base >> 2; at < end; at += stride >> 2) if (word(words, at) !== 0) count++;
    return count;
  });
}

/** Calls `visit` with each flow of both tables, the same object every time. `forget`: the tables are empty then. */
export function eachFlow(words: Int32Array, layout: Layout, forget: boolean, visit: (flow: NotedFlow) => void): void {
  const flow = new NotedFlow();
  for (const { isV6, base, slots, stride } of tables(layout)) {
    flow.isV6 = isV6;
    const count = isV6 ? 8 : 2;
    const end = (base + (slots + WAYS) * stride) >> 2;
    for (let at = base >> 2; at < end; at += stride >> 2) {
      flow.counter = word(words, at);
      if (flow.counter === 0) continue;
      flow.filter = word(words, at + 1) >>> 8;
      flow.proto = word(words, at + 1) & 0xff;
      flow.ports = word(words, at + 2);
      for (let i = 0; i < count; i++) {
        const address = word(words, at + 3 + i);
        flow.addresses[i] = isV6 ? swab32(address) : address;
      }
      visit(flow);
      if (forget) words[at] = 0;
    }
  }
}

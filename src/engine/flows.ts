import { swab32, word } from '../u32.ts';
import type { Fields } from './headers.ts';
import { FLOWS4, FLOWS6, type Layout } from './layout.ts';
import { hashCode, type RowKey, type Rows, search } from './table.ts';
import {
  block,
  type Code,
  constant,
  type Func,
  get,
  Label,
  load64,
  or,
  shiftLeft,
  store32,
  store64,
  when,
} from './wasm.ts';

/*
 * The flows of each class, as the loop meets them: open addressing in a table of fixed size. When a flow finds no place
 * the driver gives all of them to report/sharing.ts, which keeps them, and empties the table. A flow is its counter
 * (which is the class), filter and protocol, ports and addresses.
 */

/** Places that a flow may stand in, one behind the other: with fewer, a table is "full" when a quarter of it is. */
const WAYS = 64;

/** Puts the packet's flow in its table, if it is not there yet; goes to `full` if there is no place. */
export function noteFlow(layout: Layout, fields: Fields, counter: number, filter: number, f: Func, full: Label): Code {
  const { proto, ports, src, dst, isV6 } = fields;
  const words = [get(counter), or(get(proto), shiftLeft(get(filter), constant(8))), get(ports)];
  const pairs = [8, 16, 24, 32].map((at, i): [number, number] => [4 * ADDRESSES + 8 * i, at]);
  const locals = { row: f.local(), left: f.local() };
  const note = (rows: Rows, key: RowKey): Code => noteRow(rows, key, hashCode(fields, counter), fields, locals, full);
  const { flows4, flows6 } = layout;
  return when(
    get(isV6),
    note({ base: flows6, ...FLOWS6 }, { words, pairs }),
    note({ base: flows4, ...FLOWS4 }, { words: [...words, get(src), get(dst)], pairs: [] }),
  );
}

/** Word of a row where its addresses begin: of IPv4 in host order, of IPv6 as they stand in the packet. */
const ADDRESSES = 3;

function noteRow(
  rows: Rows,
  key: RowKey,
  hash: Code,
  fields: Fields,
  locals: { readonly row: number; readonly left: number },
  full: Label,
): Code {
  const [found, free] = [new Label(), new Label()];
  const { row } = locals;
  return block(found, [
    block(free, search(rows, WAYS, hash, key, fields, locals, { found, free, full })),
    key.words.map((word, i) => store32(get(row), 4 * i, word)),
    key.pairs.map(([to, from]) => store64(get(row), to, load64(get(fields.network), from))),
  ]);
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
        const address = word(words, at + ADDRESSES + i);
        flow.addresses[i] = isV6 ? swab32(address) : address;
      }
      visit(flow);
      if (forget) words[at] = 0;
    }
  }
}

import { Pulse, TwinPrint, TwinWords } from '../conntrack/index.ts';
import { IPPROTO } from '../packet/index.ts';
import { type Fields, halfAt, swap32 } from './headers.ts';
import type { Layout } from './layout.ts';
import { Row, TWIN } from './ticket-row.ts';
import {
  add,
  and,
  type Code,
  constant,
  eq,
  get,
  isZero,
  lessThan,
  load32,
  multiply,
  select,
  set,
  shiftLeft,
  shiftRight,
  store32,
  sub,
  when,
  xor,
} from './wasm.ts';

/*
 * conntrack/twins.ts, note(), of packets with a ticket: where NAT is told, most packets from inside are to be
 * remembered, as they may come by again. Ten million of them took 7.5 s when each was the tracker's, and 2.0 s so.
 */

/** Locals that are set where a ticket is found: where the transport header begins, and how much of it was sent. */
export interface Sent {
  readonly transport: number;
  readonly size: number;
}

/** Notes the packet, if its ticket says so. `scratch` and `print` are locals that may be used. */
export function twinCode(
  layout: Layout,
  fields: Fields,
  row: number,
  sent: Sent,
  scratch: number,
  print: number,
): Code {
  const isTwin = and(load32(get(row), 4 * Row.ASSUMED), constant(TWIN));
  const isAsked = select(eq(get(row), constant(layout.given)), constant(0), isTwin);
  const note = (family: 4 | 6): Code => noteCode(family, layout, row, scratch, print);
  return when(isAsked, [printCode(fields, sent, scratch, print), when(get(fields.isV6), note(6), note(4))]);
}

/** conntrack/twins.ts, fingerprint(): of a packet that is whole. */
function printCode(
  { network, isV6, proto, end }: Fields,
  { transport, size }: Sent,
  scratch: number,
  print: number,
): Code {
  const put = (word: Code): Code => [
    set(scratch, word),
    set(
      print,
      xor(
        multiply(xor(get(print), get(scratch)), constant(TwinPrint.NEXT)),
        shiftRight(get(print), constant(TwinPrint.SHIFT)),
      ),
    ),
  ];
  const wordAt = (offset: number): Code => put(swap32(load32(get(transport), offset), scratch));
  const isIcmp = eq(get(proto), select(get(isV6), constant(IPPROTO.ICMPV6), constant(IPPROTO.ICMP)));
  const id = select(get(isV6), constant(0), halfAt(get(network), 4));
  const isLong = and(
    isZero(lessThan(get(size), constant(12))),
    isZero(lessThan(sub(get(end), get(transport)), constant(12))),
  );
  return [
    set(print, multiply(xor(id, shiftLeft(get(proto), constant(24))), constant(TwinPrint.FIRST))),
    put(get(size)),
    when(
      eq(get(proto), constant(IPPROTO.TCP)),
      wordAt(4),
      when(isIcmp, put(halfAt(get(transport), 6)), when(isLong, wordAt(8))),
    ),
  ];
}

/** Puts entry and fingerprint where the next go. */
function noteCode(
  family: 4 | 6,
  { connections4, connections6, twins }: Layout,
  row: number,
  slot: number,
  print: number,
): Code {
  const words = twins[family];
  const next = words + 4 * TwinWords.NEXT;
  const { pulse } = family === 4 ? connections4 : connections6;
  const entry = shiftRight(sub(load32(get(row), 4 * Row.PULSE), constant(pulse)), constant(Math.log2(4 * Pulse.SIZE)));
  return [
    set(slot, shiftLeft(load32(constant(next)), constant(2))),
    store32(get(slot), words + 4 * TwinWords.ENTRIES, entry),
    store32(get(slot), words + 4 * TwinWords.PRINTS, get(print)),
    store32(constant(next), 0, and(add(load32(constant(next)), constant(1)), constant(TwinWords.PRINTS - 1))),
  ];
}

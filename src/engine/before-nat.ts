import { BeforeNatPrint, BeforeNatWords } from '../conntrack/index.ts';
import { IPPROTO } from '../packet/index.ts';
import { halfAt, swap32 } from './headers.ts';
import { isIcmp } from './invert-tuple.ts';
import type { Family, Tracking } from './tracking.ts';
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
 * conntrack/before-nat.ts, note(): where NAT is told, most packets from inside are to be remembered, as they may come by
 * again. Ten million of them took 7.5 s when each was the tracker's, and 2.0 s so.
 */

/** Notes the packet, if it is to be. `print` is a local that may be used. */
export function twinCode(tracking: Tracking, print: number): Code {
  const { fields, locals } = tracking;
  const note = (family: Family): Code => noteCode(family, tracking, print);
  return when(get(locals.comesAgain), [printCode(tracking, print), when(get(fields.isV6), note(6), note(4))]);
}

/** conntrack/before-nat.ts, fingerprint(): of a packet that is whole. */
function printCode({ fields, locals, scratch }: Tracking, print: number): Code {
  const { network, isV6, proto, end } = fields;
  const { transport, size } = locals;
  const put = (word: Code): Code => [
    set(scratch, word),
    set(
      print,
      xor(
        multiply(xor(get(print), get(scratch)), constant(BeforeNatPrint.NEXT)),
        shiftRight(get(print), constant(BeforeNatPrint.SHIFT)),
      ),
    ),
  ];
  const wordAt = (offset: number): Code => put(swap32(load32(get(transport), offset), scratch));
  const id = select(get(isV6), constant(0), halfAt(get(network), 4));
  const isLong = and(
    isZero(lessThan(get(size), constant(12))),
    isZero(lessThan(sub(get(end), get(transport)), constant(12))),
  );
  return [
    set(print, multiply(xor(id, shiftLeft(get(proto), constant(24))), constant(BeforeNatPrint.FIRST))),
    put(get(size)),
    when(
      eq(get(proto), constant(IPPROTO.TCP)),
      wordAt(4),
      when(isIcmp(fields), put(halfAt(get(transport), 6)), when(isLong, wordAt(8))),
    ),
  ];
}

/** Puts entry and fingerprint where the next go. */
function noteCode(family: Family, { layout, locals, scratch }: Tracking, print: number): Code {
  const words = layout.beforeNat[family];
  const next = words + 4 * BeforeNatWords.NEXT;
  const entry = shiftRight(load32(get(locals.slot)), constant(1));
  return [
    set(scratch, shiftLeft(load32(constant(next)), constant(2))),
    store32(get(scratch), words + 4 * BeforeNatWords.ENTRIES, entry),
    store32(get(scratch), words + 4 * BeforeNatWords.PRINTS, get(print)),
    store32(constant(next), 0, and(add(load32(constant(next)), constant(1)), constant(BeforeNatWords.PRINTS - 1))),
  ];
}

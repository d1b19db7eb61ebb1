import { FragmentSlots, KIND_OF_FLAGS, Kind } from '../conntrack/index.ts';
import { IPPROTO } from '../packet/index.ts';
import { swab16 } from '../u32.ts';
import { halfAt, IPV6_HLEN } from './headers.ts';
import { ECHO, isIcmp } from './invert-tuple.ts';
import type { Layout } from './layout.ts';
import { firstSlot, tupleHash } from './lookup.ts';
import type { Tracking } from './tracking.ts';
import {
  add,
  and,
  branch,
  branchIf,
  type Code,
  constant,
  eq,
  get,
  greaterThan,
  isZero,
  type Label,
  lessThan,
  load8,
  load16,
  load32,
  multiply,
  or,
  select,
  set,
  shiftLeft,
  shiftRight,
  sub,
  when,
  xor,
} from './wasm.ts';

/** Writes the kind of each value of TCP's flags to where the loop reads it. */
export function writeKinds(buffer: ArrayBuffer, { kinds }: Layout): void {
  new Uint8Array(buffer, kinds).set(KIND_OF_FLAGS);
}

/**
 * conntrack/headers.ts, readPacket() and readTuple(), and what the followers ask of lengths: sets `transport`, `size`,
 * `ports` and `kind`; goes to `plain` with what is not whole, or of another kind.
 */
export function transportCode(tracking: Tracking): Code {
  const { layout, fields, locals, scratch, plain } = tracking;
  const { network, isV6, frame, length, proto } = fields;
  const { transport, size, ports, kind } = locals;
  const wire = sub(add(get(frame), get(length)), get(network));
  const isProto = (number: number): Code => eq(get(proto), constant(number));
  const isVersion = (number: number): Code => eq(shiftRight(load8(get(network)), constant(4)), constant(number));
  return [
    set(size, lengthField(network, isV6)),
    branchIf(plain, isZero(get(size))),
    when(
      get(isV6),
      [
        branchIf(plain, isZero(isVersion(6))),
        set(transport, add(get(network), constant(IPV6_HLEN))),
        branchIf(plain, lessThan(wire, add(get(size), constant(IPV6_HLEN)))),
      ],
      [
        branchIf(plain, isZero(isVersion(4))),
        branchIf(plain, and(load16(get(network), 6), constant(swab16(0x3fff)))),
        branchIf(plain, lessThan(wire, get(size))),
        set(scratch, shiftLeft(and(load8(get(network)), constant(0x0f)), constant(2))),
        branchIf(plain, lessThan(get(size), get(scratch))),
        set(transport, add(get(network), get(scratch))),
        set(size, sub(get(size), get(scratch))),
      ],
    ),
    set(ports, get(fields.ports)),
    when(
      isProto(IPPROTO.TCP),
      [
        tcp(tracking),
        set(kind, load8(and(load8(get(transport), 13), constant(KIND_OF_FLAGS.length - 1)), layout.kinds)),
      ],
      when(isProto(IPPROTO.UDP), [udp(tracking), set(kind, constant(Kind.UDP))], echo(tracking)),
    ),
  ];
}

/** The length field: of the whole packet, or in IPv6 of what is behind the fixed header. */
function lengthField(network: number, isV6: number): Code {
  return halfAt(add(get(network), shiftLeft(add(get(isV6), constant(1)), constant(1))));
}

/** So many bytes of transport header were captured, and sent. */
function atLeast(bytes: number, { fields, locals: { transport, size }, plain }: Tracking): Code {
  const captured = lessThan(get(fields.end), add(get(transport), constant(bytes)));
  return branchIf(plain, or(captured, lessThan(get(size), constant(bytes))));
}

/** conntrack/tcp.ts, kindOf() */
function tcp({ fields, locals: { transport, size }, scratch, plain }: Tracking): Code {
  return [
    branchIf(plain, lessThan(get(fields.end), add(get(transport), constant(14)))),
    set(scratch, shiftLeft(shiftRight(load8(get(transport), 12), constant(4)), constant(2))),
    branchIf(plain, or(lessThan(get(scratch), constant(20)), lessThan(get(size), get(scratch)))),
  ];
}

/** conntrack/udp.ts, validUdp() */
function udp(tracking: Tracking): Code {
  const { locals, scratch, plain } = tracking;
  const { transport, size } = locals;
  return [
    atLeast(8, tracking),
    set(scratch, halfAt(get(transport), 4)),
    branchIf(plain, or(lessThan(get(scratch), constant(8)), greaterThan(get(scratch), get(size)))),
  ];
}

/** conntrack/headers.ts, readIcmp(). Errors are tracked as what they carry; other messages are rare. */
function echo(tracking: Tracking): Code {
  const { layout, fields, locals, scratch, plain } = tracking;
  const { transport, ports, kind, hash, number } = locals;
  const type = (end: 0 | 1): Code => select(get(fields.isV6), constant(ECHO[6][end]), constant(ECHO[4][end]));
  const isType = (end: 0 | 1): Code => eq(load8(get(transport)), type(end));
  const id = shiftRight(get(ports), constant(16));
  return [
    branchIf(plain, isZero(isIcmp(fields))),
    atLeast(8, tracking),
    branchIf(plain, isZero(or(isType(0), isType(1)))),
    set(kind, select(isType(0), constant(Kind.QUESTION), constant(Kind.ANSWER))),
    set(ports, or(shiftLeft(halfAt(get(transport), 4), constant(16)), halfAt(get(transport)))),
    set(hash, tupleHash(fields, id, id, scratch)),
    firstSlot(layout, fields, hash, number),
  ];
}

/**
 * conntrack/fragments.ts, complete(): a later fragment of IPv4 whose first was not seen has no connection; goes to
 * `found` with it. Of ten million packets with 44,000 such ones the loop took 0.83 s when they were the tracker's, and
 * 0.74 s so.
 */
export function laterFragment({ layout, fields, scratch, plain }: Tracking, found: Label): Code {
  const { network, src, dst } = fields;
  const { SOURCE, FACTOR, SHIFT, STRIDE, ID } = FragmentSlots;
  const id = halfAt(get(network), 4);
  const ends = xor(xor(multiply(get(src), constant(SOURCE)), get(dst)), id);
  const slot = shiftRight(multiply(ends, constant(FACTOR)), constant(SHIFT));
  const kept = add(constant(layout.fragments), multiply(get(scratch), constant(STRIDE)));
  return when(and(load16(get(network), 6), constant(swab16(0x1fff))), [
    set(scratch, slot),
    branchIf(plain, eq(load32(kept, ID), id)),
    branch(found),
  ]);
}

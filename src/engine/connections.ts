import type { Ct } from '../packet/index.ts';
import { swab32, word } from '../u32.ts';
import { swap32 } from './headers.ts';
import { Cell, Given, type Layout } from './layout.ts';
import { lookUp } from './lookup.ts';
import { beginCode, openCode } from './new-entry.ts';
import { followCode } from './steps.ts';
import { type Family, type Tracking, widthOf } from './tracking.ts';
import { laterFragment, transportCode } from './transport.ts';
import { block, branch, type Code, constant, eq, get, isZero, Label, load32, set, store32, when } from './wasm.ts';

/*
 * conntrack/tracker.ts, track(), for whole packets of TCP and UDP and echoes of ICMP: the connection is looked up in the
 * tracker's own table, and goes on as its followers said beforehand. Everything else is the tracker's.
 *
 * A packet whose connection was found may still come to be the plain engine's, or be asked about again: until commit()
 * nothing has changed but the entry's end, and that moves to the same place a second time.
 */

/** Sets `connection`, as the driver gave it or as it is found; goes to `plain` where it is the tracker's to say. */
export function connectionCode(tracking: Tracking): Code {
  const { layout, fields, connection, locals, at } = tracking;
  const given = constant(layout.given);
  const isGiven = eq(load32(constant(Cell.GIVEN_AT)), at);
  const done = new Label();
  return [
    [locals.opens, locals.comesAgain].map((local) => set(local, constant(0))),
    set(locals.metaAt, constant(layout.given + Given.NOWHERE)),
    set(connection.known, load32(given, Given.KNOWN)),
    set(connection.assumed, load32(given, Given.ASSUMED)),
    set(connection.tuple, given),
    block(done, [
      when(isZero(isGiven), find(tracking, done)),
      when(get(fields.isV6), readTuple(6, tracking), readTuple(4, tracking)),
    ]),
  ];
}

/** Finds the packet's connection, or opens one; goes to `done` where all is said. */
function find(tracking: Tracking, done: Label): Code {
  const { fields, connection, told, plain } = tracking;
  const found = new Label();
  const ofFamily = (family: Family): Code => {
    const free = new Label();
    if (told) return lookUp(family, tracking, plain);
    return [block(free, [lookUp(family, tracking, free), branch(found)]), beginCode(family, tracking), branch(done)];
  };
  return [
    set(connection.known, constant(0)),
    when(isZero(get(fields.isV6)), laterFragment(tracking, done)),
    set(connection.known, constant(1)),
    transportCode(tracking),
    block(found, when(get(fields.isV6), ofFamily(6), ofFamily(4))),
    followCode(tracking),
  ];
}

/** The last word of both addresses, and both 16-bit values. */
function readTuple(family: Family, { connection, scratch }: Tracking): Code {
  const { src, dst, ports, tuple } = connection;
  const width = widthOf(family);
  const last = (at: number): Code => {
    const kept = load32(get(tuple), 4 * (at + width - 1));
    return family === 4 ? kept : swap32(kept, scratch);
  };
  return [set(src, last(0)), set(dst, last(width)), set(ports, load32(get(tuple), 8 * width))];
}

/** The connection goes on, or opens. The last of all, as it must not be done twice. */
export function commit(tracking: Tracking): Code {
  const { fields, told, locals } = tracking;
  const { meta, metaAt, opens } = locals;
  const open = when(get(opens), when(get(fields.isV6), openCode(6, tracking), openCode(4, tracking)));
  return [store32(get(metaAt), 0, get(meta)), told ? [] : open];
}

/** Gives the loop the connection of the packet whose record begins at an address; null: it has none. */
export function giveConnection(words: Int32Array, { given }: Layout, ct: Ct | null, isV6: boolean, at: number): void {
  words[Cell.GIVEN_AT >> 2] = at;
  words[(given + Given.KNOWN) >> 2] = ct === null ? 0 : 1;
  if (ct === null) return;
  words[(given + Given.ASSUMED) >> 2] = ct.exactness === 'exact' ? 0 : 1;
  const width = widthOf(isV6 ? 6 : 4);
  const tuple = given >> 2;
  for (let i = 0; i < width; i++) {
    const [src, dst] = [word(ct.src, i), word(ct.dst, i)];
    words[tuple + i] = isV6 ? swab32(src) : src;
    words[tuple + width + i] = isV6 ? swab32(dst) : dst;
  }
  words[tuple + 2 * width] = (ct.srcAll << 16) | ct.dstAll;
}

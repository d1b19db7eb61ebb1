import type { Fields } from './headers.ts';
import type { Connections, Layout } from './layout.ts';
import { type Code, constant, type Func, type Label } from './wasm.ts';

/** Locals that hold what the keys of a packet's connection read. */
export interface Connection {
  /** 0: it has none, and the others say nothing. */
  readonly known: number;
  readonly src: number;
  readonly dst: number;
  /** Both 16-bit values, source first. */
  readonly ports: number;
  /** Not 0: the tuple is assumed. */
  readonly assumed: number;
  /** Where its addresses stand, in IPv6 as in a packet. */
  readonly tuple: number;
}

export function connectionOf(f: Func): Connection {
  return { known: f.local(), src: f.local(), dst: f.local(), ports: f.local(), assumed: f.local(), tuple: f.local() };
}

/** Locals that hold how the packet's connection goes on. */
export interface ConnectionLocals {
  /** Where the transport header begins, how much of it was sent, and what it has of a tuple: two 16-bit values. */
  readonly transport: number;
  readonly size: number;
  readonly ports: number;
  /** One of Kind (conntrack/steps.ts). */
  readonly kind: number;
  /** Hash of the tuple; the slot of the index that it leads to, and the address of that. */
  readonly hash: number;
  readonly number: number;
  readonly slot: number;
  /** Where the entry begins; 0 or 1: the packet goes in its reply direction. */
  readonly row: number;
  readonly direction: number;
  /** Address of what the packet does to its connection (steps.ts). */
  readonly step: number;
  /** The entry's next meta word, and where it stands. */
  readonly meta: number;
  readonly metaAt: number;
  /** Not 0: the packet opens its connection. */
  readonly opens: number;
  /** Not 0: the packet may come by again (before-nat.ts). */
  readonly comesAgain: number;
}

export function connectionLocals(f: Func): ConnectionLocals {
  return {
    transport: f.local(),
    size: f.local(),
    ports: f.local(),
    kind: f.local(),
    hash: f.local(),
    number: f.local(),
    slot: f.local(),
    row: f.local(),
    direction: f.local(),
    step: f.local(),
    meta: f.local(),
    metaAt: f.local(),
    opens: f.local(),
    comesAgain: f.local(),
  };
}

/** What the code about a packet's connection is put together from. */
export interface Tracking {
  readonly layout: Layout;
  readonly fields: Fields;
  readonly connection: Connection;
  readonly locals: ConnectionLocals;
  /** Where the packet's record begins, and its time (a float). */
  readonly at: Code;
  readonly now: Code;
  readonly scratch: number;
  /** Entries of both families at most; 0: no limit. */
  readonly max: number;
  /** Rules of NAT were told: who opens a connection is for the tracker to say. */
  readonly told: boolean;
  /** Where packets go that are the tracker's. */
  readonly plain: Label;
}

export type Family = 4 | 6;

/** Words of an address. */
export const widthOf = (family: Family): 1 | 4 => (family === 4 ? 1 : 4);

export const connectionsOf = ({ connections4, connections6 }: Layout, family: Family): Connections =>
  family === 4 ? connections4 : connections6;

/** Address of one of a table's Cells. */
export const cellAt = (layout: Layout, family: Family, index: number): Code =>
  constant(connectionsOf(layout, family).state + 4 * index);

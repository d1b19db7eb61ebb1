import { twinCode } from './before-nat.ts';
import { commit, connectionCode } from './connections.ts';
import { fetchFlow, noteFlow } from './flows.ts';
import type { Fields } from './headers.ts';
import { BATCH, Cell, type Layout, Stop } from './layout.ts';
import { entryAt, fetchEntry, fetchSlot, hashOfFields } from './lookup.ts';
import type { Times, Walk } from './records.ts';
import { findHome } from './table.ts';
import { type Connection, connectionLocals, type Tracking } from './tracking.ts';
import {
  add,
  block,
  branch,
  branchIf,
  type Code,
  constant,
  eq,
  type Func,
  get,
  isZero,
  Label,
  lessThan,
  load32,
  loadFloat,
  loop,
  set,
  store32,
  storeFloat,
  sub,
  when,
  xor,
} from './wasm.ts';

/*
 * Packets that belong to rows of large tables are taken in batches: the headers of all are read and put aside, then the
 * rows are fetched, then each packet is classified. Every row is a miss of the cache, and of packets taken one by one
 * each miss is waited for; fetched in a row, many are under way at once. Ten million packets with conntrack keys spent
 * 1.5 s in the loop without the fetching, 0.8 s with it; with flows counted 0.85 and 0.6 s.
 */

/** What is kept of a packet's fields; `captured` follows from them. */
const KEPT = ['frame', 'end', 'length', 'outer', 'vlan', 'network', 'isV6', 'src', 'dst', 'proto', 'ports'] as const;

/**
 * Where that stands, and behind it: where the record begins, the flow's home, the connection's hash, the time (a float), and
 * the slot that the hash leads to and the entry there.
 */
const Slot = { IS_V6: 4 * KEPT.indexOf('isV6'), AT: 44, FLOW: 48, HASH: 52, NOW: 56, NUMBER: 64, ROW: 68 } as const;

/** What a loop over batches is put together from. */
export interface Batched {
  readonly layout: Layout;
  /** Flows and hosts are counted (flows.ts). */
  readonly sharing: boolean;
  /** Rules of NAT were told: packets are noted that may come by again (before-nat.ts). */
  readonly told: boolean;
  /** Connections that are followed at most; 0: no limit. */
  readonly max: number;
  readonly f: Func;
  readonly walk: Walk;
  readonly fields: Fields;
  /** null: connections are not followed. */
  readonly connection: Connection | null;
  readonly scratch: number;
  /** Locals that hold the packet's counter and one of HostOf. */
  readonly counter: number;
  readonly host: number;
  /** Reads the record at `walk.at` and the headers in it. */
  readonly read: (now: Times['now'], stop: Label) => Code;
  /** Asks the filters about the packet, and counts it. */
  readonly asked: Code;
  readonly counted: Code;
  /** Where the code of filters goes with a packet that is the plain engine's. */
  readonly plain: Label;
}

/**
 * Locals: the slot at hand, where the batch goes on and where it ends, the flow's home, hash and slot of the connection, and
 * what was fetched.
 */
type Locals = Readonly<Record<'slot' | 'start' | 'end' | 'flow' | 'hash' | 'number' | 'fetched', number>>;

/** The loop by batches; a stop leaves its batch behind for the next run. Sets `walk.at` to where it stopped. */
export function batched(batch: Batched): Code {
  const { layout, f, walk, plain } = batch;
  const locals = {
    slot: f.local(),
    start: f.local(),
    end: f.local(),
    flow: f.local(),
    hash: f.local(),
    number: f.local(),
    fetched: f.local(),
  };
  const { slot, end } = locals;
  const [again, isRead, unknown, full] = [new Label(), new Label(), new Label(), new Label()];
  const first = set(slot, constant(layout.batch));
  return [
    resumed(slot, end, walk),
    block(full, [
      block(unknown, [
        block(plain, [
          loop(again, [
            block(isRead, [
              branchIf(isRead, lessThan(get(slot), get(end))),
              [first, readBatch(batch, locals), set(end, get(slot)), store32(get(end), Slot.AT, get(walk.at)), first],
              // None was read: the next is the plain engine's, or not whole.
              branchIf(plain, eq(get(end), get(slot))),
            ]),
            // Of what a stop left, too: the tracker may have moved entries and slots.
            fetchBatch(batch, locals),
            takeBatch(batch, locals, unknown, full),
            branch(again),
          ]),
        ]),
        store32(constant(Cell.STOP), 0, constant(Stop.PLAIN)),
        branch(full),
      ]),
      store32(constant(Cell.STOP), 0, constant(Stop.UNKNOWN)),
    ]),
    store32(constant(Cell.FETCHED), 0, get(locals.fetched)),
    store32(constant(Cell.SLOT), 0, get(slot)),
    store32(constant(Cell.SLOTS_END), 0, get(end)),
    set(walk.at, load32(get(slot), Slot.AT)),
  ];
}

/** Goes on in the batch that a stop left behind, if the record at `walk.at` is in it. */
function resumed(slot: number, end: number, { at }: Walk): Code {
  const [find, found] = [new Label(), new Label()];
  return [
    set(slot, load32(constant(Cell.SLOT))),
    set(end, load32(constant(Cell.SLOTS_END))),
    block(found, [
      loop(find, [
        branchIf(found, isZero(lessThan(get(slot), get(end)))),
        when(eq(load32(get(slot), Slot.AT), get(at)), [set(at, load32(get(end), Slot.AT)), branch(found)]),
        forward(slot),
        branch(find),
      ]),
    ]),
  ];
}

const forward = (slot: number): Code => set(slot, add(get(slot), constant(BATCH.stride)));
const recall = (local: number, slot: number, at: number): Code => set(local, load32(get(slot), at));

/** Reads packets into slots from the first on, up to one that is not for this loop. */
function readBatch(batch: Batched, { slot, flow }: Locals): Code {
  const { layout, sharing, connection, fields, walk, read, scratch } = batch;
  const { flows4, flows6 } = layout.tables;
  const [next, stop] = [new Label(), new Label()];
  const end = layout.batch + BATCH.packets * BATCH.stride;
  const isTracked = connection !== null;
  return block(stop, [
    loop(next, [
      read(isTracked ? (since) => storeFloat(get(slot), Slot.NOW, since) : null, stop),
      KEPT.map((name, i) => store32(get(slot), 4 * i, get(fields[name]))),
      store32(get(slot), Slot.AT, get(walk.at)),
      sharing ? [findHome(flows4, flows6, fields, flow), store32(get(slot), Slot.FLOW, get(flow))] : [],
      isTracked ? store32(get(slot), Slot.HASH, hashOfFields(fields, scratch)) : [],
      set(walk.at, get(walk.next)),
      forward(slot),
      branchIf(next, lessThan(get(slot), constant(end))),
    ]),
  ]);
}

/**
 * Has the rows of all packets from `slot` on fetched. What stands there is put together, so that no load is for nothing.
 * First the index is fetched, then entries are looked for in it, then these are fetched: the less else there is in a turn,
 * the more loads are under way. When just the entries of first slots were fetched, which are another connection's now and
 * then, ten million packets spent 0.69 s in the loop; looked for and fetched in one turn 0.63 s, and 0.04 s less so.
 */
function fetchBatch({ layout, sharing, connection, fields: { isV6 }, scratch }: Batched, locals: Locals): Code {
  const { slot, start, end, flow, hash, number, fetched } = locals;
  const touch = (value: Code): Code => set(fetched, xor(get(fetched), value));
  const each = (code: Code): Code => {
    const next = new Label();
    return [
      loop(next, [recall(isV6, slot, Slot.IS_V6), code, forward(slot), branchIf(next, lessThan(get(slot), get(end)))]),
      set(slot, get(start)),
    ];
  };
  const hashed = recall(hash, slot, Slot.HASH);
  const slotOf = (family: 4 | 6): Code => touch(fetchSlot(layout, family, hash));
  const entryOf = (family: 4 | 6): Code => store32(get(slot), Slot.ROW, entryAt(layout, family, hash, number, scratch));
  const index = [
    sharing ? [recall(flow, slot, Slot.FLOW), touch(fetchFlow(layout, flow, isV6))] : [],
    connection === null ? [] : [hashed, when(get(isV6), slotOf(6), slotOf(4))],
  ];
  const found = [hashed, when(get(isV6), entryOf(6), entryOf(4)), store32(get(slot), Slot.NUMBER, get(number))];
  const entry = [recall(scratch, slot, Slot.ROW), touch(fetchEntry(scratch, isV6))];
  return [set(start, get(slot)), each(index), connection === null ? [] : [each(found), each(entry)]];
}

/** Classifies the packets from `slot` on. */
function takeBatch(batch: Batched, { slot, end, flow }: Locals, unknown: Label, full: Label): Code {
  const { layout, sharing, connection, fields, f, scratch, told, max, counter, host, asked, counted } = batch;
  const next = new Label();
  const [at, now] = [load32(get(slot), Slot.AT), loadFloat(get(slot), Slot.NOW)];
  const locals = connectionLocals(f);
  const tracking: Tracking | null =
    connection === null ? null : { layout, fields, connection, locals, at, now, scratch, told, max, plain: unknown };
  const noting = { layout, fields, connection, home: flow, counter, host, f, full };
  return loop(next, [
    KEPT.map((name, i) => recall(fields[name], slot, 4 * i)),
    set(fields.captured, sub(get(fields.end), get(fields.frame))),
    tracking === null
      ? []
      : [recall(locals.hash, slot, Slot.HASH), recall(locals.number, slot, Slot.NUMBER), connectionCode(tracking)],
    asked,
    sharing ? [recall(flow, slot, Slot.FLOW), when(get(host), noteFlow(noting))] : [],
    // Last: what is asked of this packet again is not noted twice.
    tracking === null ? [] : [commit(tracking), told ? twinCode(tracking, f.local()) : []],
    counted,
    forward(slot),
    branchIf(next, lessThan(get(slot), get(end))),
  ]);
}

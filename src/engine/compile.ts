import { keepFields, recallFields, Slot, slotAt } from './batch.ts';
import { type Around, type Facts, filtersCode, type PlannedFilter } from './filters.ts';
import { fetchFlow, HostOf, noteFlow } from './flows.ts';
import type { Scratch } from './hash.ts';
import { type Fields, fieldsOf, headersOf } from './headers.ts';
import { BATCH, Cell, COUNTER, type Layout, LOG_COUNTER, MINORS, reasonAt, Stop } from './layout.ts';
import { type Records, recordOf, type Times, type Walk } from './records.ts';
import { findHome } from './table.ts';
import { type Connection, connectionCode, connectionOf, fetchTicket } from './tickets.ts';
import {
  add,
  add64,
  assemble,
  block,
  branch,
  branchIf,
  type Code,
  call,
  constant,
  constant64,
  eq,
  Func,
  get,
  isZero,
  Label,
  lessThan,
  load8,
  load32,
  load64,
  loadFloat,
  loop,
  result,
  select,
  set,
  shiftRight,
  store32,
  store64,
  storeFloat,
  when,
  widen,
  xor,
} from './wasm.ts';

/** What a loop is made for. */
export interface Program {
  readonly filters: readonly PlannedFilter[];
  /** Behind them stands a classifier of another kind. */
  readonly opaque: boolean;
  readonly facts: Facts;
  readonly layout: Layout;
  /** Flows are kept (flows.ts), for those who count them and their hosts. */
  readonly sharing: boolean;
  /** Packets go on through a tree: the first of each counter is the plain engine's, which sees where they end. */
  readonly fates: boolean;
  /** Some seed changes with time: packets from Cell.UNTIL on are the plain engine's. */
  readonly timed: boolean;
  /** Connections are followed: the tracker grants tickets (tickets.ts). */
  readonly tracked: boolean;
  /** The loop opens connections, too (opening.ts). */
  readonly opens: boolean;
  readonly records: Records;
}

/**
 * Filters in one function. V8 optimises a function as a whole, and its time for that grows faster than the function;
 * of larger chains the rest goes into functions of their own.
 */
const INLINE = 200;
/** Filters that get code of two kinds each: of more, making it takes longer than it saves. */
const FEW = 8;

/** What a function of filters returns besides the address of a counter. */
const Part = { NONE: 0, PLAIN: -1 } as const;

/**
 * The loop over the records of a chunk as a WebAssembly module: `run(at, limit)` classifies and counts the packets from
 * address `at` on and returns where it stopped, at a record that is the plain engine's or not whole.
 */
export function compile(program: Program): Uint8Array {
  const { filters, layout } = program;
  const parts: Func[] = [];
  for (let first = INLINE; first < filters.length; first += INLINE) {
    parts.push(partOf(program, filters.slice(first, first + INLINE), first));
  }
  return assemble([...parts, mainOf(program, parts.length)], layout.pages);
}

const scratches = (f: Func): Scratch => ({ a: f.local(), b: f.local(), c: f.local() });

/** A function of filters: its parameters are the fields, in their order. */
function partOf({ facts, layout, tracked }: Program, filters: readonly PlannedFilter[], first: number): Func {
  const given = new Func(0);
  const fields = fieldsOf(given);
  const connection = tracked ? connectionOf(given) : null;
  const f = new Func(Object.keys({ ...fields, ...connection }).length);
  const around: Around = {
    ...{ fields, connection, scratch: scratches(f), layout, facts, twice: false },
    plain: result(constant(Part.PLAIN)),
    answer: ({ counter, host, trust }) => [
      store32(constant(Cell.HOST), 0, constant(host)),
      store32(constant(Cell.TRUST), 0, trust),
      result(counter),
    ],
  };
  f.body = [filtersCode(filters, first + 1, around), constant(Part.NONE)];
  return f;
}

function mainOf(program: Program, parts: number): Func {
  const { facts, layout, records, timed, sharing, tracked } = program;
  const f = new Func(2);
  const walk: Walk = { at: 0, limit: 1, next: f.local() };
  const fields = fieldsOf(f);
  const connection = tracked ? connectionOf(f) : null;
  const scratch = scratches(f);
  const [packets, counter, host, trust] = [f.local(), f.local(), f.local(), f.local()];
  const [plain, done] = [new Label(), new Label()];
  const around: Around = {
    ...{ fields, connection, scratch, layout, facts, twice: program.filters.length <= FEW, plain: branch(plain) },
    answer: (answer) => [
      set(counter, answer.counter),
      set(host, constant(answer.host)),
      set(trust, answer.trust),
      branch(done),
    ],
  };
  const others = Array.from({ length: parts }, (_, part) =>
    askPart(part, { ...fields, ...connection }, { counter, host, trust, done, plain }),
  );
  const asked = [
    block(done, [
      filtersCode(program.filters.slice(0, INLINE), 1, around),
      others,
      program.opaque ? branch(plain) : set(counter, constant(reasonAt(0))),
      set(host, constant(HostOf.NONE)),
      set(trust, constant(0)),
    ]),
    program.fates ? branchIf(plain, isZero(isFateKnown(layout, counter))) : [],
  ];
  const counted = [
    count(counter, fields),
    when(get(trust), store32(get(trust), 0, add(load32(get(trust)), constant(1)))),
    set(packets, add(get(packets), constant(1))),
  ];
  const until = timed;
  const read = (now: Times['now'], stop: Label): Code => [
    recordOf(records, { until, now }, walk, fields, scratch.a, stop),
    headersOf(fields, facts.device, scratch.a, stop),
  ];
  const one = (): Code => {
    const next = new Label();
    const body = [read(null, plain), asked, counted, set(walk.at, get(walk.next)), branch(next)];
    return block(plain, loop(next, body));
  };
  const body =
    sharing || tracked
      ? batched({
          ...{ program, f, walk, fields, connection, scratch: scratch.a },
          ...{ counter, host, read, asked, counted, plain },
        })
      : one();
  f.body = [body, store32(constant(Cell.PACKETS), 0, get(packets)), get(walk.at)];
  return f;
}

/** What a loop over batches is put together from. */
interface Batched {
  readonly program: Program;
  readonly f: Func;
  readonly walk: Walk;
  readonly fields: Fields;
  readonly connection: Connection | null;
  readonly scratch: number;
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

/** The loop by batches: see batch.ts. */
function batched(batch: Batched): Code {
  const { program, f, walk, fields, connection, scratch, counter, host, read, asked, counted, plain } = batch;
  const { layout, sharing } = program;
  const [slot, end, flow, ticket, fetched] = [f.local(), f.local(), f.local(), f.local(), f.local()];
  const [again, isRead, next, each, taken, headersRead, unknown, full] = [
    new Label(),
    new Label(),
    new Label(),
    new Label(),
    new Label(),
    new Label(),
    new Label(),
    new Label(),
  ];
  const forward: Code = set(slot, add(get(slot), constant(BATCH.stride)));
  const isMore: Code = lessThan(get(slot), get(end));
  const { tables } = layout;
  const reading: Code = [
    read(connection === null ? null : (since) => storeFloat(get(slot), Slot.NOW, since), headersRead),
    keepFields(slot, fields),
    store32(get(slot), Slot.AT, get(walk.at)),
    sharing ? [findHome(tables.flows4, tables.flows6, fields, flow), store32(get(slot), Slot.FLOW, get(flow))] : [],
    connection === null
      ? []
      : [findHome(tables.tickets4, tables.tickets6, fields, ticket), store32(get(slot), Slot.TICKET, get(ticket))],
    set(walk.at, get(walk.next)),
    forward,
    branchIf(next, lessThan(get(slot), slotAt(layout, BATCH.packets))),
  ];
  const isV6 = load32(get(slot), Slot.IS_V6);
  const recall = (local: number, at: number): Code => set(local, load32(get(slot), at));
  const keep = (value: Code): Code => set(fetched, xor(get(fetched), value));
  const fetching: Code = [
    set(fields.isV6, isV6),
    sharing ? [recall(flow, Slot.FLOW), keep(fetchFlow(layout, flow, fields.isV6))] : [],
    connection === null ? [] : [recall(ticket, Slot.TICKET), keep(fetchTicket(ticket, fields.isV6))],
    forward,
    branchIf(each, isMore),
  ];
  const now = loadFloat(get(slot), Slot.NOW);
  const taking: Code = [
    recallFields(slot, fields),
    connection === null
      ? []
      : [
          recall(ticket, Slot.TICKET),
          connectionCode({
            layout,
            fields,
            connection,
            f,
            home: ticket,
            at: load32(get(slot), Slot.AT),
            now,
            scratch,
            opens: program.opens,
            plain: unknown,
          }),
        ],
    asked,
    sharing
      ? [
          recall(flow, Slot.FLOW),
          when(get(host), noteFlow({ layout, fields, connection, home: flow, counter, host, f, full })),
        ]
      : [],
    counted,
    forward,
  ];
  return [
    resumed(slot, end, walk),
    block(full, [
      block(unknown, [
        block(plain, [
          loop(again, [
            block(isRead, [
              branchIf(isRead, isMore),
              set(slot, slotAt(layout)),
              block(headersRead, loop(next, reading)),
              set(end, get(slot)),
              store32(get(end), Slot.AT, get(walk.at)),
              set(slot, slotAt(layout)),
              // None was read: the next is the plain engine's, or not whole.
              branchIf(plain, eq(get(end), get(slot))),
              loop(each, fetching),
              set(slot, slotAt(layout)),
            ]),
            loop(taken, [taking, branchIf(taken, isMore)]),
            branch(again),
          ]),
        ]),
        store32(constant(Cell.STOP), 0, constant(Stop.PLAIN)),
        branch(full),
      ]),
      store32(constant(Cell.STOP), 0, constant(Stop.UNKNOWN)),
    ]),
    store32(constant(Cell.FETCHED), 0, get(fetched)),
    store32(constant(Cell.SLOT), 0, get(slot)),
    store32(constant(Cell.SLOTS_END), 0, get(end)),
    set(walk.at, load32(get(slot), Slot.AT)),
  ];
}

/** Goes on in the batch that a stop left behind, if the record at `walk.at` is in it: only one in between is gone. */
function resumed(slot: number, end: number, { at }: Walk): Code {
  const [find, found] = [new Label(), new Label()];
  return [
    set(slot, load32(constant(Cell.SLOT))),
    set(end, load32(constant(Cell.SLOTS_END))),
    block(found, [
      loop(find, [
        branchIf(found, isZero(lessThan(get(slot), get(end)))),
        when(eq(load32(get(slot), Slot.AT), get(at)), [set(at, load32(get(end), Slot.AT)), branch(found)]),
        set(slot, add(get(slot), constant(BATCH.stride))),
        branch(find),
      ]),
    ]),
  ];
}

interface Answered {
  readonly counter: number;
  readonly host: number;
  readonly trust: number;
  readonly done: Label;
  readonly plain: Label;
}

function askPart(
  part: number,
  fields: Fields & Partial<Connection>,
  { counter, host, trust, done, plain }: Answered,
): Code {
  return [
    set(counter, call(part, Object.values(fields).map(get))),
    branchIf(plain, eq(get(counter), constant(Part.PLAIN))),
    when(get(counter), [
      set(host, load32(constant(Cell.HOST))),
      set(trust, load32(constant(Cell.TRUST))),
      branch(done),
    ]),
  ];
}

/** layout.ts, fateAt(). */
function isFateKnown({ fates, classes }: Layout, counter: number): Code {
  const isClass = isZero(lessThan(get(counter), constant(classes)));
  const [reason, first] = [reasonAt(0), classes].map((base, i) => constant(fates + i * MINORS - base / COUNTER));
  return load8(add(shiftRight(get(counter), constant(LOG_COUNTER)), select(isClass, first ?? [], reason ?? [])));
}

function count(counter: number, { length }: Fields): Code {
  const sum = (offset: number, more: Code): Code =>
    store64(get(counter), offset, add64(load64(get(counter), offset), more));
  return [sum(0, constant64(1)), sum(8, widen(get(length)))];
}

import { batched } from './batch.ts';
import { type Around, cellCode, type Facts, filtersCode, type PlannedFilter } from './filters.ts';
import { HostOf } from './flows.ts';
import type { Scratch } from './hash.ts';
import { type Fields, fieldsOf, headersOf } from './headers.ts';
import { Cell, COUNTER, type Layout, LOG_COUNTER, MINORS, reasonAt } from './layout.ts';
import { readsHeader } from './match.ts';
import { type Records, recordOf, type Times, type Walk } from './records.ts';
import { type Connection, connectionOf } from './tracking.ts';
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
  loop,
  result,
  select,
  set,
  shiftRight,
  store32,
  store64,
  when,
  widen,
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
  /** Connections are followed (connections.ts). */
  readonly tracked: boolean;
  /** Rules of NAT were told to the tracker. */
  readonly told: boolean;
  /** Connections that the tracker follows at most; 0: no limit. */
  readonly max: number;
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
    fields,
    connection,
    scratch: scratches(f),
    layout,
    facts,
    header: null,
    twice: false,
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
  const header = readsHeaders(program) ? f.local() : null;
  const [plain, done] = [new Label(), new Label()];
  const around: Around = {
    fields,
    connection,
    scratch,
    layout,
    facts,
    header,
    twice: program.filters.length <= FEW,
    plain: branch(plain),
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
      header === null ? [] : set(header, constant(0)),
      filtersCode(program.filters.slice(0, INLINE), 1, around),
      others,
      program.opaque ? branch(plain) : set(counter, constant(reasonAt(0))),
      set(host, constant(HostOf.NONE)),
      set(trust, cellCode(0, false, { header, facts }) ?? branch(plain)),
    ]),
    program.fates ? branchIf(plain, isZero(isFateKnown(layout, counter))) : [],
  ];
  const counted = [
    count(counter, fields),
    when(get(trust), store64(get(trust), 0, add64(load64(get(trust)), constant64(1)))),
    set(packets, add(get(packets), constant(1))),
  ];
  const read = (now: Times['now'], stop: Label): Code => [
    recordOf(records, { until: timed, now }, walk, fields, scratch.a, stop),
    headersOf(fields, facts.device, scratch.a, stop),
  ];
  const next = new Label();
  const walked =
    sharing || tracked
      ? batched({
          layout,
          sharing,
          told: program.told,
          max: program.max,
          f,
          walk,
          fields,
          connection,
          scratch: scratch.a,
          counter,
          host,
          read,
          asked,
          counted,
          plain,
        })
      : block(plain, loop(next, [read(null, plain), asked, counted, set(walk.at, get(walk.next)), branch(next)]));
  f.body = [walked, store32(constant(Cell.PACKETS), 0, get(packets)), get(walk.at)];
  return f;
}

/** Whether matches read the transport header; of filters in functions of their own these are the plain engine's. */
function readsHeaders({ filters }: Program): boolean {
  const reads = filters.some(({ match }) => match !== null && match !== 'opaque' && readsHeader(match));
  return reads && filters.length <= INLINE;
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

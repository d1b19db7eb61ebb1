import type { HostVisitor, Keeper, Shared } from '../report/index.ts';
import { swab32, word } from '../u32.ts';
import type { Fields } from './headers.ts';
import type { TablePlace } from './layout.ts';
import { Cell, COUNTER, classidAt, counterAt, dropBatch, type Layout, Stop } from './layout.ts';
import {
  hashCode,
  hashOf,
  homeCode,
  type RowKey,
  type RowShape,
  search,
  Table,
  wordsKey,
  writeKey,
  xorAt,
} from './table.ts';
import type { Connection } from './tracking.ts';
import {
  add,
  and,
  block,
  branch,
  branchIf,
  type Code,
  constant,
  type Func,
  get,
  isZero,
  Label,
  load32,
  multiply,
  or,
  select,
  set,
  shiftRight,
  store32,
  when,
  xor,
} from './wasm.ts';

/*
 * The flows and hosts of each class, counted as the loop meets them. A flow is its counter (which is the class),
 * protocol, ports and addresses; beside it stands the host that it was last counted for, so that hosts are looked up
 * for new flows alone. In a table that has grown an IPv4 flow takes 27 … 56 bytes and a host 9 … 19, in IPv6 67 … 140
 * and 22 … 47.
 *
 * Where a table cannot grow any more (report/sharing.ts says from when on), flows, or hosts, are counted by a sample:
 * those of which a mix of the hash begins with so many zeroes, and each stands for a power of two. (P. Flajolet, "On
 * adaptive sampling", 1990.)
 */

/** Whose host a packet counts for: what a filter's answer says. NONE: the packet has no class. */
export const HostOf = { NONE: 0, SRC: 1, DST: 2, TUPLE_SRC: 3, TUPLE_DST: 4 } as const;

/** Words of a flow's row; of IPv6, addresses and host stand as in the packet. */
const Flow = { COUNTER: 0, PROTO: 1, PORTS: 2, ADDRESSES: 3 } as const;
/** Words of a host's row. */
const Host = { COUNTER: 0, ADDRESS: 1 } as const;
/** Words of an address, by family. */
const WIDTH = { 4: 1, 6: 4 } as const;

type Family = 4 | 6;

const tablesOf = ({ tables }: Layout, family: Family): { readonly flows: TablePlace; readonly hosts: TablePlace } =>
  family === 4 ? { flows: tables.flows4, hosts: tables.hosts4 } : { flows: tables.flows6, hosts: tables.hosts6 };

/** Has the row at a home fetched, and leaves what stands there. It may lie on two lines of the cache. */
export function fetchFlow({ tables: { flows4, flows6 } }: Layout, home: number, isV6: number): Code {
  const last = add(get(home), multiply(get(isV6), constant(flows6.stride - flows4.stride)));
  return xor(load32(get(home)), load32(last, flows4.stride - 4));
}

interface Noting {
  readonly layout: Layout;
  readonly fields: Fields;
  readonly connection: Connection | null;
  /** A local that holds the flow's home. */
  readonly home: number;
  /** Locals that hold address of the counter and one of HostOf. */
  readonly counter: number;
  readonly host: number;
  readonly f: Func;
  /** Where to go if there is no place; Cell.STOP says in which table. */
  readonly full: Label;
}

/** Counts the packet's flow and host, unless they were counted before. */
export function noteFlow(noting: Noting): Code {
  const { fields, f } = noting;
  const locals = { row: f.local(), left: f.local(), flow: f.local(), address: f.local(), mixed: f.local() };
  return when(get(fields.isV6), noteFamily(6, noting, locals), noteFamily(4, noting, locals));
}

type Locals = Readonly<Record<'row' | 'left' | 'flow' | 'address' | 'mixed', number>>;

function noteFamily(family: Family, noting: Noting, locals: Locals): Code {
  const { layout, fields, home, counter } = noting;
  const { flows } = tablesOf(layout, family);
  const { row, flow } = locals;
  const [found, free, host, done, full] = [new Label(), new Label(), new Label(), new Label(), new Label()];
  const place = 4 * (Flow.ADDRESSES + 2 * WIDTH[family]);
  const key = flowKey(family, counter, fields);
  return [
    // `address`: of IPv4 it is the host's, of IPv6 it is where that stands.
    set(locals.address, hostCode(family, noting)),
    block(done, [
      block(full, [
        block(host, [
          block(free, [
            block(found, search(flows, get(home), key, locals, { found, free, full })),
            branchIf(done, isHost(family, row, place, locals.address)),
            branch(host),
          ]),
          branchIf(host, isLeftOut(flows, hashCode(fields), locals.mixed)),
          writeKey(key, row),
          // No host that it could have, until the host was counted.
          writeHost(family, row, place, locals.address, constant(-1)),
          countOne(layout, flows, counter),
        ]),
        set(flow, get(row)),
        noteHost(family, noting, locals, { done, place }),
      ]),
      store32(constant(Cell.STOP), 0, constant(Stop.FULL + flows.number)),
      branch(noting.full),
    ]),
  ];
}

function noteHost(
  family: Family,
  { layout, counter, full }: Noting,
  locals: Locals,
  { done, place }: { readonly done: Label; readonly place: number },
): Code {
  const { hosts } = tablesOf(layout, family);
  const [known, free, noPlace] = [new Label(), new Label(), new Label()];
  const { row, flow, address, mixed } = locals;
  const isIn = [[0, get(counter)]] as const;
  const key: RowKey =
    family === 4
      ? wordsKey([...isIn, [4 * Host.ADDRESS, get(address)]])
      : { words: isIn, pairs: [0, 8].map((at) => [4 * Host.ADDRESS + at, at]), address: get(address) };
  const hash = hostHash(family, counter, address);
  return [
    block(noPlace, [
      block(known, [
        block(free, search(hosts, homeCode(hosts, hash), key, locals, { found: known, free, full: noPlace })),
        branchIf(known, isLeftOut(hosts, hash, mixed)),
        writeKey(key, row),
        countOne(layout, hosts, counter),
      ]),
      writeHost(family, flow, place, address, constant(0)),
      branch(done),
    ]),
    store32(constant(Cell.STOP), 0, constant(Stop.FULL + hosts.number)),
    branch(full),
  ];
}

function flowKey(family: Family, counter: number, { proto, ports, src, dst, network }: Fields): RowKey {
  const [first, second] = [4 * Flow.ADDRESSES, 4 * Flow.ADDRESSES + 4];
  const words = [counter, proto, ports].map((local, i) => [4 * i, get(local)] as const);
  if (family === 4) return wordsKey([...words, [first, get(src)], [second, get(dst)]]);
  return { words, pairs: [8, 16, 24, 32].map((at, i) => [first + 8 * i, at]), address: get(network) };
}

/** The host: in IPv4 its address, in IPv6 where that stands. */
function hostCode(family: Family, { fields, connection, host }: Noting): Code {
  const [src, dst] =
    family === 4
      ? [get(fields.src), get(fields.dst)]
      : [8, 24].map((offset) => add(get(fields.network), constant(offset)));
  const isSrc = and(get(host), constant(1));
  const ofPacket = select(isSrc, src ?? [], dst ?? []);
  if (connection === null) return ofPacket;
  const [tupleSrc, tupleDst] =
    family === 4
      ? [get(connection.src), get(connection.dst)]
      : [0, 16].map((offset) => add(get(connection.tuple), constant(offset)));
  const isOfTuple = and(shiftRight(add(get(host), constant(1)), constant(2)), isZero(isZero(get(connection.known))));
  return select(isOfTuple, select(isSrc, tupleSrc ?? [], tupleDst ?? []), ofPacket);
}

/** Whether the row's host is this one. */
function isHost(family: Family, row: number, place: number, address: number): Code {
  if (family === 4) return isZero(xor(load32(get(row), place), get(address)));
  return isZero([0, 4, 8, 12].map((at) => xor(load32(get(row), place + at), load32(get(address), at))).reduce(or));
}

/** Writes the host, changed by `by`, behind a flow. */
function writeHost(family: Family, row: number, place: number, address: number, by: Code): Code {
  if (family === 4) return store32(get(row), place, xor(get(address), by));
  return [0, 4, 8, 12].map((at) => store32(get(row), place + at, xor(load32(get(address), at), by)));
}

function hostHash(family: Family, counter: number, address: number): Code {
  const words = family === 4 ? get(address) : [0, 4, 8, 12].map((at) => load32(get(address), at)).reduce(xor);
  return hostMix(words, get(counter));
}

const COUNTERS = 0x9e3779b1;
const WORDS = 0x85ebca6b;
const hostMix = (address: Code, counter: Code): Code =>
  multiply(xor(address, multiply(shiftRight(counter, constant(4)), constant(COUNTERS))), constant(WORDS));
const hostMixOf = (address: number, counter: number): number =>
  Math.imul(address ^ Math.imul(counter >>> 4, COUNTERS), WORDS);

/** Not 0: the sample goes without it. */
function isLeftOut({ number }: TablePlace, hash: Code, mixed: number): Code {
  return [set(mixed, hash), and(sampleMix(get(mixed)), load32(constant(Cell.SAMPLES + 4 * number)))];
}

const SAMPLE = 0x2c1b3c6d;
/** The hash's bits put otherwise, as rows near each other have the upper ones in common; never 0. */
const sampleMix = (hash: Code): Code =>
  or(multiply(xor(hash, shiftRight(hash, constant(15))), constant(SAMPLE)), constant(1));
const sampleMixOf = (hash: number): number => Math.imul(hash ^ (hash >>> 15), SAMPLE) | 1;

/** The four counts of a class stand in the order of the tables. */
function countOne({ classes, shares }: Layout, { number }: TablePlace, counter: number): Code {
  const at = shares - classes + 4 * number;
  return store32(get(counter), at, add(load32(get(counter), at), constant(1)));
}

type Hash = RowShape['hash'];

const flowHash4: Hash = (words, at) =>
  hashOf(word(words, at + 3), word(words, at + 4), word(words, at + Flow.PORTS), word(words, at + Flow.PROTO));
const flowHash6: Hash = (words, at) => {
  const [src, dst] = [swab32(xorAt(words, at + 3)), swab32(xorAt(words, at + 7))];
  return hashOf(src, dst, word(words, at + Flow.PORTS), word(words, at + Flow.PROTO));
};
const hostHash4: Hash = (words, at) => hostMixOf(word(words, at + 1), word(words, at));
const hostHash6: Hash = (words, at) => hostMixOf(xorAt(words, at + 1), word(words, at));

const range = (size: number): number[] => Array.from({ length: size }, (_, i) => i);

/** The flows and hosts, for who has packets that the loop did not take, and wants to know what came of all. */
export class Flows implements Keeper {
  private readonly words: Int32Array;
  private readonly layout: Layout;
  /** By their numbers, which is also the order of a class's four counts. */
  private readonly tables: readonly Table[];
  private readonly row = new Int32Array(Flow.ADDRESSES + 3 * WIDTH[6]);

  constructor(buffer: ArrayBuffer, layout: Layout) {
    this.words = new Int32Array(buffer);
    this.layout = layout;
    const { flows4, flows6, hosts4, hosts6 } = layout.tables;
    this.tables = [
      new Table(buffer, flows4, { key: range(5), hash: flowHash4 }),
      new Table(buffer, flows6, { key: range(11), hash: flowHash6 }),
      new Table(buffer, hosts4, { key: range(2), hash: hostHash4 }),
      new Table(buffer, hosts6, { key: range(5), hash: hostHash6 }),
    ];
  }

  /** Makes room in a table: it grows, or holds a sample of half as many. */
  makeRoom(number: number): void {
    const table = this.tables[number];
    const { words, layout } = this;
    dropBatch(words);
    if (table === undefined || (table.canGrow && table.grow())) return;
    words[sampleAt(number)] = (word(words, sampleAt(number)) >> 1) | (1 << 31);
    table.thin((at) => this.isKept(number, table.shape.hash(words, at)));
    const first = (layout.shares >> 2) + number;
    const end = first + (layout.majors.length << 16) * (COUNTER >> 2);
    for (let at = first; at < end; at += COUNTER >> 2) if (word(words, at) !== 0) words[at] = 0;
    table.forEach((at) => {
      this.countOne(word(words, at), number);
    });
  }

  private isKept(number: number, hash: number): boolean {
    return (sampleMixOf(hash) & word(this.words, sampleAt(number))) === 0;
  }

  private countOne(counter: number, number: number): void {
    const at = this.shareAt(counter) + number;
    this.words[at] = word(this.words, at) + 1;
  }

  /** Index of a class's four counts. */
  private shareAt(counter: number): number {
    return (counter - this.layout.classes + this.layout.shares) >> 2;
  }

  /** noteFlow(), of a packet that was the plain engine's; false: the loop has no such class. */
  note(classid: number, isV6: boolean, flow: Int32Array, host: Int32Array): boolean {
    const counter = counterAt(this.layout, classid);
    if (counter === null) return false;
    const { row } = this;
    const width = isV6 ? WIDTH[6] : WIDTH[4];
    const address = (word: number): number => (isV6 ? swab32(word) : word);
    row[Flow.COUNTER] = counter;
    row[Flow.PROTO] = word(flow, 1);
    row[Flow.PORTS] = word(flow, 2);
    for (let i = 3; i < 3 + 2 * width; i++) row[i] = address(word(flow, i));
    for (let i = 0; i < width; i++) row[3 + 2 * width + i] = address(word(host, 1 + i));
    this.enter(isV6 ? 1 : 0);
    for (let i = 0; i < width; i++) row[Host.ADDRESS + i] = address(word(host, 1 + i));
    this.enter(isV6 ? 3 : 2);
    return true;
  }

  /** Puts `row` into a table, unless it is there or left out. */
  private enter(number: number): void {
    const table = this.tables[number];
    if (table === undefined) return;
    const { row, words } = this;
    const hash = table.shape.hash(row, 0);
    for (;;) {
      const at = table.find(hash, row);
      if ((at >= 0 && word(words, at) !== 0) || !this.isKept(number, hash)) return;
      if (at >= 0) {
        table.write(at, row);
        this.countOne(word(row, 0), number);
        return;
      }
      this.makeRoom(number);
    }
  }

  perClass(of: (classid: number) => Shared): void {
    const { words, layout } = this;
    const [flows4 = 1, flows6 = 1, hosts4 = 1, hosts6 = 1] = this.tables.map(
      ({ rows: { number } }) => 2 ** Math.clz32(~word(words, sampleAt(number))),
    );
    const end = layout.classes + (layout.majors.length << 16) * COUNTER;
    for (let counter = layout.classes; counter < end; counter += COUNTER) {
      const at = this.shareAt(counter);
      const flows = word(words, at) * flows4 + word(words, at + 1) * flows6;
      const hosts = word(words, at + 2) * hosts4 + word(words, at + 3) * hosts6;
      if (flows + hosts === 0) continue;
      const shared = of(classidAt(layout, counter));
      shared.flows += flows;
      shared.hosts += hosts;
    }
  }

  eachHost(visit: HostVisitor): void {
    const { words, layout, row } = this;
    const [, , hosts4, hosts6] = this.tables;
    const classAt = (at: number): number => classidAt(layout, word(words, at + Host.COUNTER));
    hosts4?.forEach((at) => {
      visit(classAt(at), false, words, at + Host.ADDRESS);
    });
    hosts6?.forEach((at) => {
      for (let i = 0; i < WIDTH[6]; i++) row[i] = swab32(word(words, at + Host.ADDRESS + i));
      visit(classAt(at), true, row, 0);
    });
  }

  get isEstimate(): boolean {
    return this.tables.some(({ rows: { number } }) => word(this.words, sampleAt(number)) !== 0);
  }
}

/** Index of a table's sample: a one for each halving, from the top. */
const sampleAt = (number: number): number => (Cell.SAMPLES >> 2) + number;

/**
 * The compiled engine: one loop over the records of a chunk, made for a file format, a device and a chain of flow
 * filters, as WebAssembly. It takes the packets that most captures are made of and leaves all others to the plain
 * engine (sched/flow/classifier.ts), which is the definition: every answer here is one that it would give, and
 * test/fuzz/engines.ts holds the two together.
 *
 *   Engine.of({ protos, env, … })    an engine for a chain, or in words why there is none
 *   openCapture(engine.room)         the reader's window is in the loop's memory
 *   engine.run(reader, began)        takes packets up to one that is the plain engine's, and says how many
 *   engine.wantsConnection           that one lacked only its connection: giveConnection()
 *   engine.afterPlain(now, packet)   after the plain engine took that one; learn(): where packets like it end
 *   engine.settle({ tally, fates })  hands over what was counted
 */
import type { CaptureReader, RecordLayout } from '../capture/index.ts';
import type { Tracker } from '../conntrack/index.ts';
import { createPacket } from '../env.ts';
import type { KernelProto } from '../kernel/index.ts';
import { ETH_P, exactnessOf, FlowKeys, type Packet } from '../packet/index.ts';
import type { Counts, Fates, Keeper, Tally } from '../report/index.ts';
import type { FlowClassifier } from '../sched/flow/index.ts';
import { tcH, tcMajor, tcMinor, word } from '../u32.ts';
import { UNSPEC } from '../verdict.ts';
import { compile } from './compile.ts';
import { giveConnection } from './connections.ts';
import { type Facts, type PlannedFilter, PRESENT, restsOf } from './filters.ts';
import { Flows } from './flows.ts';
import { protocolTable } from './headers.ts';
import {
  Cell,
  COUNTER,
  counterAt,
  dropBatch,
  fateAt,
  type Layout,
  layoutOf,
  MINORS,
  majorAt,
  PROTOCOLS,
  RESTS_MAX,
  ROOM,
  reasonAt,
  restsCell,
  Stop,
} from './layout.ts';
import { writeSteps } from './steps.ts';
import { writeKinds } from './transport.ts';

/** The part of WebAssembly's JavaScript interface that is used here; the core is compiled without DOM types. */
declare const WebAssembly: {
  readonly Memory: new (limits: { initial: number }) => { readonly buffer: ArrayBuffer };
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: { readonly run: Loop } };
};
type Loop = (at: number, limit: number) => number;

interface Compiled {
  readonly module: object;
  readonly run: Loop;
}

/** What a thread of its own needs to run a loop: the module, how large its memory is, and what stands there at first. */
export interface LaneWork extends Pick<RecordLayout, 'format' | 'little' | 'unit' | 'ethernet'> {
  readonly module: object;
  readonly pages: number;
  readonly head: Uint8Array;
  /** Address and size of the room for what is captured; the counters stand below it. */
  readonly room: number;
  readonly size: number;
}

export interface EngineOptions extends Pick<Facts, 'env' | 'known' | 'device' | 'reasonOf'> {
  /** What every result rests on: bits of Input. */
  readonly assumed: number;
  /** Chain 0 of the list that is asked. */
  readonly protos: readonly KernelProto[];
  /** Flows and hosts are counted. */
  readonly sharing: boolean;
  /** Who follows connections; null: nobody. */
  readonly tracker: Tracker | null;
  /** Packets go on through a tree of qdiscs: learn() is told where they end. */
  readonly fates: boolean;
}

/** What was counted, for those who keep it. */
export interface Counted {
  readonly tally: Tally;
  readonly fates: Fates | null;
}

/** Major numbers that filters may give: a MiB of counters each. */
const MAJORS_MAX = 64;
/** Filters of one chain: beyond it the code alone would be tens of MiB. */
const FILTERS_MAX = 1 << 16;

/** A filter of the chain, and where it is found again once perturbation has put another in its place. */
interface Source {
  readonly flow: FlowClassifier;
  readonly index: number;
}

/** Filters of a chain up to the first classifier of another kind. */
interface Chain {
  readonly filters: readonly PlannedFilter[];
  readonly sources: readonly Source[];
  readonly opaque: boolean;
}

function chainOf(protos: readonly KernelProto[]): Chain {
  const filters: PlannedFilter[] = [];
  const sources: Source[] = [];
  for (const { protocol, classifier } of protos) {
    const { flow } = classifier;
    if (flow === null || classifier.plans === undefined) return { filters, sources, opaque: true };
    for (const [index, plan] of classifier.plans().entries()) {
      filters.push({ ...plan, protocol });
      sources.push({ flow, index });
    }
  }
  return { filters, sources, opaque: false };
}

/** Whether a packet may no longer be what the tracker saw. */
function mayChange({ filters, opaque }: Chain): boolean {
  return opaque || filters.some(({ verdict }) => verdict === 'opaque');
}

const majorsOf = ({ filters }: Chain): number[] => [...new Set(filters.map(({ filter }) => tcMajor(filter.baseclass)))];

function refusal(chain: Chain, { tracker, env }: EngineOptions): string | null {
  if (chain.filters.length === 0) return 'the first classifier is no flow classifier';
  if (majorsOf(chain).length > MAJORS_MAX) return `classes of more than ${MAJORS_MAX} major numbers`;
  if (chain.filters.length > FILTERS_MAX) return `more than ${FILTERS_MAX} filters`;
  if (tracker !== null && mayChange(chain)) return 'connections are tracked, and actions may change packets';
  if (!env.era.compilable) return `the kernel of era ${env.era.name} dissects otherwise`;
  if (typeof WebAssembly === 'undefined') return 'no WebAssembly here';
  return moduleOf(EMPTY_MODULE) === null ? MAY_NOT_COMPILE : null;
}

const NO_MEMORY = 'no memory for WebAssembly here';
const MAY_NOT_COMPILE = 'WebAssembly may not compile here';

/** Magic number and version: a module without anything. */
const EMPTY_MODULE = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

interface Memory {
  readonly buffer: ArrayBuffer;
}

/** null: there is no address space for it (a limit of the process, or many engines). */
function memoryOf({ pages }: Layout): Memory | null {
  try {
    return new WebAssembly.Memory({ initial: pages });
  } catch {
    return null;
  }
}

/** null: the page's policy or the program around it forbids it, or there is no room for code. */
function moduleOf(bytes: Uint8Array): object | null {
  try {
    return new WebAssembly.Module(bytes);
  } catch {
    return null;
  }
}

/** What most filters' results rest on, where the headers are all there. */
function usualOf(filters: readonly PlannedFilter[], facts: Parameters<typeof restsOf>[1]): number {
  const counts = new Map<number, number>();
  for (const { filter } of filters) {
    const there = restsOf(filter, facts, PRESENT, null);
    counts.set(there, (counts.get(there) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? 0;
}

/** A time of the capture. */
export interface Moment {
  readonly seconds: number;
  readonly nanoseconds: number;
}

export class Engine {
  /** What the reader of the capture begins with: the loop sees nothing else. */
  readonly room: Uint8Array;
  private readonly chain: Chain;
  private readonly facts: Facts;
  private readonly layout: Layout;
  private readonly flows: Flows | null;
  private readonly tracker: Tracker | null;
  /** Why no loop could be made after all, so that every packet is the plain engine's; null: it could. */
  problem: string | null = null;
  /** The loop stopped at a packet of which it lacks only the connection. */
  wantsConnection = false;
  /** Where the bytes stood of which a batch may be left. */
  private batch: { readonly window: CaptureReader['window']; readonly base: number } = { window: null, base: 0 };
  /** Whose times the loop knows how to read. */
  private clocked: RecordLayout | null = null;
  private readonly memory: Memory;
  private readonly words: Int32Array;
  private readonly bytes: Uint8Array;
  /** Where the packets of a counter end, by its address. */
  private readonly ends = new Map<number, number>();
  /** What every result rests on: bits of Input. */
  private assumed: number;
  /** What the ways to these ends rest on, of all packets alike: bits of Input. null: none is known. */
  private way: number | null = null;
  /** By format, byte order and unit of time; and by the files that are so. */
  private readonly loopOf = new WeakMap<RecordLayout, Compiled>();
  private readonly loops = new Map<string, Compiled>();
  /** When the first seed is drawn anew, as Env.now(); Infinity: never. */
  private nextPerturb = Number.POSITIVE_INFINITY;
  /** Some seed is drawn anew now and then. */
  private readonly timed: boolean;

  private constructor(chain: Chain, options: EngineOptions, layout: Layout, memory: Memory) {
    const { env, known, device, assumed, reasonOf, sharing } = options;
    this.chain = chain;
    // The addresses of connections are keys of IP packets alone: of any other, results would seem surer than they are.
    const packet = Object.assign(createPacket(env), { protocol: ETH_P.IPV4 });
    const blank = { packet, keys: new FlowKeys() };
    this.facts = {
      ...{ env, known, device, reasonOf, blank },
      usual: usualOf(chain.filters, { env, known, blank }),
      rests: [],
      reasons: [reasonOf(UNSPEC) ?? ''],
    };
    this.assumed = assumed;
    this.layout = layout;
    this.memory = memory;
    const { buffer } = memory;
    this.words = new Int32Array(buffer);
    this.bytes = new Uint8Array(buffer);
    this.room = new Uint8Array(buffer, this.layout.room, ROOM);
    this.bytes.set(protocolTable(), PROTOCOLS);
    this.tracker = options.tracker;
    const { connections4, connections6 } = this.layout;
    this.tracker?.share({ buffer, ...connections4 }, { buffer, ...connections6 }, this.layout);
    if (this.tracker !== null) {
      writeSteps(buffer, this.layout);
      writeKinds(buffer, this.layout);
    }
    this.flows = sharing ? new Flows(buffer, this.layout) : null;
    this.readSeeds();
    this.timed = this.nextPerturb !== Number.POSITIVE_INFINITY;
  }

  /** An engine for a chain, or in words why there is none. */
  static of(options: EngineOptions): Engine | string {
    const chain = chainOf(options.protos);
    const why = refusal(chain, options);
    if (why !== null) return why;
    const { sharing, fates, tracker } = options;
    const layout = layoutOf(chain.filters.length + 1, majorsOf(chain), { sharing, fates, tracked: tracker !== null });
    const memory = memoryOf(layout);
    return memory === null ? NO_MEMORY : new Engine(chain, options, layout, memory);
  }

  /** In words why there is no engine for a chain; null: there is one. */
  static refusal(options: EngineOptions): string | null {
    return refusal(chainOf(options.protos), options);
  }

  /**
   * Classifies and counts packets of what the reader has, up to one that is the plain engine's; returns how many.
   * `began`: the time of the first packet, from which Env.now() counts.
   */
  run(reader: CaptureReader, began: Moment): number {
    const { window, layout } = reader;
    this.wantsConnection = false;
    // A record too long for the room has the window move out of it: the rest of the file is the plain engine's.
    if (window === null || layout === null || layout.ethernet === 0 || window.data !== this.room) return 0;
    const { words } = this;
    words[Cell.INTERFACES >> 2] = layout.ethernet;
    if (this.timed) words.set(this.until(layout, began), Cell.UNTIL >> 2);
    if (this.tracker !== null && !this.setClock(layout, began)) return 0;
    const { room } = this.layout;
    const loop = this.loopFor(layout);
    if (loop === null) return 0;
    const base = window.offset - window.at;
    if (window !== this.batch.window || base !== this.batch.base) {
      this.batch = { window, base };
      dropBatch(words);
    }
    for (let packets = 0; ; ) {
      window.at = loop.run(room + window.at, room + window.end) - room;
      packets += word(words, Cell.PACKETS >> 2);
      const stop = word(words, Cell.STOP >> 2);
      this.wantsConnection = stop === Stop.UNKNOWN;
      if (stop < Stop.FULL) {
        // A record that comes to stand there later is another.
        words[Cell.GIVEN_AT >> 2] = 0;
        return packets;
      }
      this.flows?.makeRoom(stop - Stop.FULL);
    }
  }

  /** Who counts the flows and hosts of the loop's classes; null: nobody. */
  get keeper(): Keeper | null {
    return this.flows;
  }

  /** Tells the loop from when on time counts; false: the first packet's time is finer than this file tells. */
  private setClock(layout: RecordLayout, { seconds, nanoseconds }: Moment): boolean {
    const { unit } = layout;
    if (layout === this.clocked) return true;
    this.clocked = layout;
    const { buffer } = this.memory;
    new BigInt64Array(buffer)[Cell.BEGAN >> 3] =
      BigInt(seconds) * BigInt(SECOND / unit) + BigInt(Math.floor(nanoseconds / unit));
    new Float64Array(buffer)[Cell.UNIT >> 3] = unit;
    if (nanoseconds % unit !== 0) this.clocked = null;
    return this.clocked !== null;
  }

  /** To be called when the plain engine took a packet: at a perturbation it has drawn new seeds. */
  afterPlain(now: number): void {
    if (now >= this.nextPerturb) this.readSeeds();
  }

  /**
   * Gives the loop what the tracker found for a packet, its connection or none; its record begins at an index of the
   * window.
   */
  giveConnection(p: Packet, at: number): void {
    const { words, layout } = this;
    giveConnection(words, layout, p.ct, p.protocol === ETH_P.IPV6, layout.room + at);
  }

  /**
   * Where a packet of this class, or without one for this reason, ended, and what its way rests on besides the filters:
   * all like it end there, as nothing else is asked on the way and all have the same priority.
   */
  learn(reason: string | null, classid: number, end: number, way: number): void {
    const { layout, facts } = this;
    this.way ??= way;
    if (way !== this.way) return;
    const counter = reason === null ? counterAt(layout, classid) : reasonAt(facts.reasons.indexOf(reason));
    // Not one of the loop's: a class that no filter of the chain gives, a reason that no filter has.
    if (counter === null || (reason !== null && !facts.reasons.includes(reason))) return;
    this.ends.set(counter, end);
    this.bytes[fateAt(layout, counter)] = 1;
  }

  /**
   * What another thread needs to run the loop over records of this layout, in a memory of its own that begins with
   * `head`; null: it may not, as flows are kept together, or time goes by.
   */
  lane(layout: RecordLayout): LaneWork | null {
    if (this.flows !== null || this.timed || this.tracker !== null) return null;
    const { pages, room, classes } = this.layout;
    const loop = this.loopFor(layout);
    if (loop === null) return null;
    const { module } = loop;
    const head = this.bytes.slice(0, classes);
    head.fill(0, restsCell(0), restsCell(RESTS_MAX));
    head.fill(0, reasonAt(0), reasonAt(this.facts.reasons.length));
    const { format, little, unit, ethernet } = layout;
    new Int32Array(head.buffer)[Cell.INTERFACES >> 2] = ethernet;
    return { module, pages, head, room, size: ROOM, format, little, unit, ethernet };
  }

  /** Hands over what another thread counted in its memory. */
  settleLane(memory: ArrayBuffer, counted: Counted): void {
    this.settleWords(new Int32Array(memory), counted);
  }

  /** What every result of later packets rests on; what was counted before is handed over. */
  assume(inputs: number, counted: Counted): void {
    if (inputs === this.assumed) return;
    this.settle(counted);
    this.assumed = inputs;
  }

  /** Hands over what was counted since the last time. */
  settle(counted: Counted): void {
    this.settleWords(this.words, counted);
  }

  private settleWords(words: Int32Array, { tally, fates }: Counted): void {
    let classified = 0;
    let missed = 0;
    const take = (address: number): Counts => {
      const counts = takeCounter(words, address);
      const end = this.ends.get(address);
      if (end !== undefined) fates?.add(end, counts.bytes, counts.packets);
      return counts;
    };
    for (const major of this.layout.majors) {
      const first = majorAt(this.layout, major);
      const [from, to] = this.minorsOf(major);
      for (let minor = from; minor < to; minor++) {
        const at = first + minor * COUNTER;
        if (!isCounted(words, at)) continue;
        const { packets, bytes } = take(at);
        classified += packets;
        tally.add(tcH(major, minor), bytes, packets);
      }
    }
    for (const [i, reason] of this.facts.reasons.entries()) {
      if (!isCounted(words, reasonAt(i))) continue;
      const { packets, bytes } = take(reasonAt(i));
      tally.miss(reason, bytes, packets);
      missed += packets;
    }
    for (const [i, { inputs, isClass }] of this.facts.rests.entries()) {
      const cell = restsCell(i + 1) >> 2;
      const unusual = count64(words, cell);
      words.fill(0, cell, cell + 2);
      this.rest(tally, inputs, isClass, unusual);
      if (isClass) classified -= unusual;
      else missed -= unusual;
    }
    this.rest(tally, this.facts.usual, true, classified);
    this.rest(tally, 0, false, missed);
  }

  private rest(tally: Tally, inputs: number, isClass: boolean, packets: number): void {
    const rests = inputs | this.assumed | (this.way ?? 0);
    if (packets > 0) tally.rest(rests, packets);
    tally.results[exactnessOf(rests)] += packets;
    if (isClass) tally.exactness[exactnessOf(rests)] += packets;
  }

  /** The minors that filters may give under a major number: to look at all would take 10 ms of a short run. */
  private minorsOf(major: number): [from: number, to: number] {
    const [bases, ends]: [number[], number[]] = [[], []];
    for (const { filter } of this.chain.filters) {
      if (tcMajor(filter.baseclass) !== major) continue;
      const [base, divisor] = [tcMinor(filter.baseclass), filter.divisor >>> 0];
      const isBounded = divisor > 0 && base + divisor <= MINORS;
      bases.push(isBounded ? base : 0);
      ends.push(isBounded ? base + divisor : MINORS);
    }
    return [bases.reduce((a, b) => Math.min(a, b)), ends.reduce((a, b) => Math.max(a, b))];
  }

  /** null: see `problem`. */
  private loopFor(layout: RecordLayout): Compiled | null {
    if (this.problem !== null) return null;
    const known = this.loopOf.get(layout);
    if (known !== undefined) return known;
    const name = `${layout.format} ${layout.little} ${layout.unit}`;
    const loop = this.loops.get(name) ?? this.makeLoop(layout);
    if (loop === null) return null;
    this.loops.set(name, loop);
    this.loopOf.set(layout, loop);
    return loop;
  }

  private makeLoop(records: RecordLayout): Compiled | null {
    const { chain, facts, layout, timed, tracker, flows } = this;
    const asked = {
      sharing: flows !== null,
      fates: layout.fates > 0,
      timed,
      tracked: tracker !== null,
      told: tracker?.knowsNat ?? false,
      max: tracker?.max ?? 0,
    };
    const module = moduleOf(compile({ ...chain, facts, layout, records, ...asked }));
    if (module === null) {
      this.problem = MAY_NOT_COMPILE;
      return null;
    }
    const { run } = new WebAssembly.Instance(module, { m: { m: this.memory } }).exports;
    return { module, run };
  }

  /** The next perturbation in the words of a record. */
  private until({ words }: RecordLayout, { seconds, nanoseconds }: Moment): readonly [number, number] {
    const then = nanoseconds + this.nextPerturb;
    return words(seconds + Math.floor(then / SECOND), then % SECOND);
  }

  private readSeeds(): void {
    this.nextPerturb = Number.POSITIVE_INFINITY;
    for (const [i, { flow, index }] of this.chain.sources.entries()) {
      const filter = flow.walk()[index];
      if (filter === undefined) continue;
      this.words[(this.layout.seeds >> 2) + 1 + i] = filter.hashrnd;
      this.nextPerturb = Math.min(this.nextPerturb, filter.nextPerturb);
    }
  }
}

const SECOND = 1e9;

function isCounted(words: Int32Array, address: number): boolean {
  return (word(words, address >> 2) | word(words, (address >> 2) + 1)) !== 0;
}

/** A counter, which is 0 then. */
function takeCounter(words: Int32Array, address: number): Counts {
  const at = address >> 2;
  const counts = { packets: count64(words, at), bytes: count64(words, at + 2) };
  words.fill(0, at, at + COUNTER / 4);
  return counts;
}

function count64(words: Int32Array, at: number): number {
  return word(words, at + 1) * 2 ** 32 + (word(words, at) >>> 0);
}

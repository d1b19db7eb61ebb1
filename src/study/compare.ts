import { FlowKeys } from '../packet/index.ts';
import { CountedRows, type FilterRow, WordSet } from '../report/index.ts';
import type { Run } from '../run.ts';
import { word } from '../u32.ts';
import {
  type By,
  bySubject,
  HOST_OR_FLOW_WORDS,
  hasHosts,
  readHostOfRun,
  readHostOrFlow,
  subjectText,
} from './host-or-flow.ts';
import { LastOutcome, Outcomes } from './outcomes.ts';
import { Census, type Shares } from './shares.ts';
import { sideOf } from './spread.ts';

/** Outcome before, outcome after; then who. */
const BEFORE = 0;
const AFTER = 1;
const WHO = 2;
const WIDTH = WHO + HOST_OR_FLOW_WORDS;

/** Packets that end alike on both sides. */
export interface Pair {
  /** The class where they end, or how else their way ends; of filters alone, the class id that they gave, or why there is none. */
  readonly before: string;
  readonly after: string;
  readonly packets: number;
  readonly bytes: number;
  readonly hosts: number;
}

export interface Move {
  readonly name: string;
  /** Where its packets went; several where the filter tells its flows apart. */
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/** What a change does to one host. */
export interface HostChange extends Move {
  readonly packets: number;
  readonly bytes: number;
  /** Of the bytes of its classes, those with more of its bytes weighing more: 0 … 1, and 0 without a class. */
  readonly shareBefore: number;
  readonly shareAfter: number;
  /** `shareBefore` less `shareAfter`: above 0, others have more of its classes than they had. */
  readonly harm: number;
}

export interface Side {
  readonly filters: readonly FilterRow[];
  /** Packets that have a class. */
  readonly classified: number;
  /** null where no host got a class. */
  readonly shares: Shares | null;
}

/** `cls-flow compare`: `--format json` prints just this. */
export interface Comparison {
  readonly schema: 1;
  readonly complete: boolean;
  readonly era: string;
  /** Both sides draw from it, and like filters draw the same, as the kernel keeps its hashrnd on a change. */
  readonly seed: number;
  readonly by: By;
  readonly packets: number;
  readonly bytes: number;
  readonly before: Side;
  readonly after: Side;
  /** Packets with another outcome. */
  readonly movedPackets: number;
  readonly hosts: { readonly all: number; readonly moved: readonly Move[] };
  readonly flows: { readonly all: number; readonly moved: readonly Move[] };
  /** All hosts: the most harmed first, then in the order of their addresses. */
  readonly byHost: readonly HostChange[];
  /** Most packets first. */
  readonly matrix: readonly Pair[];
  readonly errors: readonly { readonly file: string; readonly offset: number | null; readonly message: string }[];
}

/** Two runs over the same packets: step both, then add(). */
export class Comparing {
  readonly by: By;
  private readonly before: Run;
  private readonly after: Run;
  private readonly rows: readonly FilterRow[][];
  private readonly flow = new FlowKeys();
  private readonly row = new Int32Array(WIDTH);
  private readonly hosts = new CountedRows(WIDTH, Number.POSITIVE_INFINITY);
  private readonly flows = new WordSet(WIDTH);
  private readonly outcomes = new Outcomes();
  private readonly lastBefore: LastOutcome;
  private readonly lastAfter: LastOutcome;
  private readonly pairs = new Map<number, { packets: number; bytes: number }>();
  private movedPackets = 0;

  constructor(before: Run, after: Run) {
    this.before = before;
    this.after = after;
    this.lastBefore = new LastOutcome(before, this.outcomes);
    this.lastAfter = new LastOutcome(after, this.outcomes);
    this.rows = [before.filterRows(), after.filterRows()];
    this.by = sideOf([...before.filters, ...after.filters].map(({ filter }) => filter));
    for (const run of [before, after]) run.notesFilter ||= hasHosts(run);
  }

  /** Counts the packet of both runs' last step. */
  add(): void {
    const { before, after, row } = this;
    if (before.isElsewhere && after.isElsewhere) return;
    const from = this.lastBefore.number;
    const to = this.lastAfter.number;
    if (from !== to) this.movedPackets++;
    const name = from * OUTCOMES + to;
    const counts = this.pairs.get(name) ?? { packets: 0, bytes: 0 };
    this.pairs.set(name, counts);
    counts.packets++;
    counts.bytes += before.length;
    // The side that follows connections knows the sender before NAT.
    const run = after.packet.ct === null ? before : after;
    const { packet, options } = run;
    options.env.era.dissect(packet, this.flow);
    row[BEFORE] = from;
    row[AFTER] = to;
    const who = row.subarray(WHO);
    const isSomebodys = hasHosts(run) ? readHostOfRun(run, who) : readHostOrFlow(this.by, packet, this.flow, who);
    if (!isSomebodys) return;
    this.hosts.add(row, before.length, 0);
    readHostOrFlow('flow', packet, this.flow, row.subarray(WHO));
    this.flows.add(row);
  }

  result(seed: number, errors: Comparison['errors']): Comparison {
    const { before } = this;
    const byAddress = this.byAddress();
    const hosts = byAddress.map(({ name, before, after }) => ({ name, before, after }));
    const flows = this.moves();
    const hostsOf = this.hostsOfPairs();
    return {
      schema: 1,
      complete: errors.length === 0,
      era: before.options.env.era.name,
      seed,
      by: this.by,
      packets: before.tally.packets,
      bytes: before.tally.bytes,
      before: this.side(BEFORE),
      after: this.side(AFTER),
      movedPackets: this.movedPackets,
      hosts: { all: hosts.length, moved: hosts.filter(isMoved) },
      flows: { all: flows.length, moved: flows.filter(isMoved) },
      // Stable: those who are harmed alike stay in the order of their addresses.
      byHost: byAddress.sort((a, b) => b.harm - a.harm),
      matrix: [...this.pairs]
        .map(([name, counts]) => ({
          before: this.outcomes.text(beforeOf(name)),
          after: this.outcomes.text(afterOf(name)),
          ...counts,
          hosts: hostsOf.get(name) ?? 0,
        }))
        .sort((a, b) => b.packets - a.packets || order(a.before, b.before) || order(a.after, b.after)),
      errors,
    };
  }

  private byAddress(): HostChange[] {
    const found = new Map<string, Compared>();
    this.hosts.forEach((words, { bytes, exact: packets }) => {
      const who = words.slice(WHO);
      const host = found.get(who.join()) ?? { who, packets: 0, bytes: 0, sides: [new Map(), new Map()] };
      found.set(who.join(), host);
      host.packets += packets;
      host.bytes += bytes;
      for (const [side, places] of host.sides.entries()) {
        const place = word(words, side);
        places.set(place, (places.get(place) ?? 0) + bytes);
      }
    });
    const all = [BEFORE, AFTER].map((side) => this.bytesOf(side));
    const classes = this.outcomes.classes();
    const rows = [...found.values()].map(({ who, packets, bytes, sides }) => {
      const [shareBefore = 0, shareAfter = 0] = sides.map((places, side) => {
        const own = [...places].filter(([place]) => classes.has(place));
        const parts = own.map(([place, count]) => (count * count) / (all[side]?.get(place) || 1));
        return bytes === 0 ? 0 : parts.reduce((sum, part) => sum + part, 0) / bytes;
      });
      const [before = [], after = []] = sides.map((places) => this.texts(places.keys()));
      const name = subjectText(this.by, who);
      const harm = shareBefore - shareAfter;
      return { who, row: { name, before, after, packets, bytes, shareBefore, shareAfter, harm } };
    });
    return rows.sort((a, b) => bySubject(a.who, b.who)).map(({ row }) => row);
  }

  /** Bytes of each outcome of a side, nobody's too. */
  private bytesOf(side: number): Map<number, number> {
    const bytes = new Map<number, number>();
    for (const [pair, counts] of this.pairs) {
      const outcome = side === BEFORE ? beforeOf(pair) : afterOf(pair);
      bytes.set(outcome, (bytes.get(outcome) ?? 0) + counts.bytes);
    }
    return bytes;
  }

  private moves(): Move[] {
    const found = new Map<string, { who: Int32Array; before: Set<number>; after: Set<number> }>();
    this.flows.forEach((words, at) => {
      const who = words.slice(at + WHO, at + WIDTH);
      const outcome = found.get(who.join()) ?? { who, before: new Set(), after: new Set() };
      found.set(who.join(), outcome);
      outcome.before.add(word(words, at + BEFORE));
      outcome.after.add(word(words, at + AFTER));
    });
    return [...found.values()]
      .sort((a, b) => bySubject(a.who, b.who))
      .map(({ who, before, after }) => ({
        name: subjectText('flow', who),
        before: this.texts(before),
        after: this.texts(after),
      }));
  }

  private texts(numbers: Iterable<number>): string[] {
    return [...numbers].map((n) => this.outcomes.text(n)).sort(order);
  }

  private hostsOfPairs(): Map<number, number> {
    const hosts = new Map<number, number>();
    this.hosts.forEach((words) => {
      const name = word(words, BEFORE) * OUTCOMES + word(words, AFTER);
      hosts.set(name, (hosts.get(name) ?? 0) + 1);
    });
    return hosts;
  }

  private side(column: typeof BEFORE | typeof AFTER): Side {
    const classes = this.outcomes.classes();
    const outcomeOf = column === BEFORE ? beforeOf : afterOf;
    let classified = 0;
    for (const [pair, { packets }] of this.pairs) if (classes.has(outcomeOf(pair))) classified += packets;
    return { filters: this.rows[column] ?? [], classified, shares: this.shares(column) };
  }

  /** Only classes count: packets without one are nowhere together. */
  private shares(column: number): Shares | null {
    const classes = this.outcomes.classes();
    const names = new Map<string, number[]>();
    this.hosts.forEach((words) => {
      const outcome = word(words, column);
      if (!classes.has(outcome)) return;
      const name = words.subarray(WHO).join();
      names.set(name, [...(names.get(name) ?? []), outcome]);
    });
    if (names.size === 0) return null;
    const each = [...names.values()];
    const hosts = Int32Array.from(each.flatMap((own, host) => own.map(() => host)));
    return new Census(this.outcomes.count).measure(hosts, Int32Array.from(each.flat()));
  }
}

/** A host on both sides: bytes by outcome. */
interface Compared {
  readonly who: Int32Array;
  packets: number;
  bytes: number;
  readonly sides: readonly Map<number, number>[];
}

/** More outcomes than there are class ids, so that a pair of them is one number. */
const OUTCOMES = 2 ** 26;

const beforeOf = (pair: number): number => Math.floor(pair / OUTCOMES);
const afterOf = (pair: number): number => pair % OUTCOMES;

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const isMoved = ({ before, after }: Move): boolean => before.join() !== after.join();

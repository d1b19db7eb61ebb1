import { FlowKeys } from '../packet/index.ts';
import { type FilterRow, WordSet } from '../report/index.ts';
import type { Run } from '../run.ts';
import { word } from '../u32.ts';
import { type By, HOST_OR_FLOW_WORDS, readHostOrFlow, subjectText } from './host-or-flow.ts';
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
  private readonly hosts = new WordSet(WIDTH);
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
  }

  /** Counts the packet of both runs' last step. */
  add(): void {
    const { before, after, row } = this;
    const from = this.lastBefore.number;
    const to = this.lastAfter.number;
    if (from !== to) this.movedPackets++;
    const name = from * OUTCOMES + to;
    const counts = this.pairs.get(name) ?? { packets: 0, bytes: 0 };
    this.pairs.set(name, counts);
    counts.packets++;
    counts.bytes += before.length;
    // The side that follows connections knows the sender before NAT.
    const { packet, options } = after.packet.ct === null ? before : after;
    options.env.era.dissect(packet, this.flow);
    row[BEFORE] = from;
    row[AFTER] = to;
    if (!readHostOrFlow(this.by, packet, this.flow, row.subarray(WHO))) return;
    this.hosts.add(row);
    readHostOrFlow('flow', packet, this.flow, row.subarray(WHO));
    this.flows.add(row);
  }

  result(seed: number, errors: Comparison['errors']): Comparison {
    const { before } = this;
    const hosts = this.subjects(this.hosts, this.by);
    const flows = this.subjects(this.flows, 'flow');
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

  private subjects(rows: WordSet, by: By): Move[] {
    const found = new Map<string, { before: Set<number>; after: Set<number> }>();
    rows.forEach((words, at) => {
      const name = subjectText(by, words.slice(at + WHO, at + WIDTH));
      const outcome = found.get(name) ?? { before: new Set(), after: new Set() };
      found.set(name, outcome);
      outcome.before.add(word(words, at + BEFORE));
      outcome.after.add(word(words, at + AFTER));
    });
    const texts = (numbers: Set<number>): string[] => [...numbers].map((n) => this.outcomes.text(n)).sort(order);
    return [...found]
      .map(([name, { before, after }]) => ({ name, before: texts(before), after: texts(after) }))
      .sort((a, b) => order(a.name, b.name));
  }

  private hostsOfPairs(): Map<number, number> {
    const hosts = new Map<number, number>();
    this.hosts.forEach((words, at) => {
      const name = word(words, at + BEFORE) * OUTCOMES + word(words, at + AFTER);
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
    this.hosts.forEach((words, at) => {
      const outcome = word(words, at + column);
      if (!classes.has(outcome)) return;
      const name = words.subarray(at + WHO, at + WIDTH).join();
      names.set(name, [...(names.get(name) ?? []), outcome]);
    });
    if (names.size === 0) return null;
    const each = [...names.values()];
    const hosts = Int32Array.from(each.flatMap((own, host) => own.map(() => host)));
    return new Census(this.outcomes.count).measure(hosts, Int32Array.from(each.flat()));
  }
}

/** More outcomes than there are class ids, so that a pair of them is one number. */
const OUTCOMES = 2 ** 26;

const beforeOf = (pair: number): number => Math.floor(pair / OUTCOMES);
const afterOf = (pair: number): number => pair % OUTCOMES;

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const isMoved = ({ before, after }: Move): boolean => before.join() !== after.join();

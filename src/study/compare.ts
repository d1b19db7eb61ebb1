import { FlowKeys } from '../packet/index.ts';
import { type FilterRow, WordSet } from '../report/index.ts';
import type { Run } from '../run.ts';
import { classText, word } from '../u32.ts';
import { type By, HOST_OR_FLOW_WORDS, readHostOrFlow, subjectText } from './host-or-flow.ts';
import { Census, type Shares } from './shares.ts';
import { sideOf } from './spread.ts';

/** Outcome before, outcome after; then who. */
const BEFORE = 0;
const AFTER = 1;
const WHO = 2;
const WIDTH = WHO + HOST_OR_FLOW_WORDS;

/** Packets that end alike on both sides. */
export interface Pair {
  /** A class id, or why there is none. */
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
  private readonly outcomes: string[] = [];
  private readonly numbers = new Map<string | number, number>();
  private readonly pairs = new Map<number, { packets: number; bytes: number }>();
  private movedPackets = 0;

  constructor(before: Run, after: Run) {
    this.before = before;
    this.after = after;
    this.rows = [before.filterRows(), after.filterRows()];
    this.by = sideOf([...before.filters, ...after.filters].map(({ filter }) => filter));
  }

  /** Counts the packet of both runs' last step. */
  add(): void {
    const { before, after, row } = this;
    const pair: readonly [number, number] = [this.outcome(before), this.outcome(after)];
    const [from, to] = pair;
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
    const { before, after } = this;
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
      before: this.side(before, 0),
      after: this.side(after, 1),
      movedPackets: this.movedPackets,
      hosts: { all: hosts.length, moved: hosts.filter(isMoved) },
      flows: { all: flows.length, moved: flows.filter(isMoved) },
      matrix: [...this.pairs]
        .map(([name, counts]) => ({
          before: this.outcomes[Math.floor(name / OUTCOMES)] ?? '',
          after: this.outcomes[name % OUTCOMES] ?? '',
          ...counts,
          hosts: hostsOf.get(name) ?? 0,
        }))
        .sort((a, b) => b.packets - a.packets || order(a.before, b.before) || order(a.after, b.after)),
      errors,
    };
  }

  private outcome(run: Run): number {
    const what = run.reason ?? run.classid;
    const known = this.numbers.get(what);
    if (known !== undefined) return known;
    this.outcomes.push(typeof what === 'number' ? classText(what) : what);
    this.numbers.set(what, this.outcomes.length - 1);
    return this.outcomes.length - 1;
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
    const texts = (numbers: Set<number>): string[] => [...numbers].map((n) => this.outcomes[n] ?? '').sort(order);
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

  private side(run: Run, column: 0 | 1): Side {
    const { exact, assumed, unknowable } = run.tally.exactness;
    return {
      filters: this.rows[column] ?? [],
      classified: exact + assumed + unknowable,
      shares: this.shares(column),
    };
  }

  /** Only classes count: packets without one are nowhere together. */
  private shares(column: number): Shares | null {
    const classes = new Set([...this.numbers].flatMap(([what, n]) => (typeof what === 'number' ? [n] : [])));
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
    return new Census(this.outcomes.length).measure(hosts, Int32Array.from(each.flat()));
  }
}

/** More outcomes than there are class ids, so that a pair of them is one number. */
const OUTCOMES = 2 ** 26;

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const isMoved = ({ before, after }: Move): boolean => before.join() !== after.join();

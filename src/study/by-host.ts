import { addressText, covers, type Prefix } from '../lang/index.ts';
import type { Exactness } from '../packet/index.ts';
import {
  CountedRows,
  type HostClass,
  type HostNames,
  type HostRow,
  type LargestFlows,
  maskedWords,
  type Named,
  type Neighbour,
  type RowCounts,
} from '../report/index.ts';
import type { Run } from '../run.ts';
import { word } from '../u32.ts';
import { type By, HOST_OR_FLOW_WORDS, readHostOrFlow, subjectText } from './host-or-flow.ts';
import { LastOutcome, Outcomes } from './outcomes.ts';

/** Whose packets are counted: also the hosts of one prefix together. */
export type HostsBy = By | 'subscriber';

/** Words of a host: address family and address. */
const HOST_WORDS = 5;
/** Hosts in classes that are counted one by one. */
const EXACT_ROWS = 1 << 18;
/** Others of a class that a host's row names. */
const NEIGHBOURS = 8;

const SURE: Readonly<Record<Exactness, 0 | 1 | 2>> = { exact: 0, assumed: 1, unknowable: 2 };

export interface ByHostOptions {
  readonly by: HostsBy;
  /** Bits of IPv6 addresses that are one subscriber's. */
  readonly subscriberPrefix: number;
  /** Hosts in classes that are counted one by one at most. */
  readonly exactRows?: number;
}

/**
 * Packets and bytes of each host in each class. Made before a run's first step; call add() after each. A host in a class
 * costs 64 … 128 bytes, a flow 88 … 176; beyond 262 144 of them a sample is held (`each`). Where a packet's way through
 * a tree ends counts, as in Comparing: a class, or why there is none.
 */
export class ByHost {
  readonly by: HostsBy;
  private readonly run: Run;
  private readonly subscriberPrefix: number;
  private readonly row: Int32Array;
  private readonly rows: CountedRows;
  private readonly outcomes = new Outcomes();
  private readonly last: LastOutcome;
  /** By the number of an outcome: the bytes of all packets, of nobody's too. */
  private readonly bytes: number[] = [];

  constructor(run: Run, { by, subscriberPrefix, exactRows = EXACT_ROWS }: ByHostOptions) {
    run.notesFilter = true;
    this.by = by;
    this.run = run;
    this.subscriberPrefix = subscriberPrefix;
    const words = by === 'flow' ? HOST_OR_FLOW_WORDS : HOST_WORDS;
    this.row = new Int32Array(Math.max(words, HOST_OR_FLOW_WORDS) + 1);
    this.rows = new CountedRows(words + 1, exactRows);
    this.last = new LastOutcome(run, this.outcomes);
  }

  /** Counts the packet of the run's last step; false: it is nobody's, or does not come to the hook. */
  add(): boolean {
    const { run, row, last, bytes } = this;
    if (run.isElsewhere) return false;
    const outcome = last.number;
    bytes[outcome] = (bytes[outcome] ?? 0) + run.length;
    if (!this.readWho()) return false;
    row[this.words] = outcome;
    this.rows.add(row, run.length, SURE[run.exactness]);
    return true;
  }

  /** Whether the packet that was added last is of somebody whom the prefix covers. */
  lastIsOf(prefix: Prefix): boolean {
    return this.addressesOf(this.row).some((words) => covers(prefix, word(this.row, 0), words));
  }

  /** How many each host that is held stands for. */
  get each(): number {
    return this.rows.each;
  }

  private get words(): number {
    return this.by === 'flow' ? HOST_OR_FLOW_WORDS : HOST_WORDS;
  }

  /** Writes who the last packet belongs to into the first words of the row. */
  private readWho(): boolean {
    const { by, run, row } = this;
    if (by === 'flow' || by === 'dst') {
      const isSomebodys = run.isWalked && readHostOrFlow(by, run.packet, run.dissected(), row);
      if (isSomebodys && by === 'dst') row.copyWithin(1, ADDRESS_AT, ADDRESS_AT + 4);
      return isSomebodys;
    }
    row.fill(0, 0, HOST_WORDS);
    const width = run.readHost(row, 1);
    if (width === 0) return false;
    row[0] = width === 1 ? 4 : 6;
    if (by === 'subscriber' && width > 1) row.set(maskedWords(row.subarray(1, HOST_WORDS), this.subscriberPrefix), 1);
    return true;
  }

  /** The address, or both ends of a flow. */
  private addressesOf(row: Int32Array): readonly Int32Array[] {
    if (this.by !== 'flow') return [row.subarray(1, HOST_WORDS)];
    return [row.subarray(ADDRESS_AT, ADDRESS_AT + 4), row.subarray(ADDRESS_AT + 4, ADDRESS_AT + 8)];
  }

  private named(row: Int32Array, names: HostNames | null): Named {
    const family = word(row, 0);
    const name = this.addressesOf(row)
      .map((words) => names?.of(family, words))
      .find((found) => found !== undefined);
    return { address: this.text(row), ...(name === undefined ? {} : { name }) };
  }

  private text(row: Int32Array): string {
    if (this.by === 'flow') return subjectText('flow', row);
    const address = addressText(word(row, 0), row.subarray(1, HOST_WORDS));
    return this.by === 'subscriber' && word(row, 0) === 6 ? `${address}/${this.subscriberPrefix}` : address;
  }

  /** All that is held. `only`: hosts that it covers, flows with an end there. */
  result({ names = null, only = null, most = Number.POSITIVE_INFINITY }: HostsWanted): HostsFound {
    const places = this.places();
    const hosts = this.hosts(places);
    const wanted = hosts.filter(
      ({ who }) => only === null || this.addressesOf(who).some((words) => covers(only, word(who, 0), words)),
    );
    const rows = wanted.slice(0, most).map((host) => this.rowOf(host, places, names));
    return { rows, seen: hosts.length * this.each, each: this.each };
  }

  /** The largest of each class, most bytes first: of classes, and in them. */
  largest(top: number, names: HostNames | null): LargestFlows[] {
    const classes = this.outcomes.classes();
    return [...this.places()]
      .filter(([outcome]) => classes.has(outcome))
      .sort(([a], [b]) => (this.bytes[b] ?? 0) - (this.bytes[a] ?? 0) || a - b)
      .map(([outcome, place]) => ({
        classid: this.outcomes.text(outcome),
        flows: place.slice(0, top).map((one) => this.neighbour(one, names)),
      }));
  }

  /** Who is in each class, or has no class for each reason: most bytes first. */
  private places(): Places {
    const places = new Map<number, Placed[]>();
    this.rows.forEach((words, { bytes, exact, assumed, unknowable }) => {
      const outcome = word(words, this.words);
      const place = places.get(outcome) ?? [];
      places.set(outcome, place);
      place.push({ who: words.slice(0, this.words), outcome, bytes, exact, assumed, unknowable });
    });
    for (const place of places.values()) place.sort((a, b) => b.bytes - a.bytes || byAddress(a.who, b.who));
    return places;
  }

  private hosts(places: Places): Host[] {
    const hosts = new Map<string, Host>();
    for (const placed of [...places.values()].flat()) {
      const name = placed.who.join();
      const host = hosts.get(name) ?? { who: placed.who, bytes: 0, places: [] };
      hosts.set(name, host);
      host.bytes += placed.bytes;
      host.places.push(placed);
    }
    const all = [...hosts.values()];
    for (const host of all) host.places.sort((a, b) => b.bytes - a.bytes || a.outcome - b.outcome);
    return all.sort((a, b) => b.bytes - a.bytes || byAddress(a.who, b.who));
  }

  private rowOf({ who, bytes, places: own }: Host, places: Places, names: HostNames | null): HostRow {
    const classes = this.outcomes.classes();
    const hasClass = ({ outcome }: Placed): boolean => classes.has(outcome);
    const sum = (field: keyof RowCounts): number => own.reduce((all, placed) => all + placed[field], 0);
    const exactness = { exact: sum('exact'), assumed: sum('assumed'), unknowable: sum('unknowable') };
    return {
      ...this.named(who, names),
      ...{ packets: exactness.exact + exactness.assumed + exactness.unknowable, bytes, exactness },
      classes: own.filter(hasClass).map((placed) => this.classOf(placed, places, names)),
      unclassified: own
        .filter((placed) => !hasClass(placed))
        .map((placed) => ({
          reason: this.outcomes.text(placed.outcome),
          packets: packetsOf(placed),
          bytes: placed.bytes,
        })),
    };
  }

  private classOf(placed: Placed, places: Places, names: HostNames | null): HostClass {
    const { outcome, bytes, exact, assumed, unknowable } = placed;
    const all = places.get(outcome) ?? [];
    return {
      classid: this.outcomes.text(outcome),
      packets: packetsOf(placed),
      bytes,
      share: this.shareOf(placed),
      others: Math.max(0, all.length * this.each - 1),
      neighbours: all
        .slice(0, NEIGHBOURS + 1)
        .filter((one) => one !== placed)
        .slice(0, NEIGHBOURS)
        .map((one) => this.neighbour(one, names)),
      exactness: { exact, assumed, unknowable },
    };
  }

  private neighbour(placed: Placed, names: HostNames | null): Neighbour {
    return { ...this.named(placed.who, names), bytes: placed.bytes, share: this.shareOf(placed) };
  }

  private shareOf({ outcome, bytes }: Placed): number {
    const all = this.bytes[outcome] ?? 0;
    return all === 0 ? 0 : bytes / all;
  }
}

/** Which of the hosts that were counted are wanted. */
export interface HostsWanted {
  readonly names?: HostNames | null;
  readonly only?: Prefix | null;
  /** The largest so many. */
  readonly most?: number;
}

export interface HostsFound {
  readonly rows: readonly HostRow[];
  /** Hosts, or flows: an estimate where `each` is more than 1. */
  readonly seen: number;
  readonly each: number;
}

/** Where the source address of a flow stands, and the address of readHostOrFlow()'s hosts. */
const ADDRESS_AT = 3;

/** Somebody in a class. */
interface Placed extends RowCounts {
  readonly who: Int32Array;
  readonly outcome: number;
}

type Places = ReadonlyMap<number, readonly Placed[]>;

interface Host {
  readonly who: Int32Array;
  bytes: number;
  readonly places: Placed[];
}

const packetsOf = ({ exact, assumed, unknowable }: RowCounts): number => exact + assumed + unknowable;

/** IPv4 before IPv6, then in the order of the numbers. */
function byAddress(a: Int32Array, b: Int32Array): number {
  for (let i = 0; i < a.length; i++) {
    const difference = (word(a, i) >>> 0) - (word(b, i) >>> 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

import { tcH, tcMajor, tcMinor } from '../u32.ts';

const MINORS = 65536;

/** The classes of one major number, by minor. */
interface MajorCounts {
  readonly packets: Float64Array;
  readonly bytes: Float64Array;
  /** Minors from here on have none. */
  end: number;
}

export interface Counts {
  packets: number;
  bytes: number;
}

export interface ClassCounts extends Counts {
  readonly classid: number;
}

/** Packets that have the same reason. */
export interface ReasonRow extends Readonly<Counts> {
  readonly reason: string;
}

/**
 * Packets and bytes, by class and by the reason for having none. Exact up to 2^53.
 * 1 MiB for each major number seen, whatever the number of packets. merge() is associative and commutative.
 */
export class Tally {
  packets = 0;
  bytes = 0;
  /** How many results were exact, assumed, unknowable. */
  readonly exactness = { exact: 0, assumed: 0, unknowable: 0 };
  /** The same of all packets, those without a class too. */
  readonly results = { exact: 0, assumed: 0, unknowable: 0 };
  private readonly restCounts = new Map<number, number>();
  /** Inputs and number of the packets that came last and are not among `restCounts` yet: mostly all rest on the same. */
  private lastInputs = 0;
  private lastCount = 0;
  private readonly majors = new Map<number, MajorCounts>();
  private readonly missed = new Map<string, Counts>();
  /** Packets that do not come to the hook, by reason: not among the others. */
  private readonly notAtHook = new Map<string, Counts>();
  private lastMajor = -1;
  private last: MajorCounts = { packets: new Float64Array(0), bytes: new Float64Array(0), end: 0 };

  /** Counts a packet of `bytes` bytes on the wire in a class, or several that have so many together. */
  add(classid: number, bytes: number, packets = 1): void {
    this.packets += packets;
    this.bytes += bytes;
    const counts = this.major(tcMajor(classid));
    const minor = tcMinor(classid);
    counts.packets[minor] = (counts.packets[minor] ?? 0) + packets;
    counts.bytes[minor] = (counts.bytes[minor] ?? 0) + bytes;
    if (minor >= counts.end) counts.end = minor + 1;
  }

  /** The same for packets that got no class. */
  miss(reason: string, bytes: number, packets = 1): void {
    this.packets += packets;
    this.bytes += bytes;
    count(this.missed, reason, bytes, packets);
  }

  /** Counts packets of the capture that do not come to the hook. */
  pass(reason: string, bytes: number, packets = 1): void {
    count(this.notAtHook, reason, bytes, packets);
  }

  /** Counts packets whose results rest on these inputs. */
  rest(inputs: number, packets = 1): void {
    if (inputs !== this.lastInputs) this.settleRests(inputs);
    this.lastCount += packets;
  }

  /** Packets by the inputs (bits of Input) that their results rest on; those that rest on none are left out. */
  get rests(): ReadonlyMap<number, number> {
    this.settleRests(this.lastInputs);
    return this.restCounts;
  }

  private settleRests(next: number): void {
    const { lastInputs, lastCount, restCounts } = this;
    if (lastInputs !== 0 && lastCount > 0) restCounts.set(lastInputs, (restCounts.get(lastInputs) ?? 0) + lastCount);
    this.lastInputs = next;
    this.lastCount = 0;
  }

  merge(other: Tally): Tally {
    for (const [inputs, packets] of other.rests) this.rest(inputs, packets);
    this.exactness.exact += other.exactness.exact;
    this.exactness.assumed += other.exactness.assumed;
    this.exactness.unknowable += other.exactness.unknowable;
    this.results.exact += other.results.exact;
    this.results.assumed += other.results.assumed;
    this.results.unknowable += other.results.unknowable;
    for (const { classid, packets, bytes } of other.rows()) this.add(classid, bytes, packets);
    for (const [reason, { packets, bytes }] of other.missed) this.miss(reason, bytes, packets);
    for (const [reason, { packets, bytes }] of other.notAtHook) this.pass(reason, bytes, packets);
    return this;
  }

  /** Classes that got a packet, by class id. */
  *rows(): Generator<ClassCounts> {
    for (const major of [...this.majors.keys()].sort((a, b) => a - b)) {
      const { packets, bytes, end } = this.major(major);
      for (let minor = 0; minor < end; minor++) {
        const count = packets[minor] ?? 0;
        if (count > 0) yield { classid: tcH(major, minor), packets: count, bytes: bytes[minor] ?? 0 };
      }
    }
  }

  /** Reasons for having no class, with their counts, most packets first. */
  unclassified(): ReasonRow[] {
    return rowsOf(this.missed);
  }

  /** Reasons for not coming to the hook, in the same way. */
  elsewhere(): ReasonRow[] {
    return rowsOf(this.notAtHook);
  }

  private major(major: number): MajorCounts {
    if (major === this.lastMajor) return this.last;
    let counts = this.majors.get(major);
    if (counts === undefined) {
      counts = { packets: new Float64Array(MINORS), bytes: new Float64Array(MINORS), end: 0 };
      this.majors.set(major, counts);
    }
    this.lastMajor = major;
    this.last = counts;
    return counts;
  }
}

function count(counts: Map<string, Counts>, reason: string, bytes: number, packets: number): void {
  const known = counts.get(reason);
  if (known === undefined) counts.set(reason, { packets, bytes });
  else {
    known.packets += packets;
    known.bytes += bytes;
  }
}

function rowsOf(counts: ReadonlyMap<string, Counts>): ReasonRow[] {
  return [...counts]
    .map(([reason, { packets, bytes }]) => ({ reason, packets, bytes }))
    .sort((a, b) => b.packets - a.packets || (a.reason < b.reason ? -1 : 1));
}

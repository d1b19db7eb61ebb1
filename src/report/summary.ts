import { classText } from '../u32.ts';
import type { CapturedRow } from './captured.ts';
import type { FateRow, Fates } from './fates.ts';
import type { ByExactness, HostRow, LargestFlows } from './host-rows.ts';
import { fairness, type Sharing } from './sharing.ts';
import type { Tally } from './tally.ts';

/** One filter as it was used: what was asked, and where its hash seed came from. */
export interface FilterRow {
  /** What it is attached to, where a script said so. */
  readonly parent?: string;
  readonly pref: number;
  readonly handle: string;
  readonly spec: string;
  /** Hex; the seed of hash mode, listed for map filters too. */
  readonly hashrnd: string;
  readonly from: 'given' | 'seed';
}

export interface ClassRow {
  readonly classid: string;
  readonly packets: number;
  readonly bytes: number;
  /** Of all bytes of the run, classified or not: 0 … 1. */
  readonly share: number;
  /** null where flows and hosts were not counted. */
  readonly flows: number | null;
  readonly hosts: number | null;
}

/** What mirred sent to one device: out of it, or into it as if received. */
export interface CopyRow {
  readonly device: string;
  readonly direction: 'egress' | 'ingress';
  readonly packets: number;
  /** On the wire of that device. */
  readonly bytes: number;
}

/** A connection table that had no room for all. */
export interface FullTable {
  /** Connections that it holds. */
  readonly max: number;
  /** Number of the first packet for which there was no room. */
  readonly from: number;
  /** Connections that gave way to others. */
  readonly evicted: number;
  /** Packets that the kernel drops, as nothing gave way for their connections. */
  readonly dropped: number;
}

/** Something that no capture holds, was not given, and decides about packets. */
export interface MissingRow {
  readonly input: string;
  readonly packets: number;
  /** The option that gives it; null: none does. */
  readonly option: string | null;
}

export interface CaptureProblem {
  readonly file: string;
  readonly offset: number | null;
  readonly message: string;
}

/** What a run came to: `--format json` prints just this. */
export interface Summary {
  readonly schema: 1;
  /** False if a capture could not be read to its end. */
  readonly complete: boolean;
  readonly era: string;
  /** Who took the packets, `plain` alone where `why` says so; absent where it was not told. */
  readonly engine?: { readonly name: 'plain' | 'compiled'; readonly why?: string };
  /** What everything random that was not given was drawn from. */
  readonly seed: number;
  readonly packets: number;
  readonly bytes: number;
  readonly exactness: ByExactness;
  /** The same of all packets: of a tree, the end counts as the class does. */
  readonly results: ByExactness;
  /** What was not known of packets and decides about them, most packets first; absent where everything was. */
  readonly missing?: readonly MissingRow[];
  /** Absent where the connection table had room for all. */
  readonly fullTable?: FullTable;
  /** From where packets were captured to the hook; absent where all of them come there as they stand. */
  readonly captured?: CapturedRow;
  readonly filters: readonly FilterRow[];
  /** Where packets ended, lost and unshaped ones first; absent where no tree was walked. */
  readonly fates?: readonly FateRow[];
  /** Flows and hosts, and what follows from them, are estimates: there were more than EXACT. Absent where they are not. */
  readonly estimated?: true;
  readonly classes: readonly ClassRow[];
  readonly unclassified: readonly { readonly reason: string; readonly packets: number; readonly bytes: number }[];
  /** Classes that more than one host shares, most hosts first. */
  readonly collisions: readonly { readonly classid: string; readonly hosts: number; readonly flows: number }[];
  /** Absent where no packet was copied. */
  readonly copies?: readonly CopyRow[];
  /** Where each host's packets went, most bytes first; absent where that was not asked for. */
  readonly hosts?: readonly HostRow[];
  /** Hosts that were seen, whether they are listed or not; an estimate where `hostsSampled` is there. */
  readonly hostsSeen?: number;
  /** Each host that is listed stands for so many, as there were too many to be counted. Absent where there were not. */
  readonly hostsSampled?: number;
  /** The largest flows of each class, in the order of `classes`; absent where they were not asked for. */
  readonly largestFlows?: readonly LargestFlows[];
  readonly jain: number | null;
  readonly worstShare: number | null;
  readonly errors: readonly CaptureProblem[];
}

export interface SummaryInput {
  readonly tally: Tally;
  readonly sharing: Sharing | null;
  /** null: no tree was walked. */
  readonly fates?: Fates | null;
  readonly filters: readonly FilterRow[];
  readonly era: string;
  /** Why the compiled engine took no packet; null: it took those that it knows. */
  readonly engine?: string | null;
  readonly seed: number;
  readonly errors: readonly CaptureProblem[];
  readonly copies?: readonly CopyRow[];
  readonly missing?: readonly MissingRow[];
  /** null: the connection table had room for all, or there was none. */
  readonly fullTable?: FullTable | null;
  readonly captured?: CapturedRow | null;
}

/** Puts the counts of a run together; classes with most bytes first. */
export function summarise(input: SummaryInput): Summary {
  const { tally, sharing } = input;
  const shared = sharing?.perClass() ?? new Map();
  const counts = [...tally.rows()].sort((a, b) => b.bytes - a.bytes || a.classid - b.classid);
  const of = (classid: number) => (sharing === null ? null : (shared.get(classid) ?? { flows: 0, hosts: 0 }));
  const classes = counts.map(({ classid, packets, bytes }) => ({
    classid: classText(classid),
    packets,
    bytes,
    share: tally.bytes === 0 ? 0 : bytes / tally.bytes,
    flows: of(classid)?.flows ?? null,
    hosts: of(classid)?.hosts ?? null,
  }));
  // In one order, whoever counted: a sum of fractions depends on it in the last digit.
  const fair = fairness([...shared].sort(([a], [b]) => a - b).map(([, { hosts }]) => hosts));
  return {
    schema: 1,
    complete: input.errors.length === 0,
    era: input.era,
    ...(input.engine === undefined ? {} : { engine: engineOf(input.engine) }),
    seed: input.seed,
    packets: tally.packets,
    bytes: tally.bytes,
    exactness: { ...tally.exactness },
    results: { ...tally.results },
    ...(input.missing === undefined || input.missing.length === 0 ? {} : { missing: input.missing }),
    ...(input.fullTable ? { fullTable: input.fullTable } : {}),
    ...(input.captured ? { captured: input.captured } : {}),
    filters: input.filters,
    ...(input.fates ? { fates: input.fates.rows() } : {}),
    ...(sharing?.isEstimate ? { estimated: true } : {}),
    classes,
    unclassified: tally.unclassified(),
    collisions: collisions(classes),
    ...(input.copies === undefined || input.copies.length === 0 ? {} : { copies: input.copies }),
    jain: fair?.jain ?? null,
    worstShare: fair?.worstShare ?? null,
    errors: input.errors,
  };
}

function collisions(classes: readonly ClassRow[]): { classid: string; hosts: number; flows: number }[] {
  return classes
    .map(({ classid, hosts, flows }) => ({ classid, hosts: hosts ?? 0, flows: flows ?? 0 }))
    .filter(({ hosts }) => hosts > 1)
    .sort((a, b) => b.hosts - a.hosts || b.flows - a.flows);
}

function engineOf(why: string | null): Summary['engine'] & object {
  return why === null ? { name: 'compiled' } : { name: 'plain', why };
}

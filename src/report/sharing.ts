import { word } from '../u32.ts';
import { WordSet } from './word-set.ts';

/** Words of a flow's row: class id, protocol, ports, then both addresses. */
const FLOW_HEAD = 3;
/** Words of a host's row: class id, then its address. */
const HOST_HEAD = 1;
/** Words of an address, by family. */
const V4 = 1;
const V6 = 4;

export interface Shared {
  flows: number;
  hosts: number;
}

/** Flows and hosts of one address family: the narrower rows of IPv4 halve what most captures cost. */
interface Family {
  readonly flows: WordSet;
  readonly hosts: WordSet;
}

/** Flows, or hosts, of IPv4 and of IPv6 that are counted one by one; of more, the counts are estimates. */
export const EXACT = { v4: 1 << 22, v6: 1 << 20 } as const;
const FIRST_ROWS = 1024;

const family = (words: number, limit: number): Family => ({
  flows: new WordSet(FLOW_HEAD + 2 * words, FIRST_ROWS, limit),
  hosts: new WordSet(HOST_HEAD + words, FIRST_ROWS, limit),
});

/** Takes a host of a class: its address is the word, of IPv6 the four, at an index of an array that must not be kept. */
export type HostVisitor = (classid: number, isV6: boolean, words: Int32Array, at: number) => void;

/** Who counts flows and hosts of his own, and takes those of others in. */
export interface Keeper {
  /** Counts what stands in a Sharing's `flow` and `host`; false: this class is none of his. */
  note(classid: number, isV6: boolean, flow: Int32Array, host: Int32Array): boolean;
  /** Adds what each class has. */
  perClass(of: (classid: number) => Shared): void;
  /** Each class and host that is held, in any order. */
  eachHost(visit: HostVisitor): void;
  readonly isEstimate: boolean;
}

/**
 * Who shares a class: distinct flows and hosts of each. An IPv4 flow costs 48 … 96 bytes and a host 24 … 48; in IPv6
 * 96 … 192 and 48 … 96. Beyond EXACT they are counted by a sample. Filled through the two rows, so that
 * nothing is allocated per packet.
 */
export class Sharing {
  /** To be filled before add(): protocol, ports, source and destination words from index 1 on. */
  readonly flow: Int32Array = new Int32Array(FLOW_HEAD + 2 * V6);
  /** To be filled before add(): address words from index 1 on. */
  readonly host: Int32Array = new Int32Array(HOST_HEAD + V6);
  /** Who is asked first. */
  keeper: Keeper | null = null;
  private readonly v4 = family(V4, EXACT.v4);
  private readonly v6 = family(V6, EXACT.v6);

  /** Counts what stands in `flow` and `host` for this class; IPv4 uses one word for an address, IPv6 four. */
  add(classid: number, isV6: boolean): void {
    if (this.keeper?.note(classid, isV6, this.flow, this.host)) return;
    const { flows, hosts } = isV6 ? this.v6 : this.v4;
    this.flow[0] = classid;
    flows.add(this.flow);
    this.host[0] = classid;
    hosts.add(this.host);
  }

  /** Flows and hosts of each class. */
  perClass(): Map<number, Shared> {
    const shared = new Map<number, Shared>();
    const of = (classid: number): Shared => {
      const found = shared.get(classid) ?? { flows: 0, hosts: 0 };
      shared.set(classid, found);
      return found;
    };
    this.keeper?.perClass(of);
    for (const { flows, hosts } of [this.v4, this.v6]) {
      flows.forEach((words, at) => {
        of(word(words, at) >>> 0).flows += flows.each;
      });
      hosts.forEach((words, at) => {
        of(word(words, at) >>> 0).hosts += hosts.each;
      });
    }
    return shared;
  }

  /** Each class and host that is held, once and in any order: all of them, or the sample of an estimate. */
  eachHost(visit: HostVisitor): void {
    this.keeper?.eachHost(visit);
    for (const { hosts } of [this.v4, this.v6]) {
      const isV6 = hosts === this.v6.hosts;
      hosts.forEach((words, at) => {
        visit(word(words, at) >>> 0, isV6, words, at + HOST_HEAD);
      });
    }
  }

  /** There were too many to be counted one by one. */
  get isEstimate(): boolean {
    const sets = [this.v4, this.v6].flatMap(({ flows, hosts }) => [flows, hosts]);
    return (this.keeper?.isEstimate ?? false) || sets.some(({ each }) => each > 1);
  }
}

export interface Fairness {
  /** Jain's index over the hosts, 1 = all equal, if every class were served equally and shared equally by its hosts. */
  readonly jain: number;
  /** What a host in the fullest class would then get of the whole: 1 / (classes * hosts in it). */
  readonly worstShare: number;
}

/**
 * R. Jain, "A quantitative measure of fairness", 1984: (Σx)² / (n Σx²), with x = 1 / (hosts in the host's class).
 * null where there is no host.
 */
export function fairness(hostsPerClass: readonly number[]): Fairness | null {
  const occupied = hostsPerClass.filter((hosts) => hosts > 0);
  if (occupied.length === 0) return null;
  const hosts = occupied.reduce((sum, count) => sum + count, 0);
  const squares = occupied.reduce((sum, count) => sum + 1 / count, 0);
  const fullest = occupied.reduce((most, count) => Math.max(most, count), 0);
  return { jain: occupied.length ** 2 / (hosts * squares), worstShare: 1 / (occupied.length * fullest) };
}

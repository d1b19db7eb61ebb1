import { word } from '../u32.ts';
import { WordSet } from './word-set.ts';

/** Words of a flow's row: class id, address type, eight address words, ports, protocol. */
const FLOW_WIDTH = 12;
/** Words of a host's row: class id, address type, four address words. */
const HOST_WIDTH = 6;

export interface Shared {
  flows: number;
  hosts: number;
}

/**
 * Who shares a class: distinct flows and hosts of each. A flow costs 104 … 208 bytes, a host 56 … 112.
 * Filled through the two rows, so that nothing is allocated per packet.
 */
export class Sharing {
  /** To be filled before add(): type, eight address words, ports, protocol from index 1 on. */
  readonly flow = new Int32Array(FLOW_WIDTH);
  /** To be filled before add(): type and four address words from index 1 on. */
  readonly host = new Int32Array(HOST_WIDTH);
  private readonly flows = new WordSet(FLOW_WIDTH);
  private readonly hosts = new WordSet(HOST_WIDTH);

  /** Counts what stands in `flow` and `host` for this class. */
  add(classid: number): void {
    this.flow[0] = classid;
    this.flows.add(this.flow);
    this.host[0] = classid;
    this.hosts.add(this.host);
  }

  /** Flows and hosts of each class. */
  perClass(): Map<number, Shared> {
    const shared = new Map<number, Shared>();
    const of = (classid: number): Shared => {
      const found = shared.get(classid) ?? { flows: 0, hosts: 0 };
      shared.set(classid, found);
      return found;
    };
    this.flows.forEach((row) => {
      of(word(row, 0) >>> 0).flows++;
    });
    this.hosts.forEach((row) => {
      of(word(row, 0) >>> 0).hosts++;
    });
    return shared;
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

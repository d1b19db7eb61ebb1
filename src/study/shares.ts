/** How the hosts (or flows) of a capture share classes. */
export interface Shares {
  /** Hosts that meet another one in at least one class. */
  readonly sharing: number;
  /** Hosts in the class that has most. */
  readonly worst: number;
  /** Classes with a host. */
  readonly classes: number;
  /** Jain's index over what each host gets, 1: all the same. */
  readonly jain: number;
  /** What the worst-off host gets of the whole. */
  readonly worstShare: number;
}

export const MEASURES = ['sharing', 'worst', 'classes', 'jain', 'worstShare'] as const satisfies (keyof Shares)[];

/**
 * Measures a placement: host `hosts[i]` has packets in class `classes[i]`. Hosts count from 0 and must stand in
 * ascending order; classes are below `limit`. Every class is taken to be served alike, and its hosts alike (R. Jain,
 * "A quantitative measure of fairness", 1984: (Σx)² / (n Σx²)); a host in several classes gets the sum.
 * Keeps its scratch, so that many placements cost no memory.
 */
export class Census {
  /** Hosts in each class, and the last host that was counted there, plus 1. */
  private readonly count: Int32Array;
  private readonly last: Int32Array;

  constructor(limit: number) {
    this.count = new Int32Array(limit);
    this.last = new Int32Array(limit);
  }

  measure(hosts: Int32Array, classes: Int32Array): Shares {
    const { used, worst } = this.occupy(hosts, classes);
    const { count, last } = this;
    last.fill(0);
    const sum = { hosts: 0, sharing: 0, squares: 0, least: Number.POSITIVE_INFINITY };
    for (let at = 0; at < hosts.length; ) {
      const host = hosts[at] ?? 0;
      let gets = 0;
      let alone = true;
      for (; at < hosts.length && hosts[at] === host; at++) {
        const place = classes[at] ?? 0;
        if (last[place] === host + 1) continue;
        last[place] = host + 1;
        const company = count[place] ?? 1;
        gets += 1 / company;
        if (company > 1) alone = false;
      }
      sum.hosts++;
      if (!alone) sum.sharing++;
      sum.squares += gets * gets;
      sum.least = Math.min(sum.least, gets);
    }
    if (sum.hosts === 0) return { sharing: 0, worst: 0, classes: 0, jain: 1, worstShare: 1 };
    const jain = used ** 2 / (sum.hosts * sum.squares);
    return { sharing: sum.sharing, worst, classes: used, jain, worstShare: sum.least / used };
  }

  /** Hosts of one class in the placement that was measured last. */
  hostsOf(place: number): number {
    return this.count[place] ?? 0;
  }

  private occupy(hosts: Int32Array, classes: Int32Array): { used: number; worst: number } {
    const { count, last } = this;
    count.fill(0);
    last.fill(0);
    let used = 0;
    let worst = 0;
    for (let i = 0; i < hosts.length; i++) {
      const place = classes[i] ?? 0;
      const host = (hosts[i] ?? 0) + 1;
      if (last[place] === host) continue;
      last[place] = host;
      const now = (count[place] ?? 0) + 1;
      count[place] = now;
      if (now === 1) used++;
      if (now > worst) worst = now;
    }
    return { used, worst };
  }
}

/** A number over many seeds. */
export interface Spread {
  readonly mean: number;
  readonly min: number;
  readonly max: number;
}

/** Throws RangeError where there is nothing to spread. */
export function spread(values: readonly number[]): Spread {
  if (values.length === 0) throw new RangeError('no values');
  const sum = values.reduce((total, value) => total + value, 0);
  const least = values.reduce((a, b) => Math.min(a, b));
  const most = values.reduce((a, b) => Math.max(a, b));
  return { mean: sum / values.length, min: least, max: most };
}

export type SharesSpread = { readonly [M in keyof Shares]: Spread };

export function spreadShares(measured: readonly Shares[]): SharesSpread {
  const of = (measure: keyof Shares): Spread => spread(measured.map((shares) => shares[measure]));
  const [sharing, worst, classes, jain, worstShare] = MEASURES.map(of);
  if (!sharing || !worst || !classes || !jain || !worstShare) throw new RangeError('no measures');
  return { sharing, worst, classes, jain, worstShare };
}

/** The birthday problem: the chance that none of `hosts` shares one of `classes`, if each class is as likely. */
export function chanceOfNoCollision(hosts: number, classes: number): number {
  let chance = 1;
  for (let i = 0; i < hosts && chance > 0; i++) chance *= Math.max(0, 1 - i / classes);
  return chance;
}

/** The share of hosts that meet another one, on average: 1 - (1 - 1/classes)^(hosts - 1). */
export function expectedSharing(hosts: number, classes: number): number {
  return hosts === 0 ? 0 : 1 - (1 - 1 / classes) ** (hosts - 1);
}

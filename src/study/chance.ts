import type { Env } from '../env.ts';
import { classid, type FlowFilter, Mode } from '../sched/flow/index.ts';
import { hashrnds, keysText } from './advise.ts';
import { isFixed, type Taking, type Takings } from './spread.ts';

/** How a host shares over many values of hashrnd. */
export interface Chance {
  /** The part of the values under which it shares a class: 0 … 1. */
  readonly chance: number;
  /** How many others it shares with, on average. */
  readonly others: number;
}

/** Keys and a divisor, and how the host would share with them. */
export interface ChanceWith extends Chance {
  readonly keys: string;
  readonly divisor: number;
}

/** The largest divisor: minors have 16 bits. */
const MOST_DIVISOR = 65536;

/** How often one host of those that were taken shares: the `chance` of spreadOverSeeds(), for it alone. */
export class HostChance {
  private readonly own: readonly Taking[];
  private readonly rest: readonly (Taking & { readonly number: number })[];
  private readonly filters: readonly FlowFilter[];
  private readonly env: Env;
  private readonly seeds: number;

  /** `isWho`: whether a host of the takings, as text, is the one. */
  constructor(takings: Takings, env: Env, seeds: number, isWho: (who: string) => boolean) {
    const own: Taking[] = [];
    const rest: (Taking & { readonly number: number })[] = [];
    const numbers = new Map<string, number>();
    takings.each((taking) => {
      if (isWho(taking.who)) own.push(taking);
      else {
        const number = numbers.get(taking.who) ?? numbers.size;
        numbers.set(taking.who, number);
        rest.push({ ...taking, number });
      }
    });
    this.own = own;
    this.rest = rest;
    this.filters = takings.filters;
    this.env = env;
    this.seeds = seeds;
  }

  /** A flow filter gave it a class. */
  get isTaken(): boolean {
    return this.own.length > 0;
  }

  /** Every filter that took it gives the same class under every seed. */
  get isFixed(): boolean {
    return this.own.every(({ filter }) => isFixed(filter));
  }

  /** Others whose packets have the key values of one of its own: no seed and no divisor tells them apart. */
  get same(): number {
    const own = new Set(this.own.map(valuesOf));
    return new Set(this.rest.flatMap((taking) => (own.has(valuesOf(taking)) ? [taking.number] : []))).size;
  }

  /** The hash filter with a divisor that alone took it; null: there is none, or there are several. */
  get filter(): FlowFilter | null {
    const [first, ...others] = new Set(this.own.map(({ filter }) => filter.stream));
    const filter = this.own.find((taking) => taking.filter.stream === first)?.filter;
    const fits = others.length === 0 && filter?.mode === Mode.HASH && filter.divisor !== 0;
    return fits && filter !== undefined ? filter : null;
  }

  /** With the filters as they are, or with another divisor. */
  chance(divisor: number | null = null): Chance {
    const { own, rest, seeds } = this;
    let sharing = 0;
    let others = 0;
    for (let turn = 0; turn < seeds; turn++) {
      const place = this.placesOf(turn, divisor);
      const classes = new Set(own.map(place));
      const met = new Set<number>();
      for (const taking of rest) if (classes.has(place(taking))) met.add(taking.number);
      if (met.size > 0) sharing++;
      others += met.size;
    }
    return { chance: sharing / seeds, others: others / seeds };
  }

  private drawn: ReadonlyMap<number, readonly number[]> | null = null;

  private placesOf(turn: number, divisor: number | null): (taking: Taking) => number {
    this.drawn ??= new Map(this.filters.map(({ stream }) => [stream, hashrnds(this.env, this.seeds, stream)]));
    const { drawn } = this;
    const filters = new Map(
      this.filters.map((filter) => {
        const hashrnd = isFixed(filter) ? filter.hashrnd : (drawn.get(filter.stream)?.[turn] ?? 0);
        return [filter.stream, { ...filter, hashrnd, divisor: divisor ?? filter.divisor }];
      }),
    );
    return ({ filter, keys }) => classid(filters.get(filter.stream) ?? filter, keys);
  }

  /** Larger divisors, each four times the one before, as long as they help. */
  larger(): ChanceWith[] {
    const { filter } = this;
    if (filter === null) return [];
    const keys = keysText(filter.keymask);
    const found: ChanceWith[] = [];
    let best = this.chance().chance;
    for (let divisor = 4 * filter.divisor; best > 0 && divisor <= MOST_DIVISOR; divisor *= 4) {
      const then = this.chance(divisor);
      if (then.chance >= best) break;
      found.push({ keys, divisor, ...then });
      best = then.chance;
    }
    return found;
  }
}

const valuesOf = ({ filter, keys }: Taking): string => `${filter.stream} ${keys.join()}`;

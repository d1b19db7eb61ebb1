import type { Contender } from './contender.ts';
import type { Bar, Figure } from './figures.ts';
import { type Cost, measure } from './measure.ts';

/** Odd, so that there is a middle one. */
export const TURNS = 5;

/** What a contender cost, in the middle of several turns. */
export type Medians = Omit<Cost, 'output'>;

/** What a figure came to. */
export interface Weighed {
  readonly value: number;
  readonly met: boolean;
  readonly cost: Medians;
  /** The other contender of a ratio; `cpu` and `wall` are the medians of each turn's ratio. */
  readonly per: { readonly cost: Medians; readonly cpu: number; readonly wall: number } | null;
}

/** Two contenders gave the same classes different packets. */
export class JobsDiffer extends Error {
  override readonly name = 'JobsDiffer';
}

/** Measures a figure. Throws CommandFailed or JobsDiffer. */
export async function weigh({ measured, per, of, bar }: Figure): Promise<Weighed> {
  const [ones = [], others = []] = await takeTurns(per === undefined ? [measured] : [measured, per]);
  const cost = medians(ones);
  if (per === undefined) return { value: cost[of], met: meets(cost[of], bar), cost, per: null };
  compareJobs(measured, per, ones, others);
  const ratio = (what: keyof Medians): number =>
    median(ones.map((one, turn) => one[what] / (others[turn]?.[what] ?? Number.NaN)));
  const value = ratio(of);
  return {
    value,
    met: meets(value, bar),
    cost,
    per: { cost: medians(others), cpu: ratio('cpu'), wall: ratio('wall') },
  };
}

/** A B A B …, so that a busy moment of the machine falls on both; what each cost in every turn. */
async function takeTurns(contenders: readonly Contender[]): Promise<Cost[][]> {
  const costs = contenders.map((): Cost[] => []);
  for (let turn = 0; turn < TURNS; turn++) {
    for (const [index, contender] of contenders.entries()) costs[index]?.push(await measure(contender));
  }
  return costs;
}

/** One contender by itself. */
export const weighAlone = async (contender: Contender): Promise<Medians> =>
  medians((await takeTurns([contender])).flat());

function compareJobs(one: Contender, other: Contender, ones: readonly Cost[], others: readonly Cost[]): void {
  const mine = one.counts?.(ones[0]?.output ?? '');
  const theirs = other.counts?.(others[0]?.output ?? '');
  if (mine === undefined || theirs === undefined) return;
  for (const minor of new Set([...mine.keys(), ...theirs.keys()])) {
    const [here, there] = [mine.get(minor), theirs.get(minor)];
    if (here === there) continue;
    const counted = `${one.name} counts ${here}, ${other.name} ${there}`;
    throw new JobsDiffer(`class 1:${minor.toString(16)}, packets and bytes: ${counted}`);
  }
}

const meets = (value: number, bar: Bar): boolean => ('atMost' in bar ? value <= bar.atMost : value >= bar.atLeast);

function medians(costs: readonly Cost[]): Medians {
  const of = (what: keyof Medians): number => median(costs.map((cost) => cost[what]));
  return { cpu: of('cpu'), wall: of('wall'), peakMb: of('peakMb') };
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

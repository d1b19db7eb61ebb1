import { ALL_KEYS, KEYS } from '../../../src/sched/flow/index.ts';
import { randomFilter } from '../diff/filters.ts';
import type { Random } from '../diff/random.ts';
import { egressTree } from './trees.ts';

/** A filter as records have it. */
export interface CaseFilter {
  readonly id: string;
  readonly protocol: string;
  readonly family: 'value' | 'map' | 'protocol' | 'hash';
  /** Behind `flow`. */
  readonly opts: string;
}

const OTHERS = 140;

/** Two filters for each key, its low half and its high half; then random ones, without ematches. */
export function caseFilters(r: Random): CaseFilter[] {
  const filters: Omit<CaseFilter, 'id'>[] = ALL_KEYS.flatMap((key) =>
    ['', ' rshift 16'].map((shift) => ({
      protocol: 'all',
      family: 'value' as const,
      opts: `map key ${KEYS[key].name}${shift} baseclass 1:1`,
    })),
  );
  while (filters.length < 2 * ALL_KEYS.length + OTHERS) {
    const { protocol, options } = randomFilter(r);
    if (/ match /.test(options)) continue;
    const mode = options.startsWith('hash') ? 'hash' : 'map';
    // A period would draw another seed while frames pass.
    const opts = options.replace(/ perturb \d+/, '');
    filters.push({ protocol, family: mode === 'map' && protocol !== 'all' ? 'protocol' : mode, opts });
  }
  return filters.map((filter, i) => ({ id: `f${String(i + 1).padStart(3, '0')}`, ...filter }));
}

export interface TcCommand {
  readonly command: string;
  /** Lines that it reads. */
  readonly batch?: readonly string[];
}

/** Commands on a fresh namespace. */
export interface TcCase {
  readonly id: string;
  readonly setup: readonly string[];
  readonly commands: readonly TcCommand[];
}

const FORMS = ['', '-d ', '-s ', '-j ', '-p -j '];

/** A filter of any kind of words is added, shown, added once more, changed into another, and deleted. */
export function tcCases(r: Random, count: number): TcCase[] {
  return Array.from({ length: count }, (_, i) => {
    const [first, second] = [randomFilter(r), randomFilter(r)];
    const filter = (verb: string, options: string): string =>
      `tc filter ${verb} dev d0 parent 1: protocol ${first.protocol} pref 5 handle 1${options && ` flow ${options}`}`;
    const form = r.pick(FORMS);
    return {
      id: `c${String(i + 1).padStart(3, '0')}`,
      setup: ['tc qdisc add dev d0 root handle 1: drr'],
      commands: [
        filter('add', first.options),
        `tc ${form}filter show dev d0`,
        filter('add', second.options),
        filter('change', second.options),
        'tc filter show dev d0 parent 1:',
        `tc filter del dev d0 parent 1: protocol ${first.protocol} pref 5 handle 1 flow`,
        'tc filter show dev d0',
      ].map((command) => ({ command })),
    };
  });
}

/** Whole trees, made by one batch and shown: words of qdiscs, classes and other classifiers. */
export function treeCases(r: Random, count: number): TcCase[] {
  return Array.from({ length: count }, (_, i) => {
    const form = r.pick(['', '-d ']);
    const shows = ['qdisc show dev d0', 'class show dev d0', 'filter show dev d0 parent 1:'];
    return {
      id: `t${String(i + 1).padStart(3, '0')}`,
      setup: [],
      commands: [
        { command: 'tc -force -batch -', batch: egressTree(r) },
        ...shows.map((show) => ({ command: `tc ${form}${show}` })),
      ],
    };
  });
}

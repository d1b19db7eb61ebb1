import type { Env } from '../env.ts';
import { FlowKeys } from '../packet/index.ts';
import { WordSet } from '../report/index.ts';
import type { Run } from '../run.ts';
import { classid, type FlowFilter, hostRule, Mode } from '../sched/flow/index.ts';
import { classText, word } from '../u32.ts';
import { hashrnds } from './advise.ts';
import { type By, HOST_OR_FLOW_WORDS, hasHosts, readHostOfRun, readHostOrFlow, subjectText } from './host-or-flow.ts';
import { Census, type Shares, type SharesSpread, type Spread, spread, spreadShares } from './shares.ts';

/** Number of a filter, its period, the class; then who, then the key values. */
const FILTER = 0;
/** Two words: captures may last longer than 2^32 periods. */
const EPOCH = 1;
const CLASS = 3;
const WHO = 4;
const KEYS_AT = WHO + HOST_OR_FLOW_WORDS;
const WIDTH = KEYS_AT + 18;

/** The side a filter's keys are about: senders, unless it looks at destinations only. */
export function sideOf(filters: readonly Pick<FlowFilter, 'keymask'>[]): By {
  const mask = filters.reduce((all, { keymask }) => all | keymask, 0);
  return hostRule(mask).isDestination ? 'dst' : 'host';
}

/**
 * Remembers which filter took whose packets, with what key values: all that must be known to say where they would go
 * under other seeds. Listens to the filters of a run; call add() after each of its steps.
 */
export class Takings {
  readonly by: By;
  readonly filters: FlowFilter[] = [];
  private readonly run: Run;
  private readonly flow = new FlowKeys();
  private readonly row = new Int32Array(WIDTH);
  private readonly rows = new WordSet(WIDTH);
  private asked: FlowFilter | null = null;
  /** Hosts are those that the run counts: prefixes name them, or somebody counts them too. */
  private readonly ofRun: boolean;

  constructor(run: Run, ofRun = hasHosts(run)) {
    this.run = run;
    this.ofRun = ofRun;
    if (ofRun) run.notesFilter = true;
    this.by = sideOf(run.filters.map(({ filter }) => filter));
    for (const { classifier } of run.filters) {
      classifier.listener = {
        asked: (filter, words) => {
          if (words === null) return;
          this.asked = filter;
          this.row.fill(0, KEYS_AT);
          this.row.set(words.subarray(0, filter.nkeys), KEYS_AT);
        },
        answered: () => {},
      };
    }
  }

  /** Remembers the packet of the run's last step, if a flow filter gave it a class. */
  add(): void {
    const { run, row, asked } = this;
    this.asked = null;
    if (asked === null || run.reason !== null || asked.handle !== run.handle) return;
    if (!this.readWho(row.subarray(WHO))) return;
    row[FILTER] = this.numberOf(asked);
    row[EPOCH] = asked.epoch;
    row[EPOCH + 1] = Math.floor(asked.epoch / 2 ** 32);
    row[CLASS] = run.classid;
    this.rows.add(row);
  }

  private readWho(row: Int32Array): boolean {
    const { run, flow, by } = this;
    if (this.ofRun) return readHostOfRun(run, row);
    run.options.env.era.dissect(run.packet, flow);
    return readHostOrFlow(by, run.packet, flow, row);
  }

  /** A filter stays the same while perturbation puts others in its place: its stream says which it is. */
  private numberOf(filter: FlowFilter): number {
    const at = this.filters.findIndex(({ stream }) => stream === filter.stream);
    return at >= 0 ? at : this.filters.push(filter) - 1;
  }

  each(visit: (taking: Taking) => void): void {
    const row = new Int32Array(WIDTH);
    this.rows.forEach((words, at) => {
      for (let i = 0; i < WIDTH; i++) row[i] = word(words, at + i);
      const filter = this.filters[word(row, FILTER)];
      if (filter === undefined) return;
      visit({
        filter,
        epoch: word(row, EPOCH + 1) * 2 ** 32 + (word(row, EPOCH) >>> 0),
        classid: word(row, CLASS) >>> 0,
        who: subjectText(this.by, row.subarray(WHO)),
        keys: row.slice(KEYS_AT, KEYS_AT + filter.nkeys),
      });
    });
  }
}

export interface Taking {
  readonly filter: FlowFilter;
  readonly epoch: number;
  readonly classid: number;
  readonly who: string;
  readonly keys: Int32Array;
}

/** `classify --seeds N` */
export interface SeedSpread extends SharesSpread {
  readonly seed: number;
  readonly seeds: number;
  readonly by: By;
  readonly hosts: number;
  /** Filters whose hashrnd was told, or that do not hash: they are the same under every seed. */
  readonly fixed: number;
  /** Most hosts on average first. */
  readonly perClass: readonly { readonly classid: string; readonly hosts: Spread }[];
  /** The part of the seeds under which a host meets another one, largest first: its chance to share. */
  readonly perHost: readonly { readonly host: string; readonly chance: number }[];
}

/** Places everybody anew under each of `count` seeds; null: nobody was placed. */
export function spreadOverSeeds(takings: Takings, env: Env, seed: number, count: number): SeedSpread | null {
  const each: Taking[] = [];
  takings.each((taking) => each.push(taking));
  const names = new Map([...new Set(each.map(({ who }) => who))].map((who, index) => [who, index]));
  const numberOf = (who: string): number => names.get(who) ?? 0;
  each.sort((a, b) => numberOf(a.who) - numberOf(b.who));
  if (each.length === 0) return null;
  const hosts = Int32Array.from(each.map(({ who }) => numberOf(who)));
  const drawn = new Map(takings.filters.map((filter) => [filter, hashrnds(env, count, filter.stream)]));
  const classes = new Map<number, number[]>();
  const measured: Shares[] = [];
  const together = new Map<string, number>();
  for (let turn = 0; turn < count; turn++) {
    const numbers = new Map<number, number>();
    const places = each.map(({ filter, keys }) => {
      const hashrnd = isFixed(filter) ? filter.hashrnd : (drawn.get(filter)?.[turn] ?? 0);
      return intern(numbers, classid({ ...filter, hashrnd }, keys));
    });
    const census = new Census(numbers.size);
    measured.push(census.measure(hosts, Int32Array.from(places)));
    const sharing = new Set(each.flatMap(({ who }, i) => (census.hostsOf(places[i] ?? 0) > 1 ? [who] : [])));
    for (const who of sharing) together.set(who, (together.get(who) ?? 0) + 1);
    for (const [id, place] of numbers) {
      const counts = classes.get(id) ?? [];
      classes.set(id, counts);
      counts.push(census.hostsOf(place));
    }
  }
  return {
    seed,
    seeds: count,
    by: takings.by,
    hosts: names.size,
    fixed: takings.filters.filter(isFixed).length,
    ...spreadShares(measured),
    perClass: [...classes]
      .sort(([a], [b]) => a - b)
      // Seeds under which nobody was in the class count as none.
      .map(([id, counts]) => ({ classid: classText(id), hosts: withNone(counts, count) }))
      .sort((a, b) => b.hosts.mean - a.hosts.mean),
    perHost: [...names.keys()]
      .sort()
      .map((host) => ({ host, chance: (together.get(host) ?? 0) / count }))
      .sort((a, b) => b.chance - a.chance),
  };
}

/** The same under every seed. */
export const isFixed = ({ mode, hashrndTold }: FlowFilter): boolean => hashrndTold || mode !== Mode.HASH;

function intern(numbers: Map<number, number>, id: number): number {
  const known = numbers.get(id);
  if (known !== undefined) return known;
  numbers.set(id, numbers.size);
  return numbers.size - 1;
}

function withNone(counts: readonly number[], count: number): Spread {
  const { mean, min, max } = spread(counts);
  const missing = counts.length < count;
  return { mean: (mean * counts.length) / count, min: missing ? 0 : min, max };
}

/** One period of a filter between two draws of its hashrnd. */
export interface Period {
  readonly pref: number;
  readonly handle: string;
  /** Counted from 0. */
  readonly period: number;
  /** Seconds since the first packet. */
  readonly from: number;
  /** null: nothing is drawn again. */
  readonly to: number | null;
  readonly hosts: number;
  /** Hosts of the period before that are in another class now. */
  readonly moved: number;
  /** Classes that several hosts share, most hosts first. */
  readonly shared: readonly { readonly classid: string; readonly hosts: readonly string[] }[];
}

/** Who shares with whom in each period in which anybody sent. */
export function periods(takings: Takings, run: Run): Period[] {
  const groups = new Map<string, { filter: FlowFilter; epoch: number; classes: Map<number, Set<string>> }>();
  takings.each(({ filter, epoch, classid: id, who }) => {
    const name = `${filter.stream} ${epoch}`;
    const group = groups.get(name) ?? { filter, epoch, classes: new Map<number, Set<string>>() };
    groups.set(name, group);
    group.classes.set(id, (group.classes.get(id) ?? new Set()).add(who));
  });
  const inOrder = [...groups.values()].sort((a, b) => a.filter.stream - b.filter.stream || a.epoch - b.epoch);
  return inOrder.map(({ filter, epoch, classes }, index) => {
    const before = inOrder[index - 1];
    const seconds = filter.perturbPeriod / run.options.env.hz;
    const shared = [...classes]
      .filter(([, hosts]) => hosts.size > 1)
      .sort(([a, x], [b, y]) => y.size - x.size || a - b)
      .map(([id, hosts]) => ({ classid: classText(id), hosts: [...hosts].sort() }));
    return {
      pref: run.filters.find(({ filter: one }) => one.stream === filter.stream)?.pref ?? 0,
      handle: `0x${filter.handle.toString(16)}`,
      period: epoch,
      from: epoch * seconds,
      to: seconds === 0 ? null : (epoch + 1) * seconds,
      hosts: new Set([...classes.values()].flatMap((hosts) => [...hosts])).size,
      moved: before?.filter.stream === filter.stream ? movedBetween(before.classes, classes) : 0,
      shared,
    };
  });
}

/** Hosts of both periods that have packets in a class now in which they had none before. */
function movedBetween(before: Map<number, Set<string>>, now: Map<number, Set<string>>): number {
  const known = new Set([...before.values()].flatMap((hosts) => [...hosts]));
  const moved = new Set<string>();
  for (const [id, hosts] of now) {
    for (const who of hosts) if (known.has(who) && before.get(id)?.has(who) !== true) moved.add(who);
  }
  return moved.size;
}

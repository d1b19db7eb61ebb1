import { protocolName } from '../lang/index.ts';
import { TC_H } from '../netlink/index.ts';
import { findQdisc } from '../sched/qdisc/index.ts';
import { classidText, tcMajor } from '../u32.ts';
import { describe, type Installed, parentText, type Setup } from './installed.ts';
import { nameOf, type Origin, type Plan } from './planned.ts';

/** One thing that is not as planned; null: it is not there. Both are given as tc would list them. */
export interface Difference {
  readonly planned: string | null;
  readonly installed: string | null;
}

/** What lies between a plan and what is installed on a device. */
export interface Diff {
  readonly differences: readonly Difference[];
  /** Things that are as planned. */
  readonly equal: number;
  /** tc's arguments that make them equal, in order: what goes goes first, then the script's own commands. */
  readonly commands: readonly (readonly string[])[];
}

/** Compares what a script plans for a device with what is installed there. */
export function diffSetups(plan: Plan, installed: Setup, device: string): Diff {
  const gone = qdiscsThatGo(plan, installed);
  const stays = without(installed, gone);
  const filters = filterSteps(plan, stays, device);
  const classes = classSteps(plan, stays, device);
  const missing = plan.qdiscs.filter((qdisc) => match(qdisc, stays.qdiscs) === undefined);
  const made = [...missing, ...classes.make, ...filters.make].flatMap((thing) => plan.origins.get(nameOf(thing)) ?? []);
  return {
    ...compare(plan, installed),
    commands: [
      ...filters.remove,
      ...topmost(gone).map((qdisc) => ['qdisc', 'del', 'dev', device, ...placeWords(qdisc)]),
      ...classes.remove,
      ...inOrder([...made, ...classes.change]),
    ],
  };
}

const match = (thing: Installed, among: readonly Installed[]): Installed | undefined => {
  const name = nameOf(thing);
  return among.find((other) => nameOf(other) === name);
};

const same = (a: Installed, b: Installed): boolean =>
  a.kind === b.kind &&
  a.settings === b.settings &&
  a.handle === b.handle &&
  (a.noun === 'qdisc' || a.parent === b.parent);

function compare(plan: Setup, installed: Setup): Pick<Diff, 'differences' | 'equal'> {
  const all = ({ qdiscs, classes, filters }: Setup): Map<string, Installed> =>
    new Map([...qdiscs, ...classes, ...filters].map((thing) => [nameOf(thing), thing]));
  const wanted = all(plan);
  const there = all(installed);
  const differences: Difference[] = [];
  for (const name of new Set([...wanted.keys(), ...there.keys()])) {
    const a = wanted.get(name);
    const b = there.get(name);
    if (a !== undefined && b !== undefined && same(a, b)) continue;
    differences.push({
      planned: a === undefined ? null : describe(a),
      installed: b === undefined ? null : describe(b),
    });
  }
  const changed = misplaced(plan, installed).map((thing) => ({
    planned: describe(thing),
    installed: `${describe(thing)} (asked in another order)`,
  }));
  const equal = [...wanted].filter(([name, a]) => {
    const b = there.get(name);
    return b !== undefined && same(a, b);
  }).length;
  return { differences: [...differences, ...changed], equal };
}

/** Of each group of filters whose members are equal but not their order, the first that is out of place. */
function misplaced(plan: Setup, installed: Setup): Installed[] {
  const there = groups(installed.filters);
  return [...groups(plan.filters)].flatMap(([key, wanted]) => {
    const found = there.get(key) ?? [];
    const members = (list: readonly Installed[]): string => list.map(nameOf).sort().join();
    if (members(wanted) !== members(found)) return [];
    const first = wanted.find((filter, i) => nameOf(filter) !== nameOf(found[i] ?? filter));
    return first === undefined ? [] : [first];
  });
}

/** Qdiscs that are not planned, or that only a new one can replace: options keep what a change does not name. */
function qdiscsThatGo(plan: Setup, installed: Setup): Installed[] {
  return installed.qdiscs.filter((qdisc) => {
    const wanted = match(qdisc, plan.qdiscs);
    return wanted === undefined || !same(wanted, qdisc) || hasOddClass(qdisc, plan, installed);
  });
}

/** A class below the qdisc can neither be changed into what is planned nor be moved there. */
function hasOddClass(qdisc: Installed, plan: Setup, installed: Setup): boolean {
  return below(qdisc, installed.classes).some((cl) => {
    const wanted = match(cl, plan.classes);
    if (wanted === undefined || same(wanted, cl)) return false;
    return wanted.parent !== cl.parent || findQdisc(cl.kind)?.classes?.changesWhole !== true;
  });
}

const below = (qdisc: Installed, things: readonly Installed[]): Installed[] =>
  things.filter((thing) => tcMajor(thing.noun === 'class' ? thing.handle : thing.parent) === tcMajor(qdisc.handle));

/** What is left when these qdiscs are gone, and with them all that hangs below. */
function without(installed: Setup, gone: readonly Installed[]): Setup {
  const majors = new Set(gone.map(({ handle }) => tcMajor(handle)));
  for (let size = -1; size !== majors.size; ) {
    size = majors.size;
    for (const { parent, handle } of installed.qdiscs) {
      if (isClass(parent) && majors.has(tcMajor(parent))) majors.add(tcMajor(handle));
    }
  }
  const stays = ({ noun, handle, parent }: Installed): boolean =>
    !majors.has(tcMajor(noun === 'filter' ? parent : handle));
  return {
    qdiscs: installed.qdiscs.filter(stays),
    classes: installed.classes.filter(stays),
    filters: installed.filters.filter(stays),
    shared: installed.shared,
  };
}

const isClass = (parent: number): boolean => parent !== TC_H.ROOT && parent !== TC_H.INGRESS;

/** Of the qdiscs that go, those that do not go with another. */
function topmost(gone: readonly Installed[]): Installed[] {
  const majors = new Set(gone.map(({ handle }) => tcMajor(handle)));
  return gone.filter(({ parent }) => !isClass(parent) || !majors.has(tcMajor(parent)));
}

function placeWords({ kind, parent }: Installed): string[] {
  return findQdisc(kind)?.ingress === true ? [kind] : parentText(parent).split(' ');
}

interface Steps {
  readonly remove: readonly (readonly string[])[];
  /** What is made by its own commands. */
  readonly make: readonly Installed[];
}

/** Filters of one preference are asked in their order: from the first difference on all go and are made again. */
function filterSteps(plan: Setup, stays: Setup, device: string): Steps {
  const remove: (readonly string[])[] = [];
  const make: Installed[] = [];
  const wanted = groups(plan.filters);
  const there = groups(stays.filters);
  for (const [key, found] of there) {
    const want = wanted.get(key) ?? [];
    const kept = commonLength(want, found);
    if (kept === 0) remove.push(removeFilters(found, device));
    else remove.push(...found.slice(kept).map((filter) => removeFilter(filter, device)));
    make.push(...want.slice(kept));
  }
  for (const [key, want] of wanted) if (!there.has(key)) make.push(...want);
  return { remove: remove.filter((words) => words.length > 0), make };
}

function groups(filters: readonly Installed[]): Map<string, Installed[]> {
  const map = new Map<string, Installed[]>();
  for (const filter of filters) {
    const key = `${filter.parent} ${filter.chain} ${filter.pref}`;
    map.set(key, [...(map.get(key) ?? []), filter]);
  }
  return map;
}

function commonLength(a: readonly Installed[], b: readonly Installed[]): number {
  const at = b.findIndex((filter, i) => {
    const other = a[i];
    return other === undefined || nameOf(other) !== nameOf(filter) || !same(other, filter);
  });
  return at < 0 ? b.length : at;
}

function removeFilters([first]: readonly Installed[], device: string): string[] {
  if (first === undefined) return [];
  const { parent, chain, pref, protocol } = first;
  const where = ['filter', 'del', 'dev', device, ...parentText(parent).split(' ')];
  const which = [...(chain === 0 ? [] : ['chain', String(chain)]), 'protocol', protocolName(protocol)];
  return [...where, ...which, 'pref', String(pref)];
}

function removeFilter(filter: Installed, device: string): string[] {
  return [...removeFilters([filter], device), 'handle', `0x${filter.handle.toString(16)}`, filter.kind];
}

/** Classes go from the leaves on; a class that differs is changed by the commands that made the planned one. */
function classSteps(plan: Plan, stays: Setup, device: string): Steps & { readonly change: readonly Origin[] } {
  const extra = stays.classes.filter((cl) => match(cl, plan.classes) === undefined);
  const depth = (cl: Installed): number => {
    const above = stays.classes.find(({ handle }) => handle === cl.parent);
    return above === undefined || above === cl ? 0 : 1 + depth(above);
  };
  const change = plan.classes.flatMap((cl) => {
    const found = match(cl, stays.classes);
    return found === undefined || same(cl, found) ? [] : (plan.origins.get(nameOf(cl)) ?? []).map(asChange);
  });
  return {
    remove: extra
      .sort((a, b) => depth(b) - depth(a))
      .map((cl) => ['class', 'del', 'dev', device, 'classid', classidText(cl.handle)]),
    make: plan.classes.filter((cl) => match(cl, stays.classes) === undefined),
    change,
  };
}

function asChange({ at, words: [object = '', , ...rest] }: Origin): Origin {
  return { at, words: [object, 'change', ...rest] };
}

/** The script's own order, each command once. */
function inOrder(origins: readonly Origin[]): (readonly string[])[] {
  const byCommand = new Map(origins.map((origin) => [origin.at, origin.words]));
  return [...byCommand].sort(([a], [b]) => a - b).map(([, words]) => words);
}

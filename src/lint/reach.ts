import type { Class, Qdisc } from '../kernel/index.ts';
import { ETH_P_ALL } from '../packet/index.ts';
import { tcMajor, tcMinor } from '../u32.ts';
import { defaultClass, defaultMinor, isHierarchy, usedBands } from './kinds.ts';
import { minorsOf } from './minors.ts';
import { type FilterAt, isDeaf, type Setup } from './setup.ts';

/** Only IPv4: EtherTypes. */
const IPV4: ReadonlySet<number> = new Set([0x0800]);
const NONE: ReadonlySet<number> = new Set();

/**
 * Whether packets of other protocols than these can reach a qdisc (not IPv4: IPv6, ARP, tagged frames): everything reaches the root; below,
 * the default class, the bands of the priomap, and whatever a filter that takes such packets gives. `unknown` where
 * part of the way is not in the script.
 */
export function othersReach(q: Qdisc, tree: Setup, taken = IPV4): 'yes' | 'no' | 'unknown' {
  if (!tree.known(q)) return 'unknown';
  if (q.parent >= 0xffff0000) return q.device.root === q ? 'yes' : 'unknown';
  const above = q.device.lookup((q.parent & 0xffff0000) >>> 0);
  if (above === null || !tree.known(above)) return 'unknown';
  const before = othersReach(above, tree, taken);
  if (before !== 'yes') return before;
  const minor = tcMinor(q.parent);
  if (isHierarchy(above)) return asAnswer(defaultMinor(above) === minor || given(above, minor, tree, taken));
  if (above.kind.bands !== null && !above.oneChild) {
    const bands = usedBands(above);
    return asAnswer(bands === null || bands.has(minor - 1) || given(above, minor, tree, taken));
  }
  if (above.kind.classes !== null) return asAnswer(given(above, minor, tree, taken));
  return 'yes';
}

const asAnswer = (reached: boolean): 'yes' | 'no' => (reached ? 'yes' : 'no');

/** Some filter of the qdisc that takes more than these protocols gives this class. */
function given(above: Qdisc, minor: number, tree: Setup, taken: ReadonlySet<number>): boolean {
  const key = [...taken].sort((a, b) => a - b).join();
  const known = tree.minorsGiven.get(above) ?? new Map<string, ReadonlySet<number> | 'all'>();
  const minors = known.get(key) ?? minorsGiven(above, tree, taken);
  tree.minorsGiven.set(above, known.set(key, minors));
  return minors === 'all' || minors.has(minor);
}

function minorsGiven(above: Qdisc, tree: Setup, taken: ReadonlySet<number>): ReadonlySet<number> | 'all' {
  const minors = new Set<number>();
  for (const filter of tree.on(above)) {
    const { protocol, flow, target } = filter;
    if (taken.has(protocol) || isDeaf(filter)) continue;
    if (target !== null) minors.add(tcMinor(target));
    if (flow === null || tcMajor(flow.config.baseclass) !== tcMajor(above.handle)) continue;
    const some = minorsOf(flow.config);
    if (some === null) return 'all';
    for (const minor of some) minors.add(minor);
  }
  return minors;
}

/** The default class, or one that some filter gives. */
export function isUsed(cl: Class, q: Qdisc, tree: Setup): boolean {
  return cl === defaultClass(q) || given(q, tcMinor(cl.id), tree, NONE);
}

/** A filter that takes packets of every protocol stands at the same place. */
export function catchesOthers(filter: FilterAt, tree: Setup): boolean {
  return tree.beside(filter).some((other) => other.protocol === ETH_P_ALL && (other.takesAll || other.kind !== 'flow'));
}

import type { Qdisc } from '../kernel/index.ts';
import { ETH_P_ALL } from '../packet/index.ts';
import { tcMajor, tcMinor } from '../u32.ts';
import { defaultMinor, HIERARCHIES, usedBands } from './kinds.ts';
import { minorsOf } from './minors.ts';
import type { FilterAt, Tree } from './tree.ts';

const ETH_P_IP = 0x0800;

/**
 * Whether packets that are not IPv4 (IPv6, ARP, tagged frames) can reach a qdisc: everything reaches the root; below,
 * the default class, the bands of the priomap, and whatever a filter that takes such packets gives. `unknown` where
 * part of the way is not in the script.
 */
export function othersReach(q: Qdisc, tree: Tree): 'yes' | 'no' | 'unknown' {
  if (!tree.known(q)) return 'unknown';
  if (q.parent >= 0xffff0000) return q.device.root === q ? 'yes' : 'unknown';
  const above = q.device.lookup((q.parent & 0xffff0000) >>> 0);
  if (above === null || !tree.known(above)) return 'unknown';
  const before = othersReach(above, tree);
  if (before !== 'yes') return before;
  const minor = tcMinor(q.parent);
  if (HIERARCHIES.has(above.kind.kind)) return asAnswer(defaultMinor(above) === minor || given(above, minor, tree));
  if (above.kind.bands !== null && !above.oneChild) {
    const bands = usedBands(above);
    return asAnswer(bands === null || bands.has(minor - 1) || given(above, minor, tree));
  }
  if (above.kind.classes !== null) return asAnswer(given(above, minor, tree));
  return 'yes';
}

const asAnswer = (reached: boolean): 'yes' | 'no' => (reached ? 'yes' : 'no');

/** Some filter of the qdisc that takes more than IPv4 gives this class. */
function given(above: Qdisc, minor: number, tree: Tree): boolean {
  const minors = tree.minorsGiven.get(above) ?? minorsGiven(above, tree);
  tree.minorsGiven.set(above, minors);
  return minors === 'all' || minors.has(minor);
}

function minorsGiven(above: Qdisc, tree: Tree): ReadonlySet<number> | 'all' {
  const minors = new Set<number>();
  for (const { protocol, flow, target } of tree.on(above)) {
    if (protocol === ETH_P_IP) continue;
    if (target !== null) minors.add(tcMinor(target));
    if (flow === null || tcMajor(flow.config.baseclass) !== tcMajor(above.handle)) continue;
    const some = minorsOf(flow.config);
    if (some === null) return 'all';
    for (const minor of some) minors.add(minor);
  }
  return minors;
}

/** A filter that takes packets of every protocol stands at the same place. */
export function catchesOthers(filter: FilterAt, tree: Tree): boolean {
  return tree.beside(filter).some((other) => other.protocol === ETH_P_ALL && (other.takesAll || other.kind !== 'flow'));
}

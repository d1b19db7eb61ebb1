import type { Thing } from './things.ts';

/** On which devices listed things stand, and in which order they can be made. */

/** The device of each thing; null: several are named, and nothing tells which one it is. */
export function devicesOf(things: readonly Thing[], nameless: string): (thing: Thing) => string | null {
  const named = new Set(things.flatMap(({ device }) => (device === null || device === 'lo' ? [] : [device])));
  const byMajor = new Map<string, Set<string>>();
  for (const { noun, handle, device } of things) {
    if (noun !== 'qdisc' || device === null) continue;
    const devices = byMajor.get(majorOf(handle)) ?? new Set();
    byMajor.set(majorOf(handle), devices.add(device));
  }
  return (thing) => {
    const only = named.size === 0 ? nameless : named.size === 1 ? one(named) : null;
    return thing.device ?? only ?? one(byMajor.get(aboveOf(thing)) ?? new Set());
  };
}

function one(devices: ReadonlySet<string>): string | null {
  const [device = null] = devices;
  return devices.size === 1 ? device : null;
}

const majorOf = (id: string): string => id.slice(0, id.indexOf(':'));

/** Major number of the qdisc at or above a thing. */
function aboveOf({ noun, handle, parent }: Thing): string {
  if (noun === 'class') return majorOf(handle);
  if (parent === 'ingress' || parent === 'egress') return 'ffff';
  return majorOf(parent ?? '');
}

/** A qdisc or class, and its device. */
export interface Node {
  readonly thing: Thing;
  readonly device: string;
}

/**
 * Parents first, and of the rest the last listed first: the kernel lists what is new before what is old. With a qdisc come
 * all its classes.
 */
export function parentsFirst<N extends Node>(nodes: readonly N[]): N[] {
  const qdiscs = nodes.filter(({ thing }) => thing.noun === 'qdisc');
  const byName = new Map(qdiscs.map((node) => [`${node.device} ${majorOf(node.thing.handle)}`, node]));
  const classes = new Map<N | undefined, N[]>();
  for (const node of nodes) {
    if (node.thing.noun !== 'class') continue;
    const qdisc = byName.get(`${node.device} ${majorOf(node.thing.handle)}`);
    const list = classes.get(qdisc);
    if (list === undefined) classes.set(qdisc, [node]);
    else list.push(node);
  }
  const made = new Set<N>();
  const order: N[] = classTree(classes.get(undefined) ?? []);
  for (const qdisc of qdiscs.toReversed()) {
    const chain: N[] = [];
    for (let at: N | undefined = qdisc; at !== undefined && !made.has(at) && !chain.includes(at); ) {
      chain.push(at);
      at = byName.get(`${at.device} ${majorOf(at.thing.parent ?? '')}`);
    }
    for (const one of chain.toReversed()) {
      made.add(one);
      order.push(one);
      for (const cl of classTree(classes.get(one) ?? [])) order.push(cl);
    }
  }
  return order;
}

/** Classes of one qdisc: those above others first. */
function classTree<N extends Node>(classes: readonly N[]): N[] {
  const known = new Set(classes.map(({ thing }) => thing.handle));
  const below = new Map<string, N[]>();
  for (const node of classes.toReversed()) {
    const { parent, handle } = node.thing;
    const above = parent !== null && parent !== handle && known.has(parent) ? parent : '';
    const list = below.get(above);
    if (list === undefined) below.set(above, [node]);
    else list.push(node);
  }
  const order = [...(below.get('') ?? [])];
  for (const { thing } of order) for (const cl of below.get(thing.handle) ?? []) order.push(cl);
  return order;
}

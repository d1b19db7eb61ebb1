import type { FilterTest } from '../sched/classifier/index.ts';
import { classidText, classText, tcMajor } from '../u32.ts';
import type { Chain } from './chain/index.ts';
import type { Class, Device, Qdisc } from './device.ts';
import type { FilterBlock, KernelProto } from './proto.ts';

/**
 * What control has made, as plain data: the devices of a namespace with the qdiscs, classes and filters that a packet
 * may meet there, in the order in which it meets them. It nests, can be written as JSON, and has the names that the ways
 * and ends of packets have (journey.ts). Qdiscs, protos and blocks have numbers: a packet's way is written in them, a
 * shared block stands in several places, and devices are redirected to each other.
 *
 * Made anew by the first reader after a request.
 */
export interface Plan {
  readonly schema: 1;
  readonly devices: readonly PlanDevice[];
  /** By number. */
  readonly blocks: readonly PlanBlock[];
}

export interface PlanDevice {
  readonly name: string;
  readonly ifindex: number;
  /** What ingress or clsact hangs in front of it; null: nothing. */
  readonly ingress: PlanNode | null;
  /** null: noop, all packets are dropped. */
  readonly root: PlanNode | null;
}

/** A qdisc. */
export interface PlanNode {
  readonly number: number;
  /** `1:`; `0:` is one that the kernel made by default. */
  readonly qdisc: string;
  readonly kind: string;
  /** Only that it is there is known, not what its options are. */
  readonly notModelled?: true;
  /** `root`, `ingress`, or the class that it hangs on. */
  readonly parent: string;
  /** Its own filters: of ingress and clsact those of the hooks. */
  readonly lists: readonly PlanList[];
  readonly classes: readonly PlanClass[];
}

export interface PlanClass {
  readonly classid: string;
  /** The class above; absent: right under the qdisc. */
  readonly above?: string;
  /** The filters on it; absent: this kind has none on classes. */
  readonly list?: PlanList;
  /** What hangs on it; null: noop, or classes hang below it. */
  readonly qdisc: PlanNode | null;
}

/** A place where filters are attached. */
export interface PlanList {
  /** `1:`, `1:10`, `ffff:fff2`. */
  readonly at: string;
  /** Number of its block in the plan. */
  readonly block: number;
}

/** The filters of one place, or of several that share them. */
export interface PlanBlock {
  readonly number: number;
  /** As `tc … block N` names it; absent: it is nobody else's. */
  readonly shared?: number;
  /** In the order of lists; packets begin in chain 0. */
  readonly chains: readonly PlanChain[];
}

export interface PlanChain {
  readonly chain: number;
  /** Lowest preference first. */
  readonly protos: readonly PlanProto[];
}

/** The filters of one kind at one preference. */
export interface PlanProto extends FilterId {
  readonly number: number;
  /** In the order in which they are evaluated, or listed; those of kinds that cannot be evaluated are not among them. */
  readonly filters: readonly PlanFilter[];
}

/** One filter: what is known of it without a packet. */
export interface PlanFilter {
  /** Hex. */
  readonly handle: string;
  /** The class that it names; absent: none, or one that depends on the packet. */
  readonly class?: string;
  /** It takes every packet that comes to it. */
  readonly takesAll: boolean;
  /** What it asks of a packet: all of it must hold. */
  readonly tests: readonly FilterTest[];
  /** Indexes of the devices that it sends packets or copies to. */
  readonly sendsTo: readonly number[];
}

/** A proto by its place: what journeys call a filter. */
export interface FilterId {
  readonly kind: string;
  readonly pref: number;
  /** Hex: the protocol it is attached to; 0x0003 is all. */
  readonly protocol: string;
  /** Absent in chain 0. */
  readonly chain?: number;
  /** Of flow filters that are alone at their preference. */
  readonly handle?: string;
}

/** A plan, and what its numbers stand for. */
export interface Numbered {
  readonly plan: Plan;
  readonly nodes: readonly PlanNode[];
  readonly protos: readonly PlanProto[];
}

/** Makes the plan, and numbers the qdiscs and protos that a packet may meet. */
export function planOf(devices: Iterable<Device>): Numbered {
  return new Planner().plan(devices);
}

class Planner {
  private readonly nodes: PlanNode[] = [];
  private readonly protos: PlanProto[] = [];
  private readonly blocks: PlanBlock[] = [];
  private readonly known = new Map<FilterBlock, number>();

  plan(devices: Iterable<Device>): Numbered {
    const planned = [...devices].map(
      (device): PlanDevice => ({
        name: device.name,
        ifindex: device.ifindex,
        ingress: device.ingress === null ? null : this.node(device.ingress, 'ingress'),
        root: device.root === null ? null : this.node(device.root, 'root'),
      }),
    );
    const { nodes, protos, blocks } = this;
    return { plan: { schema: 1, devices: planned, blocks }, nodes, protos };
  }

  private node(q: Qdisc, parent: string): PlanNode {
    q.number = this.nodes.length;
    q.usedQueues = [...q.eachClass()].map(({ id }) => id).filter((id) => (q.leaf(id)?.handle ?? 0) !== 0);
    const node = {
      number: q.number,
      qdisc: handleText(q.handle),
      kind: q.kind.kind,
      ...(q.kind.modelled === false ? { notModelled: true as const } : {}),
      parent,
      lists: q.lists().map(([at, block]) => this.list(at, block)),
      classes: [] as PlanClass[],
    };
    this.nodes.push(node);
    for (const cl of q.eachClass()) node.classes.push(this.class(q, cl));

    return node;
  }

  private class(q: Qdisc, { id, above, block }: Pick<Class, 'id' | 'above' | 'block'>): PlanClass {
    const child = q.leaf(id);
    return {
      classid: classText(id),
      ...(above === null ? {} : { above: classText(above.id) }),
      ...(block === null || block === q.block ? {} : { list: this.list(id, block) }),
      qdisc: child === null ? null : this.node(child, classText(id)),
    };
  }

  private list(at: number, block: FilterBlock): PlanList {
    return { at: classidText(at), block: this.block(block) };
  }

  private block(block: FilterBlock): number {
    const known = this.known.get(block);
    if (known !== undefined) return known;
    const number = this.blocks.length;
    this.known.set(block, number);
    const chains = block.chains.map((chain) => ({ chain: chain.index, protos: this.chain(chain) }));
    this.blocks.push({ number, ...(block.shared ? { shared: block.index } : {}), chains });
    return number;
  }

  private chain(chain: Chain<KernelProto>): PlanProto[] {
    return chain.protos.map((proto) => {
      proto.number = this.protos.length;
      const planned = { number: proto.number, ...filterId(chain, proto), filters: filtersOf(proto) };
      this.protos.push(planned);
      return planned;
    });
  }
}

function filtersOf({ classifier }: KernelProto): PlanFilter[] {
  return classifier.facts().map(({ handle, classid, takesAll, tests, actions }) => ({
    handle: `0x${handle.toString(16)}`,
    ...(classid === null ? {} : { class: classText(classid) }),
    takesAll,
    tests,
    sendsTo: actions.targets,
  }));
}

export const handleText = (handle: number): string => `${tcMajor(handle).toString(16)}:`;

function filterId({ index }: Chain<KernelProto>, { kind, pref, protocol, classifier }: KernelProto): FilterId {
  const handles = classifier.flow === null ? [] : classifier.handles();
  return {
    kind,
    pref,
    protocol: `0x${protocol.toString(16).padStart(4, '0')}`,
    ...(index === 0 ? {} : { chain: index }),
    ...(handles.length === 1 ? { handle: `0x${(handles[0] ?? 0).toString(16)}` } : {}),
  };
}

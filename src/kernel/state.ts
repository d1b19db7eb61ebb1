import type { Env } from '../env.ts';
import { Errno, KernelError } from '../errors.ts';
import { ActionTable } from '../sched/action/index.ts';
import type { PacketSet, World } from '../sched/notation.ts';
import { Block, type Chain } from './chain/index.ts';
import type { Device, Qdisc } from './device.ts';
import type { FilterBlock, KernelProto } from './proto.ts';

/** Where a filter stands: what a user who knows its random seed names it by. */
export interface FilterName {
  /** Parent that it was added with; of a shared block its number. */
  readonly parent: number;
  readonly chain: number;
  readonly pref: number;
  readonly handle: number;
}

/** What a namespace is given from outside. */
export interface Outside {
  /** Requests come from a user namespace other than the first. */
  readonly userNamespace?: boolean;
  /** The kernel's random seed of a new filter, where it is known; otherwise `env` draws one. */
  readonly hashrnd?: (filter: FilterName) => number | undefined;
  /** Sets that ematches may name. */
  readonly sets?: readonly PacketSet[];
  /** Told of every copy that mirred sends to a device. */
  readonly copied?: World['copied'];
}

/** All that one network namespace remembers: what the handlers of requests share. */
export class State {
  readonly env: Env;
  /** The requester's user namespace is not the first one. */
  readonly userNamespace: boolean;
  readonly devices = new Map<number, Device>();
  /** Sets that ematches may name. */
  readonly sets: readonly PacketSet[];
  readonly actions: ActionTable;
  /** What ematches and actions ask about what is around them. */
  readonly world: World;
  /** hashrnd of a new filter, where it is known. */
  readonly hashrnd: (filter: FilterName) => number | undefined;
  /** qdisc_alloc_handle()'s static counter. */
  private autoHandle = 0x80000000;
  /** How many handles were made up, also for requests that failed afterwards. */
  handlesMade = 0;
  /** Filters made so far: each new one draws its hashrnd from a stream of its own. */
  private filters = 0;
  private readonly sharedBlocks = new Map<number, FilterBlock>();
  private readonly common = new WeakMap<Qdisc | FilterBlock, Map<string, unknown>>();

  constructor(env: Env, { userNamespace = false, hashrnd = () => undefined, sets = [], copied }: Outside) {
    this.env = env;
    this.hashrnd = hashrnd;
    this.userNamespace = userNamespace;
    this.sets = sets;
    this.world = {
      device: (ifindex) => this.devices.get(ifindex)?.name ?? null,
      set: (key) => sets.find(({ name, index }) => name === key || index === key) ?? null,
      action: (kind, index) => {
        const instance = this.actions.find(kind, index);
        return instance === null ? null : (p, result) => instance.run(p, result);
      },
      ...(copied === undefined ? {} : { copied }),
    };
    this.actions = new ActionTable(this.world, env);
  }

  /** __dev_get_by_index() */
  device(ifindex: number): Device {
    const device = this.devices.get(ifindex);
    if (device === undefined) throw new KernelError(Errno.ENODEV, '', 'no-device');
    return device;
  }

  /** Stream of random numbers of the filter that is made next. */
  get nextStream(): number {
    return this.filters + 1;
  }

  filterMade(): void {
    this.filters++;
  }

  /** net/sched/sch_api.c: qdisc_alloc_handle() — 8001: and on, over all devices together. */
  allocateHandle(device: Device): number {
    for (let tries = 0; tries < 0x7fff; tries++) {
      this.handlesMade++;
      this.autoHandle = (this.autoHandle + 0x10000) >>> 0;
      if (this.autoHandle === 0xffff0000) this.autoHandle = 0x80000000;
      if (device.lookup(this.autoHandle) === null) return this.autoHandle;
    }
    throw new KernelError(Errno.ENOSPC, 'Maximum number of qdisc handles was exceeded');
  }

  /** net/sched/cls_u32.c: tc_u_common_ptr() — what the filters of a qdisc or of a shared block have in common, by kind. */
  commonOf(place: Qdisc | FilterBlock): Map<string, unknown> {
    const known = this.common.get(place) ?? new Map<string, unknown>();
    this.common.set(place, known);
    return known;
  }

  /** tcf_block_refcnt_get() */
  sharedBlock(index: number): FilterBlock | null {
    return this.sharedBlocks.get(index) ?? null;
  }

  /** tcf_block_get_ext() — a block of one's own, or the shared one with this number, made if need be. */
  takeBlock(index = 0): FilterBlock {
    const block = (index === 0 ? undefined : this.sharedBlocks.get(index)) ?? new Block<KernelProto>(index);
    if (index !== 0) this.sharedBlocks.set(index, block);
    block.users++;
    return block;
  }

  /** tcf_block_put_ext() — the last user takes all filters along. */
  dropBlock(block: FilterBlock): void {
    if (--block.users > 0) return;
    this.sharedBlocks.delete(block.index);
    for (const chain of [...block.chains]) flushChain(block, chain);
  }

  /** qdisc_destroy() — with all that hangs below. */
  destroy(q: Qdisc): void {
    for (const child of q.below()) this.destroy(child);
    for (const block of q.blocks()) this.dropBlock(block);
    q.device.unhash(q);
  }
}

/** net/sched/cls_api.c: tcf_chain_flush() */
export function flushChain(block: FilterBlock, chain: Chain<KernelProto>): void {
  for (const proto of [...chain.protos]) {
    chain.remove(proto);
    proto.classifier.destroy();
  }
  block.release(chain);
}

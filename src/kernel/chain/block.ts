import type { Packet } from '../../packet/index.ts';
import { UNSPEC, type Verdict } from '../../verdict.ts';
import { Chain, type ChainResult, type Proto, type Visit } from './chain.ts';

/** struct tcf_block: the chains of one place where filters are attached, or of several that share them. */
export class Block<P extends Proto = Proto> {
  /** Number of a shared block; 0: the block of one qdisc or class. */
  readonly index: number;
  /** In the order in which they came into being, which is that of lists (quirk 48). */
  readonly chains: Chain<P>[] = [];
  private readonly byIndex = new Map<number, Chain<P>>();
  /** The parent that the latest filter was added with: what dumps show as parent, whatever was asked for (quirk 41). */
  classid = 0;
  /** Qdiscs that use it. */
  users = 0;

  constructor(index = 0) {
    this.index = index;
  }

  /** tcf_block_shared(): set up with a number, even if only one qdisc uses it. */
  get shared(): boolean {
    return this.index !== 0;
  }

  find(index: number): Chain<P> | null {
    return this.byIndex.get(index) ?? null;
  }

  /** tcf_chain_get() with create. */
  obtain(index: number): Chain<P> {
    const known = this.find(index);
    if (known !== null) return known;
    const chain = new Chain<P>(index);
    this.chains.push(chain);
    this.byIndex.set(index, chain);
    return chain;
  }

  /** tcf_chain_put(): a chain goes when nothing holds it any more. */
  release(chain: Chain<P>): void {
    if (!chain.hidden || chain.actionRefs > 0) return;
    const at = this.chains.indexOf(chain);
    if (at < 0) return;
    this.chains.splice(at, 1);
    this.byIndex.delete(chain.index);
  }

  /** net/sched/cls_api.c: tcf_classify() — begins in chain 0. `result.pref`: of the proto that answered. */
  classify(p: Packet, result: ChainResult<P>, visit: Visit<P> | null = null): Verdict {
    result.pref = 0;
    result.proto = null;
    const first = this.find(0);
    return first === null ? UNSPEC : first.classify(p, result, this.lookup, visit);
  }

  private readonly lookup = (index: number): Chain<P> | null => this.find(index);
}

import { Errno, KernelError } from '../../errors.ts';
import { ETH_P_ALL, outerProtocol, type Packet } from '../../packet/index.ts';
import type { Result } from '../../sched/notation.ts';
import { UNSPEC, Verdict } from '../../verdict.ts';

/** Where a packet's answer came from, besides the class itself. */
export interface ChainResult<P extends Proto = Proto> extends Result {
  /** Preference of the proto that answered; 0: none did. */
  pref: number;
  /** The proto that answered; null: none did. */
  proto: P | null;
}

/** What a chain asks: one classifier instance. */
export interface Classifier {
  classify(p: Packet, result: Result): Verdict;
}

/** struct tcf_proto: a classifier attached at a preference for one protocol. */
export interface Proto {
  readonly pref: number;
  /** EtherType, host order; ETH_P_ALL takes every packet. */
  readonly protocol: number;
  readonly classifier: Classifier;
}

/** Told of every proto that was asked: for traces. */
export type Visit<P extends Proto = Proto> = (chain: Chain<P>, proto: P, verdict: Verdict, result: Result) => void;

/** Finds the chains of a block that `goto chain` may name. */
export type FindChain<P extends Proto = Proto> = (index: number) => Chain<P> | null;

/** net/sched/cls_api.c: __tcf_classify() — this many restarts are allowed, the next one drops. */
const MAX_RECLASSIFY_LOOP = 16;
/** Preferences are made up from here downwards, above AUTO_FLOOR. */
const AUTO_FIRST = 0xc000;
const AUTO_FLOOR = 0x8000;
const KIND_MASK = 0xf0000000 | 0;
const EXT_VAL_MASK = 0x0fffffff;

/** struct tcf_chain: protos in ascending order of preference. */
export class Chain<P extends Proto = Proto> {
  readonly index: number;
  /** Lowest preference first; at most one of each preference. */
  readonly protos: P[] = [];
  /** Made by `tc chain add`: stays when its last proto goes. */
  explicit = false;
  /** Actions that say `goto chain` with this number. */
  actionRefs = 0;
  /** The only kind of filter allowed, if a template was set; null: any. */
  template: string | null = null;

  constructor(index = 0) {
    this.index = index;
  }

  /** tcf_chain_held_by_acts_only() — exists only because some action names it; users do not see it. */
  get hidden(): boolean {
    return this.protos.length === 0 && !this.explicit;
  }

  add(proto: P): void {
    this.protos.splice(this.firstFrom(proto.pref + 1), 0, proto);
  }

  remove(proto: P): void {
    const at = this.protos.indexOf(proto);
    if (at >= 0) this.protos.splice(at, 1);
  }

  /**
   * net/sched/cls_api.c: tcf_chain_tp_find() — the proto of a preference, or null. Protocol 0 is any; another one than
   * the proto's is EINVAL, since one preference serves one protocol.
   */
  find(pref: number, protocol: number): P | null {
    const next = this.protos[this.firstFrom(pref)];
    const proto = next?.pref === pref ? next : null;
    if (proto !== null && protocol !== 0 && proto.protocol !== protocol) {
      throw new KernelError(Errno.EINVAL, NOT_FOUND, 'filter-other-protocol', 'protocol');
    }
    return proto;
  }

  /**
   * tcf_auto_prio() — the preference of a proto that was given none: one below the lowest above 0x8000, so that later
   * ones are asked first (quirk 40).
   */
  autoPref(): number {
    const next = this.protos[this.firstFrom(AUTO_FLOOR)];
    if (next?.pref === AUTO_FLOOR) throw new KernelError(Errno.EINVAL, NOT_FOUND);
    return next === undefined ? AUTO_FIRST : next.pref - 1;
  }

  /** Index of the first proto of this preference or a higher one. */
  private firstFrom(pref: number): number {
    let [low, high] = [0, this.protos.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.protos[middle]?.pref ?? pref) < pref) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /**
   * net/sched/cls_api.c: __tcf_classify() — the first proto whose verdict is not negative ends the search. Reclassify
   * starts over at this chain, wherever the search had gone (quirk 47); goto goes on in another chain and does not come back.
   */
  classify(
    p: Packet,
    result: ChainResult<P>,
    chains: FindChain<P> = NO_CHAINS,
    visit: Visit<P> | null = null,
  ): Verdict {
    let chain: Chain<P> = this;
    for (let restarts = 0; ; restarts++) {
      const verdict = chain.ask(p, result, visit);
      const gone = (verdict & KIND_MASK) === Verdict.GOTO_CHAIN;
      if (verdict !== Verdict.RECLASSIFY && !gone) return verdict;
      const next = gone ? chains(verdict & EXT_VAL_MASK) : this;
      if (next === null || restarts >= MAX_RECLASSIFY_LOOP) return Verdict.SHOT;
      chain = next;
    }
  }

  /** One pass over the protos; actions may change what protocol the packet has, so it is read for each. */
  private ask(p: Packet, result: ChainResult<P>, visit: Visit<P> | null): Verdict {
    for (const proto of this.protos) {
      if (proto.protocol !== ETH_P_ALL && proto.protocol !== outerProtocol(p)) continue;
      const verdict = proto.classifier.classify(p, result);
      visit?.(this, proto, verdict, result);
      if (verdict < 0) continue;
      result.pref = proto.pref;
      result.proto = proto;
      return verdict;
    }
    return UNSPEC;
  }
}

const NOT_FOUND = 'Filter with specified priority/protocol not found';
const NO_CHAINS = (): null => null;

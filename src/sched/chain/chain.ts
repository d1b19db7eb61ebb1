import { outerProtocol, type Packet } from '../../packet/index.ts';
import { UNSPEC, type Verdict } from '../../verdict.ts';
import type { Result } from '../flow/index.ts';

/** include/uapi/linux/if_ether.h: ETH_P_ALL */
export const ETH_P_ALL = 0x0003;

/** Where a packet's answer came from, besides the class itself. */
export interface ChainResult extends Result {
  /** Preference of the proto that answered; 0: none did. */
  pref: number;
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

/** struct tcf_chain: protos in ascending order of preference. */
export class Chain {
  private protos: Proto[] = [];

  add(proto: Proto): void {
    const after = this.protos.findIndex((other) => other.pref > proto.pref);
    this.protos.splice(after < 0 ? this.protos.length : after, 0, proto);
  }

  /** net/sched/cls_api.c: __tcf_classify() — the first proto whose verdict is not negative ends the search. */
  classify(p: Packet, result: ChainResult): Verdict {
    const protocol = outerProtocol(p);
    for (const proto of this.protos) {
      if (proto.protocol !== protocol && proto.protocol !== ETH_P_ALL) continue;
      const verdict = proto.classifier.classify(p, result);
      if (verdict < 0) continue;
      result.pref = proto.pref;
      return verdict;
    }
    return UNSPEC;
  }
}

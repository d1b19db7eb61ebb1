import type { Env } from '../../src/env.ts';
import { Chain, type ChainResult } from '../../src/kernel/chain/index.ts';
import { parseProtocol } from '../../src/lang/index.ts';
import type { Packet } from '../../src/packet/index.ts';
import { FlowClassifier, parseFlowOptions } from '../../src/sched/flow/index.ts';

/** A row of filters.jsonl: each stood alone at a preference of its own, and ended in `action continue`. */
export interface RecordedFilter {
  readonly id: string;
  readonly protocol: string;
  readonly opts: string;
  readonly hashrnd?: Readonly<Record<string, number>>;
}

const noMatchNoAction = () => ({ match: () => true, act: () => 0 });

/** The filters of one hook, each asked by itself. */
export class FilterBench {
  private readonly chains = new Map<string, Chain>();
  private readonly result: ChainResult = { classid: 0, handle: 0, pref: 0, proto: null };

  constructor(filters: readonly RecordedFilter[], hook: string, env: Env) {
    const qdisc = hook.endsWith('ingress') ? 0xffff0000 : 0x00010000;
    for (const [stream, filter] of filters.entries()) {
      const classifier = new FlowClassifier(env);
      const place = { env, qdisc, sharedBlock: false, userNamespace: false, build: noMatchNoAction, stream };
      classifier.change(1, parseFlowOptions(filter.opts), { ...place, hashrnd: filter.hashrnd?.[hook] });
      const protocol = parseProtocol(filter.protocol);
      if (protocol === null) throw new Error(`unknown protocol ${filter.protocol}`);
      const chain = new Chain();
      chain.add({ pref: 1, protocol, classifier });
      this.chains.set(filter.id, chain);
    }
  }

  /** The class id, or null where the filter did not run. */
  classOf(id: string, p: Packet): number | null {
    const verdict = this.chains.get(id)?.classify(p, this.result) ?? -1;
    return verdict < 0 ? null : this.result.classid;
  }
}

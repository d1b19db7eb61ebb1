import type { Env } from '../../src/env.ts';
import type { Netns } from '../../src/kernel/index.ts';
import type { Packet } from '../../src/packet/index.ts';
import { namespaceAfter } from './setup.ts';

/** A row of filters.jsonl: each stood alone at a preference of its own, and ended in `action continue`. */
export interface RecordedFilter {
  readonly id: string;
  readonly command: string;
  readonly hashrnd?: Readonly<Record<string, number>>;
}

const CONTINUE = / action continue$/;

/** The filters of one hook, each in a kernel of its own. */
export class FilterBench {
  private readonly kernels = new Map<string, Netns>();
  private readonly hook: 'ingress' | 'egress';

  constructor(filters: readonly RecordedFilter[], recordedHook: string, env: Env) {
    this.hook = recordedHook.endsWith('ingress') ? 'ingress' : 'egress';
    const [qdisc, parent] = this.hook === 'ingress' ? ['ingress', 'ffff:'] : ['root handle 1: drr', '1:'];
    for (const { id, command, hashrnd } of filters) {
      // Alone, it need not continue: the verdict says whether it matched.
      const alone = command.replace(CONTINUE, '').replace('PARENT', parent).replace('DEV', 'd0');
      const options = { env, hashrnd: () => hashrnd?.[recordedHook] };
      this.kernels.set(id, namespaceAfter([`qdisc add dev d0 ${qdisc}`, alone], options));
    }
  }

  /** The class id, or null where the filter did not run. */
  classOf(id: string, p: Packet): number | null {
    const answer = this.kernels.get(id)?.classify(p, { dev: 'd0', hook: this.hook });
    return answer === undefined || answer.verdict < 0 ? null : answer.result.classid;
  }
}

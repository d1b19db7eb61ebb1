import type { Env } from '../../env.ts';
import { Errno, KernelError } from '../../errors.ts';
import { FlowKeys, type Packet, Reader } from '../../packet/index.ts';
import { UNSPEC, type Verdict } from '../../verdict.ts';
import type { Result } from '../notation.ts';
import { classid } from './classid.ts';
import { classRests } from './exactness.ts';
import { type FlowFilter, type Place, perturbNanoseconds, settle } from './filter.ts';
import { ALL_KEYS, Key, NEEDS_DISSECT, readKey } from './key.ts';
import type { FlowOptions } from './options.ts';

const RXHASH_BIT = 1 << Key.RXHASH;

/** Told of every filter that is asked, for those who explain. */
export interface Listener {
  /** `words`: the key values, lowest key first; null: the ematches said no. Called before the actions run. */
  asked(filter: FlowFilter, words: Int32Array | null): void;
  /** What the actions said. */
  answered(filter: FlowFilter, verdict: Verdict): void;
}

/** One tcf_proto of kind "flow": struct flow_head and its operations. Holds its scratch; no module state. */
export class FlowClassifier {
  /** In the order in which they are asked: as they were added. */
  private filters: FlowFilter[] = [];
  private nextPerturb = Number.POSITIVE_INFINITY;
  private readonly env: Env;
  /** What the last classify() dissected, for those who tell about it. */
  readonly flow = new FlowKeys();
  /** The filter that matched a packet last; null: none has yet. */
  matched: FlowFilter | null = null;
  /** null while nobody listens. */
  listener: Listener | null = null;
  private readonly hashFlow = new FlowKeys();
  private readonly keys = new Int32Array(ALL_KEYS.length);

  constructor(env: Env) {
    this.env = env;
  }

  /**
   * net/sched/cls_flow.c: flow_classify() — never throws. UNSPEC: no filter wanted the packet; `result.classid` may
   * then hold what a filter with `action continue` wrote (quirk 16).
   */
  classify(p: Packet, result: Result): Verdict {
    if (this.nextPerturb !== Number.POSITIVE_INFINITY) this.perturb();
    for (const filter of this.filters) {
      if (!filter.match(p)) {
        this.listener?.asked(filter, null);
        continue;
      }
      const keys = this.readKeys(filter, p);
      this.listener?.asked(filter, keys);
      const rests = classRests(filter, p, this.flow, this.env, p.given);
      result.classid = classid(filter, keys);
      result.handle = filter.handle;
      this.matched = filter;
      const verdict = filter.act(p, result);
      this.listener?.answered(filter, verdict);
      if (verdict < 0) continue;
      p.restsOn(rests, Reader.FLOW);
      return verdict;
    }
    return UNSPEC;
  }

  /** The values of a filter's keys for a packet, lowest key first; a view that the next call overwrites. */
  readKeys(filter: FlowFilter, p: Packet): Int32Array {
    const { env, flow, keys } = this;
    if ((filter.keymask & NEEDS_DISSECT) !== 0) env.era.dissect(p, flow);
    if ((filter.keymask & RXHASH_BIT) !== 0 && p.hash === 0) p.hash = env.era.rxhash(p, this.hashFlow, env.rxhashKey);
    let count = 0;
    for (const key of filter.keys) keys[count++] = readKey(key, p, flow, env.era);
    return keys;
  }

  /** net/sched/cls_flow.c: flow_change() — adds the filter, or changes the one with this handle. Throws KernelError. */
  change(handle: number, options: FlowOptions, place: Place): FlowFilter {
    const at = this.indexOf(handle);
    const old = this.filters[at] ?? null;
    const filter = settle(old, handle, options, place);
    if (old === null) this.filters.push(filter);
    else this.filters[at] = filter;
    this.schedule();
    return filter;
  }

  /** net/sched/cls_flow.c: flow_get(); handle 0 is nobody's. */
  get(handle: number): FlowFilter | null {
    return this.filters[this.indexOf(handle)] ?? null;
  }

  /** net/sched/cls_flow.c: flow_delete(). True if it was the last: the proto then goes too, unless the era keeps it. */
  delete(handle: number): boolean {
    const at = this.indexOf(handle);
    if (at < 0) throw new KernelError(Errno.ENOENT, 'Specified filter handle not found');
    this.filters.splice(at, 1);
    this.schedule();
    return this.filters.length === 0;
  }

  /** net/sched/cls_flow.c: flow_walk() — list order. */
  walk(): readonly FlowFilter[] {
    return this.filters;
  }

  /** net/sched/cls_flow.c: flow_destroy() */
  destroy(): void {
    this.filters = [];
    this.schedule();
  }

  /**
   * net/sched/cls_flow.c: flow_perturbation() — draws every hashrnd whose time has come. Time is the capture's, so a
   * gap of several periods draws once for each.
   */
  private perturb(): void {
    const now = this.env.now();
    if (now < this.nextPerturb) return;
    this.filters = this.filters.map((filter) => {
      if (now < filter.nextPerturb) return filter;
      const period = perturbNanoseconds(filter.perturbPeriod, this.env.hz);
      const turns = Math.floor((now - filter.nextPerturb) / period) + 1;
      const epoch = filter.epoch + turns;
      return {
        ...filter,
        epoch,
        hashrnd: this.env.random(filter.stream, epoch) >>> 0,
        nextPerturb: filter.nextPerturb + turns * period,
      };
    });
    this.schedule();
  }

  private schedule(): void {
    // Not Math.min(...all): a call takes no hundred thousand arguments.
    this.nextPerturb = this.filters.reduce(
      (next, filter) => Math.min(next, filter.nextPerturb),
      Number.POSITIVE_INFINITY,
    );
  }

  private indexOf(handle: number): number {
    return handle === 0 ? -1 : this.filters.findIndex((filter) => filter.handle === handle);
  }
}

import { Errno, KernelError } from '../../errors.ts';
import { type AttrWriter, decode } from '../../netlink/index.ts';
import type { Packet } from '../../packet/index.ts';
import type { Verdict } from '../../verdict.ts';
import { actionPart, type Bound, policePart } from '../action/index.ts';
import { matchPart, planMatch } from '../ematch/index.ts';
import {
  dumpFlow,
  FLOW,
  FlowClassifier,
  type FlowOptions,
  type FlowParts,
  optionsOf,
  parseFlowHandle,
  printFlow,
  readFlowOptions,
  speakFlow,
  TCA_FLOW,
  TUPLE_KEYS,
} from '../flow/index.ts';
import { Asks, type Result, type Talk } from '../notation.ts';
import {
  type BuiltMatch,
  buildMatch,
  type FilterChange,
  type FilterFacts,
  type FlowPlan,
  type Host,
  type KernelClassifier,
  type Kind,
  matchTests,
  type Survey,
  surveyWith,
  TCA_OPTIONS,
  withActions,
} from './kind.ts';

/** What a filter may hold besides its own options, as this process speaks and prints it. */
export function flowParts(talk: Talk): FlowParts {
  const show = { ...talk.show, device: (ifindex: number) => talk.device(ifindex) };
  const world = {
    device: (ifindex: number) => talk.device(ifindex),
    set: (key: string | number) => talk.set(key),
    action: () => null,
  };
  return { match: matchPart(world), action: actionPart(talk, show), police: policePart(show) };
}

/** tc/f_flow.c: flow_filter_util; net/sched/cls_flow.c: cls_flow_ops */
export const flow: Kind = {
  kind: 'flow',
  speak(handle, words, w, talk) {
    const number = handle === null ? 0 : parseFlowHandle(handle);
    w.nest(TCA_OPTIONS, () => speakFlow(words, w, flowParts(talk)));
    return number;
  },
  print: (handle, options, out, talk) => printFlow(handle, decode(FLOW, options), out, flowParts(talk)),
  create: (host) => new FlowFilters(host),
};

interface FilterParts {
  readonly match: BuiltMatch;
  readonly actions: Bound;
}

/** net/sched/cls_flow.c as a tcf_proto: filters with their ematches and actions. */
class FlowFilters implements KernelClassifier {
  readonly flow: FlowClassifier;
  private readonly host: Host;
  /** Ematches and actions, by handle. */
  private readonly parts = new Map<number, FilterParts>();

  constructor(host: Host) {
    this.flow = new FlowClassifier(host.env);
    this.host = host;
  }

  classify(p: Packet, result: Result): Verdict {
    return this.flow.classify(p, result);
  }

  plans(): FlowPlan[] {
    return this.flow.walk().map((filter) => {
      const { ematches } = filter.options;
      const verdict = this.parts.get(filter.handle)?.actions.constant ?? 'opaque';
      return { filter, verdict, match: ematches === undefined ? null : (planMatch(ematches) ?? 'opaque') };
    });
  }

  has(handle: number): boolean {
    return this.flow.get(handle) !== null;
  }

  /** net/sched/cls_flow.c: flow_change(). The new actions are there before the old ones go. */
  change(handle: number, request: FilterChange): number {
    if (request.options === null) throw new KernelError(Errno.EINVAL);
    const { env, userNamespace, sharedBlock, nextStream } = this.host;
    const built: FilterParts[] = [];
    const place = {
      env,
      qdisc: request.qdisc,
      sharedBlock,
      userNamespace,
      stream: nextStream,
      hashrnd: this.host.hashrnd({ ...request, handle }),
      build: (options: FlowOptions) => {
        const parts = this.build(options, request);
        built.push(parts);
        return { match: parts.match.match, act: parts.actions.act };
      },
    };
    try {
      const isNew = !this.has(handle);
      const filter = this.flow.change(handle, readFlowOptions(request.options, env.era.rshiftChecked), place);
      if (isNew) this.host.filterMade();
      this.release(this.parts.get(filter.handle));
      for (const parts of built) this.parts.set(filter.handle, parts);
      return filter.handle;
    } catch (error) {
      for (const parts of built) this.release(parts);
      throw error;
    }
  }

  private build({ act, police, ematches }: FlowOptions, request: FilterChange): FilterParts {
    if (this.host.env.era.actionsFirst) {
      return withActions(this.host, request, { act, police }, (actions) => ({
        actions,
        match: buildMatch(ematches, this.host),
      }));
    }
    const match = buildMatch(ematches, this.host);
    return { match, actions: request.bind({ act, police }) };
  }

  delete(handle: number): boolean {
    const last = this.flow.delete(handle);
    this.forget(handle);
    return last;
  }

  private forget(handle: number): void {
    this.release(this.parts.get(handle));
    this.parts.delete(handle);
  }

  private release(parts: FilterParts | undefined): void {
    if (parts !== undefined) this.host.release(parts.actions);
  }

  handles(): readonly number[] {
    return this.flow.walk().map((filter) => filter.handle);
  }

  /** net/sched/cls_flow.c: flow_dump() */
  dump(handle: number, w: AttrWriter): void {
    const filter = this.flow.get(handle);
    const parts = this.parts.get(handle);
    if (filter === null || parts === undefined) return;
    const { match, actions } = parts;
    w.nest(TCA_OPTIONS, () => {
      dumpFlow(optionsOf(filter, this.host.env.hz), w);
      actions.dump(w, TCA_FLOW.act[0], TCA_FLOW.police[0]);
      if (match.payload !== null) w.put(TCA_FLOW.ematches, match.payload);
    });
    actions.dumpStats(w);
  }

  facts(): FilterFacts[] {
    return this.flow.walk().flatMap(({ handle }) => {
      const parts = this.parts.get(handle);
      if (parts === undefined) return [];
      const { match, actions } = parts;
      const tests = matchTests(match.payload);
      return [{ handle, classid: null, takesAll: tests.length === 0 && !actions.goesOn, tests, actions }];
    });
  }

  survey(): Survey[] {
    return [...this.parts].map(([handle, { match, actions }]) => {
      const readsTuple = ((this.flow.get(handle)?.keymask ?? 0) & TUPLE_KEYS) !== 0;
      return surveyWith(match.scope, actions, readsTuple ? Asks.TUPLE : 0);
    });
  }

  destroy(): void {
    for (const handle of [...this.parts.keys()]) this.forget(handle);
    this.flow.destroy();
  }
}

import { Errno, KernelError, type UsageError } from '../../errors.ts';
import { type AttrWriter, decode } from '../../netlink/index.ts';
import type { Packet } from '../../packet/index.ts';
import type { Verdict } from '../../verdict.ts';
import type { Bound } from '../action/index.ts';
import type { Classifier, Proto } from '../chain/index.ts';
import { dumpFlow, FLOW, FlowClassifier, type FlowOptions, optionsOf } from '../flow/index.ts';
import type { Result, Scope } from '../notation.ts';
import type { FilterBlock } from './device.ts';
import { type BuiltMatch, bindActions, boundPayload, buildMatch } from './parts.ts';
import type { Call } from './reply.ts';
import type { State } from './state.ts';
import { TCA_TYPE } from './validate.ts';

/** What a request asks a classifier to change, and from where. */
export interface FilterChange {
  /** Payload of TCA_OPTIONS; null: absent. */
  readonly options: Uint8Array | null;
  /** Payload of TCA_RATE; null: absent. */
  readonly rate: Uint8Array | null;
  /** Handle of the qdisc; 0 on a shared block. */
  readonly qdisc: number;
  /** At ingress, clsact, or on a shared block. */
  readonly ingress: boolean;
  readonly parent: number;
  readonly chain: number;
  readonly pref: number;
  readonly call: Call;
}

/** struct tcf_proto_ops: one classifier instance as the control plane sees it. */
export interface KernelClassifier extends Classifier {
  /** The flow classifier that it is; null: another kind. */
  readonly flow: FlowClassifier | null;
  /** ->get(); handle 0 is nobody's. */
  has(handle: number): boolean;
  /** ->change(): the handle of the filter made or changed. Throws KernelError and changes nothing. */
  change(handle: number, request: FilterChange): number;
  /** ->delete(): whether it was the last. */
  delete(handle: number): boolean;
  /** ->walk() */
  handles(): readonly number[];
  /** ->dump(): TCA_OPTIONS and what follows it. */
  dump(handle: number, w: AttrWriter): void;
  destroy(): void;
  /** What whoever classifies must know of its filters' ematches and actions. */
  survey(): Survey[];
}

/** What is to be known of filters before packets are put past them. */
export interface Survey {
  /** Whose history their answers depend on. */
  readonly scope: Scope;
  /** The first action that cannot be emulated; null: all can. */
  readonly refusal: UsageError | null;
  /** Whether some answer rests on random numbers that the kernel drew otherwise. */
  readonly assumed: boolean;
}

const SCOPES: readonly Scope[] = ['packet', 'flow', 'all'];

/** One survey of several. */
export function together(surveys: readonly Survey[]): Survey {
  const widest = Math.max(0, ...surveys.map(({ scope }) => SCOPES.indexOf(scope)));
  return {
    scope: SCOPES[widest] ?? 'all',
    refusal: surveys.find(({ refusal }) => refusal !== null)?.refusal ?? null,
    assumed: surveys.some(({ assumed }) => assumed),
  };
}

/** A proto that requests made. */
export interface KernelProto extends Proto {
  readonly kind: string;
  readonly classifier: KernelClassifier;
}

/** net/sched/cls_flow.c as a tcf_proto: filters with their ematches and actions. */
class FlowFilters implements KernelClassifier {
  readonly flow: FlowClassifier;
  private readonly state: State;
  private readonly block: FilterBlock;
  /** Ematches and actions, by handle. */
  private readonly parts = new Map<number, FilterParts>();

  constructor(state: State, block: FilterBlock) {
    this.flow = new FlowClassifier(state.env);
    this.state = state;
    this.block = block;
  }

  classify(p: Packet, result: Result): Verdict {
    return this.flow.classify(p, result);
  }

  has(handle: number): boolean {
    return this.flow.get(handle) !== null;
  }

  /** net/sched/cls_flow.c: flow_change(). The new actions are there before the old ones go. */
  change(handle: number, request: FilterChange): number {
    if (request.options === null) throw new KernelError(Errno.EINVAL);
    const { env, userNamespace } = this.state;
    const built: FilterParts[] = [];
    const place = {
      env,
      qdisc: request.qdisc,
      sharedBlock: this.block.shared,
      userNamespace,
      stream: this.state.nextStream,
      hashrnd: this.state.hashrnd({ ...request, handle }),
      build: (options: FlowOptions) => {
        const parts = this.build(options, request);
        built.push(parts);
        return { match: parts.match.match, act: parts.actions.act };
      },
    };
    try {
      const isNew = !this.has(handle);
      const filter = this.flow.change(handle, decode(FLOW, request.options), place);
      if (isNew) this.state.filterMade();
      this.release(this.parts.get(filter.handle));
      for (const parts of built) this.parts.set(filter.handle, parts);
      return filter.handle;
    } catch (error) {
      for (const parts of built) this.release(parts);
      throw error;
    }
  }

  private build({ act, police, ematches }: FlowOptions, request: FilterChange): FilterParts {
    const { env, world } = this.state;
    const buildActions = (): Bound => bindActions(this.state, { ...request, act, police, block: this.block });
    if (env.era.actionsFirst) {
      const actions = buildActions();
      try {
        return { actions, match: buildMatch(ematches, world, env) };
      } catch (error) {
        this.state.actions.release(actions);
        throw error;
      }
    }
    const match = buildMatch(ematches, world, env);
    return { match, actions: buildActions() };
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
    if (parts !== undefined) this.state.actions.release(parts.actions);
  }

  handles(): readonly number[] {
    return this.flow.walk().map((filter) => filter.handle);
  }

  /** net/sched/cls_flow.c: flow_dump() */
  dump(handle: number, w: AttrWriter): void {
    const filter = this.flow.get(handle);
    const parts = this.parts.get(handle);
    if (filter === null || parts === undefined) return;
    const ematches = parts.match.payload;
    const options: FlowOptions = {
      ...optionsOf(filter, this.state.env.hz),
      ...boundPayload(parts.actions),
      ...(ematches === null ? {} : { ematches }),
    };
    w.nest(TCA_TYPE.OPTIONS, () => dumpFlow(options, w));
    parts.actions.dumpStats(w);
  }

  survey(): Survey[] {
    return [...this.parts.values()].map(({ match, actions: { scope, refusal, assumed } }) =>
      together([
        { scope: match.scope, refusal: null, assumed: false },
        { scope, refusal, assumed },
      ]),
    );
  }

  destroy(): void {
    for (const handle of [...this.parts.keys()]) this.forget(handle);
    this.flow.destroy();
  }
}

interface FilterParts {
  readonly match: BuiltMatch;
  readonly actions: Bound;
}

/** The classifiers this kernel has. A new one is a class and a row. */
const KINDS: Readonly<Record<string, (state: State, block: FilterBlock) => KernelClassifier>> = {
  flow: (state, block) => new FlowFilters(state, block),
};

/** net/sched/cls_api.c: tcf_proto_lookup_ops() — null: no such classifier. */
export function createClassifier(kind: string, state: State, block: FilterBlock): KernelClassifier | null {
  return findKind(kind) ? (KINDS[kind]?.(state, block) ?? null) : null;
}

export function findKind(kind: string): boolean {
  return Object.hasOwn(KINDS, kind);
}

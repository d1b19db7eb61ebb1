import type { Env } from '../../env.ts';
import { Errno, KernelError } from '../../errors.ts';
import { AttrReader, type AttrWriter, decode, FAILED_POLICY, validBits } from '../../netlink/index.ts';
import { Verdict } from '../../verdict.ts';
import type { Act, Scope, World } from '../notation.ts';
import { execActions } from './exec.ts';
import { LowestFree } from './handles.ts';
import { Instance } from './instance.ts';
import type { Action, ActionChains, ActionPlace, Estimation } from './kind.ts';
import { ACT, type ActAttributes, ActFlag, findAction, MAX_ACTIONS } from './list.ts';

const TCA_STATS = 3;
const HW_STATS_ANY = 3;
const USER_FLAGS = ActFlag.NO_PERCPU | ActFlag.SKIP_HW | ActFlag.SKIP_SW;
/** IFNAMSIZ: a kind's name with its NUL. */
const KIND_MAX = 16;

/** What some kinds say where a request has no options at all. */
const WITHOUT_OPTIONS: Readonly<Record<string, string>> = {
  mirred: 'Mirred requires attributes to be passed',
  pedit: 'Pedit requires attributes to be passed',
  ctinfo: 'ctinfo requires attributes to be passed',
  tunnel_key: 'Tunnel requires attributes to be passed',
  ife: 'IFE requires attributes to be passed',
  ct: 'Ct requires attributes to be passed',
};

/** Where a filter is that wants actions. */
export interface FilterActions {
  readonly chains: ActionChains;
  /** Attached to ingress or clsact. */
  readonly clsact: boolean;
  /** TCA_RATE of the request. */
  readonly estimation: Estimation | null;
}

interface Options {
  readonly bind: boolean;
  readonly replace: boolean;
  readonly place: Omit<ActionPlace, 'goto'>;
}

const SCOPES: readonly Scope[] = ['packet', 'flow', 'all'];

/** Verdicts that say the same of a list as of its only action. */
const ENDS: readonly Verdict[] = [Verdict.UNSPEC, Verdict.OK, Verdict.SHOT, Verdict.STOLEN, Verdict.TRAP];

/** struct tcf_exts: the actions of one filter. Let go with ActionTable.release(). */
export class Bound {
  readonly instances: readonly Instance[];
  /** Old-style `police`: TCA_OLD_COMPAT. */
  readonly police: boolean;
  readonly act: Act;

  constructor(instances: readonly Instance[], police: boolean) {
    this.instances = instances;
    this.police = police;
    this.act = (p, result) => execActions(instances, p, result);
  }

  /** The largest of its actions' scopes. */
  get scope(): Scope {
    const of = instanceScopes(this.instances);
    return SCOPES[Math.max(0, ...of)] ?? 'all';
  }

  /** The verdict on every packet, where one can be told beforehand and nothing else happens; null: none can. */
  get constant(): Verdict | null {
    const [only, ...others] = this.instances;
    if (only === undefined) return Verdict.OK;
    if (others.length > 0 || only.skipped) return null;
    const verdict = only.kind.constant?.(only.value) ?? null;
    return verdict !== null && ENDS.includes(verdict) ? verdict : null;
  }

  /** Some answer sends the search on: to the filters behind (continue), or to another chain. */
  get goesOn(): boolean {
    return this.instances.some(({ verdicts }) => verdicts.some((verdict) => verdict < 0 || isGoto(verdict)));
  }

  /** Some packet is left to the qdisc, in the class that the filter names. */
  get leavesToClass(): boolean {
    for (const { verdicts, skipped } of this.instances) {
      if (!skipped && verdicts.includes(Verdict.OK)) return true;
      if (!skipped && !verdicts.includes(Verdict.PIPE)) return false;
    }
    return true;
  }

  /** Indexes of the devices that packets or copies are sent to. */
  get targets(): number[] {
    return this.instances.flatMap(({ kind, value }) => kind.target?.(value) ?? []);
  }

  /** Whether some answer rests on numbers that we drew. */
  get assumed(): boolean {
    return this.instances.some(({ kind, value }) => kind.assumed?.(value) === true);
  }

  /** What they may write of what a capture does not hold: bits of Input. */
  get sets(): number {
    return this.instances.reduce((bits, { kind }) => bits | (kind.sets ?? 0), 0);
  }

  /** What they read of the packet's connection: bits of Asks. */
  get asks(): number {
    return this.instances.reduce((bits, { kind }) => bits | (kind.asks ?? 0), 0);
  }

  /** net/sched/cls_api.c: tcf_exts_dump() — as attribute `act`, or `police` if it came that way; nothing if there are none. */
  dump(w: AttrWriter, act: number, police: number): void {
    const [first] = this.instances;
    if (first === undefined) return;
    if (this.police) w.nest(police, () => first.dumpOptions(w));
    else w.nest(act, () => dumpActions(this.instances, w));
  }

  /** tcf_exts_dump_stats(): TCA_STATS behind the options, for old-style police only. */
  dumpStats(w: AttrWriter): void {
    const [first] = this.instances;
    if (this.police && first !== undefined) w.nest(TCA_STATS, () => first.dumpOldStats(w));
  }
}

const isGoto = (verdict: Verdict): boolean => (verdict & ~0x0fffffff) === Verdict.GOTO_CHAIN;

function instanceScopes(instances: readonly Instance[]): number[] {
  return instances.map(({ kind, value }) => SCOPES.indexOf(kind.scope(value)));
}

/** A filter without actions: every packet is OK. */
export const NO_ACTIONS = new Bound([], false);

/** tcf_action_dump(): one attribute for each, numbered from `first`. */
export function dumpActions(instances: readonly Instance[], w: AttrWriter, first = 1): void {
  for (const [i, instance] of instances.entries()) w.nest(first + i, () => instance.dump(w));
}

/** All actions of a network namespace: struct tc_action_net of every kind. */
export class ActionTable {
  private readonly world: World;
  private readonly env: Env;
  private readonly kinds = new Map<string, Map<number, Instance>>();
  private readonly free = new Map<string, LowestFree>();

  constructor(world: World, env: Env) {
    this.world = world;
    this.env = env;
  }

  /** The action under this index; null: there is none. */
  find(kind: string, index: number): Instance | null {
    return this.kinds.get(kind)?.get(index) ?? null;
  }

  /**
   * net/sched/cls_api.c: tcf_exts_validate_ex() — the actions of a filter, from the payloads of its police and act
   * attributes (police counts if both are there). Throws KernelError and then holds nothing.
   */
  bind(attributes: { readonly act?: Uint8Array; readonly police?: Uint8Array }, at: FilterActions): Bound {
    const place = { ...at, world: this.world };
    const options = { bind: true, replace: false, place };
    if (attributes.police !== undefined) {
      const kind = findAction('police');
      if (kind === undefined) throw new KernelError(Errno.ENOENT, 'Failed to load TC action module');
      return new Bound([this.obtain(kind, attributes.police, {}, options).instance], true);
    }
    if (attributes.act === undefined) return NO_ACTIONS;
    return new Bound(this.init(attributes.act, options).instances, false);
  }

  /** tcf_exts_destroy(): a filter has gone, or has got other actions. */
  release(bound: Bound): void {
    for (const instance of bound.instances) this.put(instance, true);
  }

  /**
   * net/sched/act_api.c: tcf_action_add(), of RTM_NEWACTION. `tab` is the payload of TCA_ACT_TAB. The instances are
   * what is notified; `warning` is what the acknowledgement says although it succeeds, or ''.
   */
  add(tab: Uint8Array, replace: boolean): { instances: Instance[]; warning: string } {
    const place = { chains: null, clsact: false, estimation: null, world: this.world };
    const { instances, created } = this.init(tab, { bind: false, replace, place });
    for (const instance of instances) if (!created.has(instance)) this.put(instance, false);
    const balks = instances.some(
      ({ kind, value, flags }) => !(flags & ActFlag.SKIP_HW) && kind.offloads?.(value) === false,
    );
    return { instances, warning: balks ? 'act_api: Failed to setup tc actions for offload' : '' };
  }

  /** tca_action_gd() with RTM_GETACTION: the actions named by kind and index. */
  get(tab: Uint8Array): Instance[] {
    return requests(tab).map((request) => {
      const act = decode(ACT, request);
      if (act.index === undefined) throw new KernelError(Errno.EINVAL, 'Invalid TC action index value');
      if (findAction(act.kind ?? '') === undefined) {
        throw new KernelError(Errno.EINVAL, 'Specified TC action kind not found');
      }
      const instance = this.find(act.kind ?? '', act.index);
      if (instance === null) throw new KernelError(Errno.ENOENT, 'TC action with specified index not found');
      return instance;
    });
  }

  /** tca_action_gd() with RTM_DELACTION; dump what is notified before. One that a filter has is refused. */
  delete(tab: Uint8Array): void {
    for (const instance of this.get(tab)) {
      if (instance.binds > 0) throw new KernelError(Errno.EPERM, 'Failed to delete TC action', 'action-busy', 'index');
      this.put(instance, false);
    }
  }

  /**
   * tca_action_flush(), RTM_DELACTION with NLM_F_ROOT: all of a kind, up to the first that a filter has. Returns
   * kind and number deleted; `warning` if some are left. None deleted because of that: EPERM.
   */
  flush(tab: Uint8Array): { kind: string; count: number; warning: string } {
    const [request] = requests(tab);
    if (request === undefined) {
      throw new KernelError(Errno.EINVAL, 'Invalid netlink attributes while flushing action');
    }
    const kind = decode(ACT, request).kind ?? '';
    if (findAction(kind) === undefined) throw new KernelError(Errno.EINVAL, 'Cannot flush unknown TC action');
    let count = 0;
    for (const instance of this.list(kind)) {
      if (instance.binds > 0) {
        if (count === 0) throw new KernelError(Errno.EPERM);
        return { kind, count, warning: 'Unable to flush all TC actions' };
      }
      this.put(instance, false);
      count++;
    }
    return { kind, count, warning: '' };
  }

  /** All actions of a kind, by index: tcf_dump_walker(). */
  list(kind: string): Instance[] {
    return [...(this.kinds.get(kind)?.values() ?? [])].sort((a, b) => a.index - b.index);
  }

  /** The kind that a dump request's TCA_ACT_TAB asks for; null: none that there is, and the dump is empty. */
  static listedKind(tab: Uint8Array): string | null {
    const [request] = requests(tab);
    const kind = request === undefined ? undefined : decode(ACT, request).kind;
    return kind === undefined || findAction(kind) === undefined ? null : kind;
  }

  /** tcf_action_init(): all actions of a list, or none. */
  private init(tab: Uint8Array, options: Options): { instances: Instance[]; created: Set<Instance> } {
    const items = requests(tab).map((request) => {
      const attributes = decode(ACT, request);
      return { kind: loadKind(attributes), attributes };
    });
    const instances: Instance[] = [];
    const created = new Set<Instance>();
    try {
      for (const { kind, attributes } of items) {
        checkFields(attributes);
        const made = this.obtain(kind, attributes.options, attributes, options);
        instances.push(made.instance);
        if (made.created) created.add(made.instance);
        if (options.bind && made.instance.flags & (ActFlag.SKIP_HW | ActFlag.SKIP_SW)) {
          throw new KernelError(Errno.EINVAL, 'Mismatch between action and filter offload flags');
        }
        // tcf_action_offload_add(): no device takes an action over.
        if (!options.bind && made.instance.flags & ActFlag.SKIP_SW) throw new KernelError(Errno.EINVAL);
      }
    } catch (error) {
      for (const instance of instances) this.put(instance, options.bind);
      throw error;
    }
    return { instances, created };
  }

  /** tcf_action_init_1() with the kind's ->init(): a new action, one that is there already, or one replaced. */
  private obtain(
    kind: Action<unknown>,
    payload: Uint8Array | undefined,
    attributes: ActAttributes,
    { bind, replace, place: at }: Options,
  ): { instance: Instance; created: boolean } {
    if (payload === undefined) throw new KernelError(Errno.EINVAL, WITHOUT_OPTIONS[kind.kind] ?? '');
    const place: ActionPlace = { ...at, goto: -1 };
    const request = kind.codec.read(payload, 0, payload.length);
    kind.check(request, place);
    const wanted = kind.gen(request)?.index ?? 0;
    const old = this.find(kind.kind, wanted);
    if (old !== null && !bind && !replace) throw new KernelError(Errno.EEXIST, '', 'action-exists', 'index');
    const instance = old ?? new Instance(kind, wanted || this.lowestFree(kind.kind), request, this.world, this.env);
    if (old === null || !bind) instance.become(kind.settle(request, old?.value ?? null, place), place);
    if (old === null) {
      instance.flags = attributes.flags?.value ?? 0;
      this.insert(instance);
    } else instance.refs++;
    if (bind) instance.binds++;
    if (attributes.cookie !== undefined) instance.cookie = attributes.cookie;
    instance.hwStats = attributes.hwStats?.value ?? HW_STATS_ANY;
    return { instance, created: old === null };
  }

  private insert(instance: Instance): void {
    const { kind } = instance.kind;
    const table = this.kinds.get(kind) ?? new Map<number, Instance>();
    table.set(instance.index, instance);
    this.kinds.set(kind, table);
  }

  /** idr_alloc_u32() from 1 on. */
  private lowestFree(kind: string): number {
    const free = this.free.get(kind) ?? new LowestFree();
    this.free.set(kind, free);
    return free.take((index) => this.find(kind, index) !== null);
  }

  /** __tcf_action_put() */
  private put(instance: Instance, bind: boolean): void {
    if (bind) instance.binds--;
    if (--instance.refs > 0) return;
    this.kinds.get(instance.kind.kind)?.delete(instance.index);
    this.free.get(instance.kind.kind)?.release(instance.index);
    instance.release?.();
    instance.release = null;
  }
}

/** nla_parse_nested() and the loop over tb[1], tb[2], …: a gap ends it. */
function requests(tab: Uint8Array): Uint8Array[] {
  const places = new Map<number, Uint8Array>();
  for (const r = new AttrReader(tab); r.next(); ) places.set(r.type, r.payload());
  const found: Uint8Array[] = [];
  for (let number = 1; number <= MAX_ACTIONS; number++) {
    const payload = places.get(number);
    if (payload === undefined) break;
    found.push(payload);
  }
  return found;
}

/** tc_action_load_ops() */
function loadKind({ kind }: ActAttributes): Action<unknown> {
  if (kind === undefined) throw new KernelError(Errno.EINVAL, 'TC action kind must be specified');
  if (kind.length >= KIND_MAX) throw new KernelError(Errno.EINVAL, 'TC action name too long');
  const found = findAction(kind);
  if (found === undefined) throw new KernelError(Errno.ENOENT, 'Failed to load TC action module');
  return found;
}

/** Bits, and tc_act_flags_valid(): software and hardware cannot both be left out. */
function checkFields({ flags, hwStats }: ActAttributes): void {
  for (const [field, valid] of [
    [flags, USER_FLAGS],
    [hwStats, HW_STATS_ANY],
  ] as const) {
    if (field !== undefined && !validBits(field, valid)) throw new KernelError(Errno.EINVAL, FAILED_POLICY);
  }
  const both = ActFlag.SKIP_HW | ActFlag.SKIP_SW;
  if (flags !== undefined && (flags.value & both) === both) throw new KernelError(Errno.EINVAL);
}

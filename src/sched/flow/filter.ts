import type { Env } from '../../env.ts';
import { Errno, KernelError } from '../../errors.ts';
import { popcount, tcH, tcMajor, tcMinor } from '../../u32.ts';
import type { Act, Match } from '../notation.ts';
import { type Arithmetic, Mode } from './classid.ts';
import { ALL_KEYS, Key, keysOf } from './key.ts';
import type { FlowOptions } from './options.ts';

/** A filter's settings after the kernel's rules: what a dump shows. Words are unsigned. */
export interface FlowConfig extends Arithmetic {
  readonly handle: number;
  readonly keymask: number;
  /** perturb_period in jiffies, 32 bits (quirk 13). */
  readonly perturbPeriod: number;
}

/** struct flow_filter: immutable; a change or a perturbation puts a new one in its place. */
export interface FlowFilter extends FlowConfig {
  readonly match: Match;
  readonly act: Act;
  /** The keys of `keymask`, lowest first: listed once, as they are read for every packet. */
  readonly keys: readonly Key[];
  /** The options as asked for, for parts that settle() hands through to a dump: actions, police, ematches. */
  readonly options: FlowOptions;
  /** Stream of Env.random that hashrnd comes from, and how often it was drawn again. */
  readonly stream: number;
  readonly epoch: number;
  /** hashrnd was told, not drawn. */
  readonly hashrndTold: boolean;
  /** Env.now() at which hashrnd is drawn again; Infinity: never. */
  readonly nextPerturb: number;
}

/** Where a filter is being put, and by whom. */
export interface Place {
  readonly env: Env;
  /** Handle of the qdisc the filter is attached to (major number in the upper 16 bits); 0 on a shared block. */
  readonly qdisc: number;
  readonly sharedBlock: boolean;
  /** The request comes from a user namespace other than the first. */
  readonly userNamespace: boolean;
  /** Builds ematches and actions; throws the KernelError of the first that is refused. */
  readonly build: (options: FlowOptions) => { readonly match: Match; readonly act: Act };
  /** For a new filter: its stream of random numbers, and hashrnd if it is known. */
  readonly stream: number;
  readonly hashrnd?: number | undefined;
}

const KEY_MAX = Math.max(...ALL_KEYS);
/** The kernel masks the key mask with the key *numbers* 14 | 15 where it means their bits (quirk 14). */
const USER_NAMESPACE_MASK = Key.SKUID | Key.SKGID;
const RSHIFT_MAX = 31;

/**
 * net/sched/cls_flow.c: flow_change() — the filter that results from a request, or a KernelError, checked in the
 * kernel's order. `old` is the filter being changed (it stays as it is), or null for a new one.
 */
export function settle(old: FlowFilter | null, handle: number, o: FlowOptions, place: Place): FlowFilter {
  checkAttributes(o, place);
  const { match, act } = place.build(o);
  const mode = o.mode ?? old?.mode ?? Mode.MAP;
  const requestedKeys = popcount(o.keys ?? 0);
  if (old !== null) {
    if (handle !== 0 && handle !== old.handle) throw new KernelError(Errno.EINVAL);
  } else {
    if (handle === 0) throw new KernelError(Errno.EINVAL, '', 'needs-handle', 'handle');
    if (o.keys === undefined) throw new KernelError(Errno.EINVAL, '', 'needs-keys', 'keys');
  }
  if (mode !== Mode.HASH && requestedKeys > 1) throw new KernelError(Errno.EINVAL, '', 'one-key', 'keys');
  if (o.perturb !== undefined && mode !== Mode.HASH) {
    throw new KernelError(Errno.EINVAL, '', 'perturb-of-map', 'perturb');
  }
  const baseclass = old === null ? newBaseclass(o.baseclass ?? 0, place) : (o.baseclass ?? old.baseclass);
  const keymask = o.keys ?? old?.keymask ?? 0;
  const perturbPeriod = perturbOf(old, o, mode, place.env.hz);
  const epoch = old?.epoch ?? 0;
  const stream = old?.stream ?? place.stream;
  return {
    handle: old?.handle ?? handle,
    keymask,
    nkeys: popcount(keymask),
    mode,
    mask: o.mask ?? old?.mask ?? 0xffffffff,
    xor: o.xor ?? old?.xor ?? 0,
    rshift: o.rshift ?? old?.rshift ?? 0,
    addend: o.addend ?? old?.addend ?? 0,
    divisor: o.divisor ?? old?.divisor ?? 0,
    baseclass,
    perturbPeriod,
    hashrnd: old?.hashrnd ?? (place.hashrnd ?? place.env.random(stream, 0)) >>> 0,
    match,
    act,
    keys: keysOf(keymask),
    options: o,
    stream,
    epoch,
    hashrndTold: old?.hashrndTold ?? place.hashrnd !== undefined,
    nextPerturb: nextPerturb(perturbPeriod, place.env),
  };
}

/** What the kernel looks at before it knows whether the filter exists. */
function checkAttributes(o: FlowOptions, place: Place): void {
  const { era } = place.env;
  if (era.rshiftChecked && (o.rshift ?? 0) > RSHIFT_MAX)
    throw new KernelError(Errno.ERANGE, '', 'rshift-range', 'rshift');
  if (o.baseclass !== undefined && tcMinor(o.baseclass) === 0)
    throw new KernelError(Errno.EINVAL, '', 'baseclass-minor', 'baseclass');
  if (o.keys === undefined) return;
  if (o.keys === 0) throw new KernelError(Errno.EINVAL, '', 'needs-keys', 'keys');
  if (o.keys >>> 0 >= 2 << KEY_MAX) throw new KernelError(Errno.EOPNOTSUPP);
  if (place.userNamespace && (o.keys & USER_NAMESPACE_MASK) !== 0) {
    throw new KernelError(Errno.EOPNOTSUPP, '', 'user-namespace', 'keys');
  }
}

/** The two fix-ups of a new filter's base class: the qdisc's major, and 1. A change does neither (quirk 15). */
function newBaseclass(requested: number, place: Place): number {
  if (tcMajor(requested) === 0 && place.sharedBlock) {
    throw new KernelError(
      Errno.EINVAL,
      'Must specify baseclass when attaching flow filter to block',
      'needs-baseclass',
      'baseclass',
    );
  }
  return tcH(tcMajor(requested) || tcMajor(place.qdisc), tcMinor(requested) || 1);
}

/** Kept on a change that stays with hash mode and does not mention it; the product wraps at 32 bits (quirk 13). */
function perturbOf(old: FlowFilter | null, o: FlowOptions, mode: number, hz: number): number {
  if (mode !== Mode.HASH) return 0;
  if (o.perturb === undefined) return old?.perturbPeriod ?? 0;
  return Math.imul(o.perturb, hz) >>> 0;
}

/** The timer starts anew with every filter object: mod_timer(jiffies + perturb_period). */
export function nextPerturb(perturbPeriod: number, env: Env): number {
  return perturbPeriod === 0 ? Number.POSITIVE_INFINITY : env.now() + perturbNanoseconds(perturbPeriod, env.hz);
}

export function perturbNanoseconds(perturbPeriod: number, hz: number): number {
  return perturbPeriod * (1e9 / hz);
}

/** A settled filter's own settings as options. */
export function optionsOf(filter: FlowConfig, hz: number): FlowOptions {
  const { keymask, mode, mask, xor, rshift, addend, divisor, baseclass, perturbPeriod } = filter;
  const perturb = Math.floor((perturbPeriod >>> 0) / hz);
  return { keys: keymask, mode, mask, xor, rshift, addend, divisor, baseclass, perturb };
}

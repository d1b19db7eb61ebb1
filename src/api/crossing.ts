import { isFor, type NatRule, type Prefix } from '../conntrack/index.ts';
import { type CaptureSample, Crossing, guessCaptured, type HookSide } from '../hook/index.ts';
import { feedsOf } from '../kernel/index.ts';
import { parsePrefix } from '../lang/index.ts';
import type { Asked } from '../plan.ts';
import { ADDRESS_KEYS, hostRule } from '../sched/flow/index.ts';
import type { Question } from './question.ts';
import { QuestionError } from './question-error.ts';

/** What a question says of the way from where packets were captured to the hook. */
export type CrossingQuestion = Pick<Question, 'captured' | 'interface' | 'direction' | 'hosts' | 'at' | 'dev'>;

/**
 * The way from where packets were captured to the hook of `asked`; absent: filters stand on a device without a name. A device
 * that is fed by another, as an ifb, has that one's packets as they come to the hook that feeds it.
 */
export function crossingOf(
  question: CrossingQuestion,
  nat: readonly NatRule[],
  asked: Asked | undefined,
  isGuessed: boolean,
  looksAt: LooksAt,
): Crossing {
  const { captured = 'here', direction = 'both', interface: name = null } = question;
  const { dev, hook } = hookOf(question, asked);
  return new Crossing({
    hook,
    side:
      sideByNat(nat, dev) ??
      sideOf(captured, name, dev) ??
      sideByHosts(question, hook, looksAt) ??
      sideByDefault(captured),
    captured: typeof captured === 'string' ? captured : new Map(Object.entries(captured)),
    interface: name,
    direction,
    hosts: (question.hosts ?? []).map(prefixOf),
    nat,
    isGuessed,
  });
}

/** The same question with where the packets of a sample were captured, where it does not say so itself. */
export function guessed<Q extends CrossingQuestion>(
  question: Q,
  sample: CaptureSample | undefined,
  nat: readonly NatRule[],
  asked: Asked | undefined,
): Q {
  if (sample === undefined || question.captured !== undefined) return question;
  const guess = guessCaptured(sample, nat, hookOf(question, asked).dev);
  return guess === null ? question : { ...guess, ...question };
}

interface HookOfDevice {
  readonly hook: 'egress' | 'ingress';
  readonly dev: string | undefined;
}

export function hookOf({ at = 'egress', dev: named }: CrossingQuestion, asked: Asked | undefined): HookOfDevice {
  const hook = at === 'ingress' ? 'ingress' : 'egress';
  if (asked === undefined) return { hook, dev: named };
  const { dev } = asked.place;
  const [feed, ...others] = hook === 'egress' ? feedsOf(asked.netns.plan, dev) : [];
  if (feed === undefined) return { hook, dev };
  return others.some((other) => other.hook !== feed.hook) ? { hook, dev } : feed;
}

/** Whose addresses filters look at. */
export type Ends = 'sources' | 'destinations';

/** Destinations, where every flow filter that looks at addresses looks at these alone; null: none looks at any. */
export function endsOf(masks: readonly number[]): Ends | null {
  const looking = masks.filter((mask) => (mask & ADDRESS_KEYS) !== 0);
  if (looking.length === 0) return null;
  return looking.every((mask) => hostRule(mask).isDestination) ? 'destinations' : 'sources';
}

/** What is known of that: `isSaid` by who asks, or only seen from the filters. */
interface LooksAt {
  readonly ends: Ends | null;
  readonly isSaid: boolean;
}

/** Who knows the hosts has filters look at these: their packets go out to the wan, or come to them from there. */
function sideByHosts(
  { hosts = [], captured = 'here' }: CrossingQuestion,
  hook: 'egress' | 'ingress',
  { ends, isSaid }: LooksAt,
): HookSide | null {
  if (ends === null) return null;
  if (hosts.length === 0 && (!isSaid || sideByDefault(captured) === null)) return null;
  return (ends === 'destinations') === (hook === 'egress') ? 'lan' : 'wan';
}

/** The side of the device that is asked, where rules name the devices that packets leave by; null: none does. */
function sideByNat(nat: readonly NatRule[], dev: string | undefined): HookSide | null {
  const leaving = nat.flatMap(({ kind, devices }) => (kind === 'snat' && devices !== undefined ? [devices] : []));
  if (dev === undefined || leaving.length === 0) return null;
  return leaving.some((devices) => isFor(devices, dev)) ? 'wan' : 'lan';
}

/**
 * The side of the device that is asked. Where it was captured itself, that side; where other devices of one side were, the
 * other one. null: neither.
 */
function sideOf(captured: NonNullable<Question['captured']>, name: string | null, dev?: string): HookSide | null {
  const sides = typeof captured === 'object' ? captured : name === null ? null : { [name]: captured };
  const all = new Set(sides === null ? [captured] : Object.values(sides));
  all.delete('here');
  if (all.size === 0) return null;
  const own = dev === undefined ? undefined : sides?.[dev];
  if (own !== undefined) return own === 'here' ? null : own;
  if (dev === undefined || sides === null || all.size !== 1) return null;
  return all.has('wan') ? 'lan' : 'wan';
}

/** The outside, where NAT stands; a capture `here` says nothing of it. */
function sideByDefault(captured: NonNullable<Question['captured']>): HookSide | null {
  const sides = typeof captured === 'string' ? [captured] : Object.values(captured);
  return sides.every((side) => side === 'here') ? null : 'wan';
}

function prefixOf(text: string, i: number): Prefix {
  const prefix = parsePrefix(text);
  if (prefix !== null) return prefix;
  throw new QuestionError(`hosts[${i}]`, `${JSON.stringify(text)} is not an address or prefix`);
}

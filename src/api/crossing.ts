import type { NatRule, Prefix } from '../conntrack/index.ts';
import { type Captured, Crossing, type HookSide } from '../hook/index.ts';
import { parsePrefix } from '../lang/index.ts';
import type { Question } from './question.ts';
import { QuestionError } from './question-error.ts';

/** What a question says of the way from where packets were captured to the hook. `dev`: the device that is asked. */
export function crossingOf(question: Question, nat: readonly NatRule[], dev: string | undefined): Crossing {
  const { captured = 'here', at = 'egress', direction = 'both', interface: name = null } = question;
  return new Crossing({
    hook: at === 'ingress' ? 'ingress' : 'egress',
    side: sideOf(captured, name, dev),
    captured: typeof captured === 'string' ? captured : new Map(Object.entries(captured)),
    interface: name,
    direction,
    hosts: (question.hosts ?? []).map(prefixOf),
    nat,
  });
}

/**
 * The side of the device that is asked: where it was captured itself, that side. Else the outside, where NAT stands; a
 * capture `here` says nothing of it.
 */
function sideOf(captured: NonNullable<Question['captured']>, name: string | null, dev?: string): HookSide | null {
  if (typeof captured === 'string') {
    if (captured === 'here') return null;
    return name !== null && name === dev ? captured : 'wan';
  }
  const own = dev === undefined ? undefined : captured[dev];
  if (own !== undefined) return sided(own);
  return Object.values(captured).every((side) => side === 'here') ? null : 'wan';
}

const sided = (side: Captured): HookSide | null => (side === 'here' ? null : side);

function prefixOf(text: string, i: number): Prefix {
  const prefix = parsePrefix(text);
  if (prefix !== null) return prefix;
  throw new QuestionError(`hosts[${i}]`, `${JSON.stringify(text)} is not an address or prefix`);
}

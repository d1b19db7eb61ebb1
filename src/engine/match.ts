import { type Device, ETH_HLEN, IPPROTO, Layer } from '../packet/index.ts';
import type { FieldTest, MatchPlan } from '../sched/ematch/index.ts';
import { swab16, swab32 } from '../u32.ts';
import { type Fields, halfAt, IPV6_HLEN, LEAST, swap32 } from './headers.ts';
import {
  add,
  and,
  type Code,
  constant,
  eq,
  get,
  greaterThan,
  isZero,
  lessThan,
  load8,
  load16,
  load32,
  or,
  select,
  shiftLeft,
  when,
} from './wasm.ts';

/** What every IP header has at least. */
const IPV4_HLEN = 20;
/** The two addresses of an Ethernet header. */
const ADDRESSES = 12;

/** What the code of a test has around it. */
export interface Asking {
  readonly fields: Fields;
  readonly device: Device;
  /** A local that a test may use. */
  readonly scratch: number;
  /** Goes to the plain engine: the bytes were not captured, or stand where this loop does not look. */
  readonly plain: Code;
}

/** Leaves 0 or 1. All tests are computed: they have no effect, and a branch would cost more. */
export function matchCode(plan: MatchPlan, asking: Asking): Code {
  if ('not' in plan) return isZero(matchCode(plan.not, asking));
  if ('op' in plan) {
    const both = plan.op === 'and' ? and : or;
    return both(matchCode(plan.first, asking), matchCode(plan.rest, asking));
  }
  return testCode(plan.test, asking);
}

/**
 * Leaves not 0 if the walk over a plan comes to a test that reads the transport header: it may be in page fragments
 * (packet/linear.ts). A match that ends early does not come to the rest.
 */
export function readsHeaderCode(plan: MatchPlan, asking: Asking): Code {
  if ('not' in plan) return readsHeaderCode(plan.not, asking);
  if (!('op' in plan)) return readsHeader(plan) ? isBehindHeader(plan.test, asking) : constant(0);
  const first = readsHeaderCode(plan.first, asking);
  if (!readsHeader(plan.rest)) return first;
  const goesOn = matchCode(plan.op === 'and' ? plan.first : { not: plan.first }, asking);
  return or(first, and(goesOn, readsHeaderCode(plan.rest, asking)));
}

/** Whether some test of a plan reads bytes that may be behind the IP header. */
export function readsHeader(plan: MatchPlan): boolean {
  if ('not' in plan) return readsHeader(plan.not);
  if ('op' in plan) return readsHeader(plan.first) || readsHeader(plan.rest);
  const { layer, off, size } = plan.test;
  if (layer === Layer.TRANSPORT) return true;
  return off + size > (layer === Layer.LINK ? ETH_HLEN : 0) + IPV4_HLEN;
}

/** Whether every test of a plan looks where matchCode() can; if not, the filter is the plain engine's. */
export function isPlaceable(plan: MatchPlan, device: Device): boolean {
  if ('not' in plan) return isPlaceable(plan.not, device);
  if ('op' in plan) return isPlaceable(plan.first, device) && isPlaceable(plan.rest, device);
  const { layer, off, size } = plan.test;
  if (layer === Layer.LINK) return off >= ADDRESSES || (off >= 0 && off + size <= ADDRESSES);
  if (layer === Layer.TRANSPORT) return off >= 0 && device.hook === 'egress';
  return layer === Layer.NETWORK && off >= 0;
}

/** Address behind the IP header. */
function headerEnd({ network, isV6 }: Fields): Code {
  const length = shiftLeft(and(load8(get(network)), constant(0x0f)), constant(2));
  return add(get(network), select(get(isV6), constant(IPV6_HLEN), length));
}

/** Address behind the last byte that a test reads. */
function testEnd(test: FieldTest, { fields }: Asking): Code {
  return add(placeOf(test, fields).base, constant(test.off + test.size));
}

function isBehindHeader(test: FieldTest, asking: Asking): Code {
  return lessThan(headerEnd(asking.fields), testEnd(test, asking));
}

/** Of what is behind the IP header only a transport header that is known here is this loop's. */
function headerGuard(test: FieldTest, asking: Asking): Code {
  const { fields, plain } = asking;
  const { network, isV6, proto } = fields;
  const isProto = (number: number): Code => eq(get(proto), constant(number));
  const isLater = and(load16(get(network), 6), constant(swab16(FRAGMENT_OFFSET)));
  const size = select(isProto(IPPROTO.TCP), constant(20), constant(8));
  return when(isBehindHeader(test, asking), [
    when(isZero(TRANSPORTS.map(isProto).reduce(or)), plain),
    when(select(get(isV6), constant(0), isLater), plain),
    when(lessThan(add(headerEnd(fields), size), testEnd(test, asking)), plain),
  ]);
}

/** Their headers have at least eight bytes. */
const TRANSPORTS = [IPPROTO.TCP, IPPROTO.UDP, IPPROTO.UDPLITE, IPPROTO.ICMP, IPPROTO.ICMPV6, IPPROTO.SCTP];
const FRAGMENT_OFFSET = 0x1fff;

function testCode(test: FieldTest, asking: Asking): Code {
  const { base, sure } = placeOf(test, asking.fields);
  const { size, mask, operand, value } = test;
  const load = size === 1 ? load8 : size === 2 ? load16 : load32;
  const turn = size === 1 ? (number: number) => number : size === 2 ? swab16 : swab32;
  const { fields, plain, scratch } = asking;
  const behind = add(base, constant(test.off + size));
  const there = sure ? [] : when(lessThan(get(fields.end), behind), plain);
  const guard = readsHeader({ test }) ? [there, headerGuard(test, asking)] : there;
  // In file order where that is enough: turning a word around costs five instructions.
  if (operand === 'eq') {
    const masked = and(load(base, test.off), constant(turn(mask)));
    return [guard, value >= 2 ** (8 * size) ? constant(0) : eq(masked, constant(turn(value)))];
  }
  const loaded = load(base, test.off);
  const number = size === 1 ? loaded : size === 4 ? swap32(loaded, scratch) : halfAt(base, test.off);
  const compare = operand === 'gt' ? greaterThan : lessThan;
  return [guard, compare(and(number, constant(mask)), constant(value))];
}

/** Address that a test's offset counts from, and whether every packet here is long enough. */
function placeOf({ layer, off, size }: FieldTest, fields: Fields): { base: Code; sure: boolean } {
  const { frame, network } = fields;
  if (layer === Layer.NETWORK) return { base: get(network), sure: off + size <= LEAST };
  if (layer === Layer.TRANSPORT) {
    return { base: headerEnd(fields), sure: false };
  }
  // The addresses move up to the type behind a tag that is taken out.
  const base = off < ADDRESSES ? get(frame) : add(get(network), constant(-ETH_HLEN));
  return { base, sure: off + size <= ETH_HLEN + LEAST };
}

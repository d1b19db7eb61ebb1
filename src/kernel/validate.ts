import { Errno, KernelError } from '../errors.ts';
import { decodeUtf8 } from '../lang/index.ts';
import {
  AttrReader,
  AttrWriter,
  bitfield32,
  decode,
  type Extack,
  FAILED_POLICY,
  type Message,
  NLMSG_HDRLEN,
  TCMSG,
  type Tcmsg,
  validBits,
} from '../netlink/index.ts';
import { le32 } from '../u32.ts';

/** What a policy allows an attribute to be: enum netlink_attribute_type, and the size rule. */
type Policy =
  | { readonly type: 'string' }
  | { readonly type: 'flag' }
  | { readonly type: 'nested' }
  | { readonly type: 'u32' }
  | { readonly type: 'binary'; readonly most: number }
  | { readonly type: 'bitfield32'; readonly mask: number };
export type Policies = ReadonlyMap<number, Policy>;

/** NL_ATTR_TYPE_*, as a refusal tells them. */
const TYPE_NUMBER = { flag: 1, u32: 4, binary: 10, string: 11, nested: 13, bitfield32: 15 } as const;
/** NL_POLICY_TYPE_ATTR_* */
const POLICY_ATTR = { type: 1, minU: 4, maxU: 5, maxLength: 7, bitfieldMask: 11 } as const;

/** Numbers of TCA_*: what requests of traffic control carry. */
export const TCA_TYPE = {
  KIND: 1,
  OPTIONS: 2,
  STATS: 3,
  XSTATS: 4,
  RATE: 5,
  STATS2: 7,
  STAB: 8,
  DUMP_INVISIBLE: 10,
  CHAIN: 11,
  HW_OFFLOAD: 12,
  INGRESS_BLOCK: 13,
  EGRESS_BLOCK: 14,
  DUMP_FLAGS: 15,
  EXT_WARN_MSG: 16,
} as const;

/** net/sched/sch_api.c: rtm_tca_policy */
export const RTM_TCA_POLICY: Policies = new Map<number, Policy>([
  [TCA_TYPE.KIND, { type: 'string' }],
  [TCA_TYPE.RATE, { type: 'binary', most: 2 }],
  [TCA_TYPE.STAB, { type: 'nested' }],
  [TCA_TYPE.DUMP_INVISIBLE, { type: 'flag' }],
  [TCA_TYPE.CHAIN, { type: 'u32' }],
  [TCA_TYPE.INGRESS_BLOCK, { type: 'u32' }],
  [TCA_TYPE.EGRESS_BLOCK, { type: 'u32' }],
]);

/** net/sched/cls_api.c: tcf_tfilter_dump_policy */
export const DUMP_POLICY: Policies = new Map<number, Policy>([
  [TCA_TYPE.CHAIN, { type: 'u32' }],
  [TCA_TYPE.DUMP_FLAGS, { type: 'bitfield32', mask: 1 }],
]);

/** A refusal that also tells where and what would have been right. */
export class PolicyError extends KernelError {
  readonly details: Extack;
  constructor(errno: Errno, offset: number, policy: Policy) {
    super(errno, FAILED_POLICY);
    this.details = { message: FAILED_POLICY, offset, policy: policyBytes(policy) };
  }
}

/** A message of traffic control as the kernel's handlers see it: struct tcmsg, and the last attribute of each number. */
export interface TcRequest extends Tcmsg {
  readonly attributes: ReadonlyMap<number, Uint8Array>;
  /** Bytes followed the last attribute: the kernel goes on, and says so if it has nothing else to say. */
  readonly leftover: boolean;
}

/** nlmsg_parse_deprecated() — reads such a message, or refuses it with the kernel's words. */
export function readRequest({ payload }: Message, policies: Policies): TcRequest {
  if (payload.length < TCMSG.size) throw new KernelError(Errno.EINVAL, 'Invalid header length');
  const { ifindex, handle, parent, info } = TCMSG.read(payload, 0, payload.length);
  return { ifindex, handle, parent, info, ...readAttributes(payload, TCMSG.size, policies) };
}

/** lib/nlattr.c: __nla_validate_parse() of a message's attributes, which begin at payload[at]. */
export function readAttributes(
  payload: Uint8Array,
  at: number,
  policies: Policies,
): { attributes: Map<number, Uint8Array>; leftover: boolean } {
  const attributes = new Map<number, Uint8Array>();
  const reader = new AttrReader(payload, at);
  while (reader.next()) {
    const value = reader.payload();
    const policy = policies.get(reader.type);
    if (policy !== undefined) validate(value, policy, NLMSG_HDRLEN + reader.at - NLA_HDRLEN);
    attributes.set(reader.type, value);
  }
  return { attributes, leftover: reader.rest > 0 };
}

const NLA_HDRLEN = 4;

/** lib/nlattr.c: validate_nla() — `offset`: of the attribute's header in the message. */
function validate(value: Uint8Array, policy: Policy, offset: number): void {
  if (!fits(value.length, policy)) throw new PolicyError(Errno.ERANGE, offset, policy);
  if (policy.type === 'bitfield32' && !validBits(decode(bitfield32, value), policy.mask)) {
    throw new PolicyError(Errno.EINVAL, offset, policy);
  }
}

function fits(length: number, policy: Policy): boolean {
  switch (policy.type) {
    case 'string':
      return length >= 1;
    case 'flag':
      return length === 0;
    case 'nested':
      return length === 0 || length >= NLA_HDRLEN;
    case 'u32':
      return length >= 4;
    case 'binary':
      return length <= policy.most;
    case 'bitfield32':
      return length === 8;
  }
}

/** net/netlink/policy.c: netlink_policy_dump_write_attr() — the rule in the kernel's own notation. */
function policyBytes(policy: Policy): Uint8Array {
  const w = new AttrWriter();
  switch (policy.type) {
    case 'u32':
      w.nest(POLICY_ATTR.minU, () => w.u64(0n));
      w.nest(POLICY_ATTR.maxU, () => w.u64(0xffffffffn));
      break;
    case 'binary':
      w.nest(POLICY_ATTR.maxLength, () => w.u32(policy.most));
      break;
    case 'bitfield32':
      w.nest(POLICY_ATTR.bitfieldMask, () => w.u32(policy.mask));
      break;
  }
  w.nest(POLICY_ATTR.type, () => w.u32(TYPE_NUMBER[policy.type]));
  return w.done();
}

/** A u32 attribute that its policy has let through; undefined: absent. */
export function u32Of(attributes: ReadonlyMap<number, Uint8Array>, type: number): number | undefined {
  const value = attributes.get(type);
  return value === undefined ? undefined : le32(value, 0) >>> 0;
}

export const LEFTOVER = 'bytes leftover after parsing attributes';

/** An NLA_STRING: up to its NUL, if it has one. */
export function kindText(value: Uint8Array): string {
  const nul = value.indexOf(0);
  return decodeUtf8(value, 0, nul < 0 ? value.length : nul);
}

/** nla_strscpy() into a name of IFNAMSIZ bytes counts what lies behind a NUL too, but for one at the very end. */
export function kindFits(value: Uint8Array): boolean {
  return value.length - (value.at(-1) === 0 ? 1 : 0) < IFNAMSIZ;
}

const IFNAMSIZ = 16;

export function writeString(w: AttrWriter, type: number, text: string): void {
  w.nest(type, () => {
    for (let i = 0; i < text.length; i++) w.u8(text.charCodeAt(i));
    w.u8(0);
  });
}

import { Errno, KernelError } from '../../errors.ts';
import { strtoul } from '../../lang/index.ts';
import { type Codec, struct, u32 } from '../../netlink/index.ts';
import { isReadable } from '../../packet/index.ts';
import { le32 } from '../../u32.ts';
import { type Args, textOf } from './args.ts';
import type { EmatchKind } from './kind.ts';

/** include/uapi/linux/can.h: struct can_filter */
const RULE = struct({ id: u32, mask: u32 });
type Rule = ReturnType<(typeof RULE)['read']>;

/** Rules, and the bytes behind the last whole one, with which the kernel takes none. */
interface CanId {
  readonly rules: readonly Rule[];
  readonly odd: Uint8Array;
}

const EFF_FLAG = 0x80000000;
const EFF_MASK = 0x1fffffff;
const SFF_MASK = 0x7ff;
/** A whole classic frame; a shorter packet is none. */
const CAN_MTU = 16;
/** iproute2 tc/em_canid.c: EM_CANID_RULES_MAX */
const SPOKEN_MAX = 400;
/** net/sched/em_canid.c: EM_CAN_RULES_MAX */
const RULES_MAX = 500;

const CODEC: Codec<CanId> = {
  fits: () => true,
  read(data, at, end) {
    const rules: Rule[] = [];
    let from = at;
    for (; from + RULE.size <= end; from += RULE.size) rules.push(RULE.read(data, from, from + RULE.size));
    return { rules, odd: data.slice(from, end) };
  },
  write({ rules, odd }, w) {
    for (const rule of rules) RULE.write(rule, w);
    w.bytes(odd);
  },
  show: ({ rules }) => rules.map((rule) => RULE.show(rule)),
  sample: (draw) => ({ rules: Array.from({ length: 1 + draw(3) }, () => RULE.sample(draw)), odd: new Uint8Array(0) }),
};

const isExtended = ({ id }: Rule): boolean => id >= EFF_FLAG;

/** net/sched/em_canid.c: em_canid_change() — extended ids first. */
function sorted(rules: readonly Rule[]): Rule[] {
  return [...rules.filter(isExtended), ...rules.filter((rule) => !isExtended(rule))];
}

/** sscanf("%x"): modulo 2^32, all ones where the number was too large. */
function hex(text: string): { value: number; rest: string } | undefined {
  const { value, rest } = strtoul(text, 16);
  if (value === undefined) return rest === text ? undefined : { value: 0xffffffff, rest };
  return { value: Number(BigInt.asUintN(32, value)), rest };
}

/** iproute2 tc/em_canid.c: canid_parse_rule() — ID or ID:MASK, hexadecimal; what follows does not matter. */
function speakRule(text: string, extended: boolean): Rule | undefined {
  const id = hex(text);
  if (id === undefined) return undefined;
  const mask = id.rest.startsWith(':') ? hex(id.rest.slice(1))?.value : undefined;
  const most = extended ? EFF_MASK : SFF_MASK;
  return { id: (id.value | (extended ? EFF_FLAG : 0)) >>> 0, mask: ((mask ?? most) | EFF_FLAG) >>> 0 };
}

/** iproute2 tc/em_canid.c: canid_parse_eopt() */
function speakCanId(args: Args): Rule[] {
  const rules: Rule[] = [];
  for (let key = args.next(); key !== undefined; key = args.next()) {
    const word = textOf(key);
    if (word !== 'sff' && word !== 'eff') throw args.errorFrom('canid: invalid key', key);
    const arg = args.next();
    if (arg === undefined) throw args.errorFrom('canid: missing argument', undefined);
    const rule = speakRule(textOf(arg), word === 'eff');
    if (rule === undefined) throw args.errorFrom('canid: Improperly formed CAN ID & mask\n', arg);
    if (rules.length === SPOKEN_MAX) throw args.errorFrom('canid: Too many arguments on input\n', arg);
    rules.push(rule);
  }
  return rules;
}

const hexText = (value: number): string => `0x${(value >>> 0).toString(16).toUpperCase()}`;

function ruleText(rule: Rule): string {
  const [word, most] = isExtended(rule) ? (['eff', EFF_MASK] as const) : (['sff', SFF_MASK] as const);
  const mask = rule.mask === (EFF_FLAG | most) >>> 0 ? '' : `:${hexText(rule.mask & most)}`;
  return `${word} ${hexText(rule.id & most)}${mask}`;
}

/** net/sched/em_canid.c: em_canid_sff_match_add() — which of the 2048 short ids match. */
function shortIds(rules: readonly Rule[]): Uint8Array {
  const matching = new Uint8Array(SFF_MASK + 1);
  for (const rule of rules) {
    const mask = rule.mask & SFF_MASK;
    for (let id = 0; id <= SFF_MASK; id++) if ((id & mask) === (rule.id & mask)) matching[id] = 1;
  }
  return matching;
}

export const canid: EmatchKind<CanId> = {
  kind: 'canid',
  id: 7,
  usage: 'Usage: canid({ sff | eff } ID[:MASK] ...), ID and MASK in hexadecimal',
  codec: CODEC,
  scope: () => 'packet',
  speak: (args, w) => CODEC.write({ rules: speakCanId(args), odd: new Uint8Array(0) }, w),
  dump: ({ rules, odd }, w) => CODEC.write({ rules: sorted(rules), odd }, w),
  print({ rules }, write) {
    write(rules.map(ruleText).join(' '));
    return true;
  },
  /** net/sched/em_canid.c: em_canid_match() — the frame begins with its id, in the host's byte order. */
  compile({ rules, odd }) {
    if (odd.length > 0 || rules.length === 0 || rules.length > RULES_MAX) throw new KernelError(Errno.EINVAL);
    const extended = rules.filter(isExtended);
    const short = shortIds(rules.filter((rule) => !isExtended(rule)));
    return (p) => {
      if (p.len < CAN_MTU || !isReadable(p, p.at, 4)) return false;
      const id = le32(p.data, p.at);
      if (id >= 0) return short[id & SFF_MASK] === 1;
      for (const rule of extended) if (((rule.id ^ id) & rule.mask) === 0) return true;
      return false;
    };
  },
};

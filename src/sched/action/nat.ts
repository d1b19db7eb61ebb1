import { addressText, getU8, tcIpv4, type Words } from '../../lang/index.ts';
import { be32, type Decoded, struct, table, u32 } from '../../netlink/index.ts';
import { IPPROTO, type Packet } from '../../packet/index.ts';
import { be16, swab32, u8 } from '../../u32.ts';
import { Verdict } from '../../verdict.ts';
import { put16, put32, readable, replace32, word32 } from './bytes.ts';
import { checkControl, printControl, takeControlOr } from './control.ts';
import {
  type Action,
  BARE,
  Counters,
  dumpRows,
  GEN,
  NO_GEN,
  NOBODY,
  PARMS,
  printTail,
  TM,
  takeIndex,
  usage,
} from './kind.ts';

/** net/sched/act_nat.c, tc/m_nat.c: rewrites IPv4 addresses, one for one, without remembering connections. */

const NAT = struct({ ...GEN, oldAddr: be32, newAddr: be32, mask: be32, flags: u32 });

/** include/uapi/linux/tc_act/tc_nat.h: TCA_NAT_* */
const TCA_NAT = { parms: [1, NAT], tm: [2, TM] } as const;
type Nat = Decoded<typeof TCA_NAT>;
const NO_NAT = { ...NO_GEN, oldAddr: 0, newAddr: 0, mask: 0, flags: 0 };

const EGRESS = 1;
const USAGE = 'Usage: ... nat ingress|egress OLD[/BITS] NEW [ CONTROL ] [ index INDEX ]';

/** iproute2 lib/utils.c: get_prefix_1() for IPv4 — `default`, `any` and `all` are 0.0.0.0/0. */
export function takePrefix(text: string): { address: number; length: number } | undefined {
  if (['default', 'any', 'all'].includes(text)) return { address: 0, length: 0 };
  const slash = text.indexOf('/');
  const address = tcIpv4(slash < 0 ? text : text.slice(0, slash));
  const length = slash < 0 ? 32 : getU8(text.slice(slash + 1));
  return address === undefined || length === undefined || length > 32 ? undefined : { address, length };
}

/** Shifts by 32 do nothing: of /0, and of `any`, all 32 bits count (quirk 62). */
function maskOf(length: number): number {
  return (-1 << (32 - length)) >>> 0;
}

function takeArguments(words: Words): Pick<typeof NO_NAT, 'oldAddr' | 'newAddr' | 'mask' | 'flags'> {
  const direction = words.next();
  const refuse = () => words.error(`Illegal nat construct (${direction})`, USAGE);
  const egress = words.was('egress');
  if (!egress && !words.was('ingress')) throw refuse();
  const old = takePrefix(words.next());
  if (old === undefined) throw refuse();
  const made = takePrefix(words.next());
  if (made === undefined) throw refuse();
  return { oldAddr: old.address, newAddr: made.address, mask: maskOf(old.length), flags: egress ? EGRESS : 0 };
}

export const nat: Action<Nat> = {
  ...PARMS,
  kind: 'nat',
  codec: table(TCA_NAT),
  scope: () => 'packet',
  speak(words, w, { warn } = NOBODY) {
    let sel = NO_NAT;
    while (words.take('nat')) sel = { ...sel, ...takeArguments(words) };
    if (words.take('help')) throw usage(words, USAGE);
    const action = takeControlOr(words, Verdict.OK, warn);
    const index = takeIndex(words, 'Nat: Illegal "index"') ?? 0;
    w.put(TCA_NAT.parms, { ...sel, action, index });
  },
  settle({ parms = NO_NAT }, _old, place) {
    checkControl(parms.action, place);
    return { parms };
  },
  dump: (value, w) => dumpRows(TCA_NAT, ['parms', 'tm'], value, w),
  print({ parms = NO_NAT, tm }, out, show = BARE) {
    const { flags, oldAddr, newAddr, mask } = parms;
    // print_nat(): ffs() of the mask as a little-endian machine has it, so that /8 to /32 are printed as /32.
    const host = swab32(mask);
    const length = host === 0 ? 0 : Math.clz32(host & -host) + 1;
    const direction = flags & EGRESS ? 'egress' : 'ingress';
    const from = `${addressText(4, [oldAddr])}/${length}`;
    const to = addressText(4, [newAddr]);
    out.put('type', 'nat', ' nat ');
    out.put('direction', direction, direction);
    out.put('old_addr', from, ` ${from}`);
    out.put('new_addr', to, ` ${to}`);
    printControl(out, ' ', parms.action, '');
    printTail(out, parms, tm, show);
  },
  compile({ parms = NO_NAT }, _world, _env, counters = new Counters()) {
    const { action } = parms;
    return (p) => {
      if (action !== Verdict.SHOT && rewrite(p, parms)) return action;
      counters.drops++;
      return Verdict.SHOT;
    };
  },
};

const IP_OFFSET = 0x1fff;
const ICMP_HLEN = 8;
/** icmp_is_err(): messages that carry a header of the packet they are about. */
const ICMP_ERRORS = [3, 4, 5, 11, 12];

/** net/sched/act_nat.c: tcf_nat_act() — false: the packet is dropped. It never asks whether this is IPv4. */
function rewrite(p: Packet, { oldAddr, newAddr, mask, flags }: typeof NO_NAT): boolean {
  if (!readable(p, p.network, 20)) return false;
  const egress = (flags & EGRESS) !== 0;
  const field = egress ? 12 : 16;
  const from = word32(p, p.network + field);
  const to = ((newAddr & mask) | (from & ~mask)) >>> 0;
  const fragment = (be16(p.data, p.network + 6) & IP_OFFSET) !== 0;
  const protocol = fragment ? 0 : u8(p.data, p.network + 9);
  p.own();
  if (((oldAddr ^ from) & mask) === 0) {
    put32(p, p.network + field, to);
    replace32(p, p.network + 10, from, to);
  } else if (protocol !== IPPROTO.ICMP || fragment) return true;
  const payload = p.network + (u8(p.data, p.network) & 0xf) * 4;
  switch (protocol) {
    case IPPROTO.TCP:
      if (!readable(p, payload, 20)) return false;
      replace32(p, payload + 16, from, to);
      return true;
    case IPPROTO.UDP:
      if (!readable(p, payload, 8)) return false;
      replaceUdp(p, payload + 6, from, to);
      return true;
    case IPPROTO.ICMP:
      return rewriteQuoted(p, payload, { oldAddr, newAddr, mask, egress });
    default:
      return true;
  }
}

/** A UDP checksum of 0 means none; one that comes out as 0 is written as all ones. */
function replaceUdp(p: Packet, at: number, from: number, to: number): void {
  if (be16(p.data, at) === 0) return;
  replace32(p, at, from, to);
  if (be16(p.data, at) === 0) put16(p, at, 0xffff);
}

/** The header that an ICMP error quotes went the other way. */
function rewriteQuoted(
  p: Packet,
  icmp: number,
  { oldAddr, newAddr, mask, egress }: { oldAddr: number; newAddr: number; mask: number; egress: boolean },
): boolean {
  if (!readable(p, icmp, ICMP_HLEN)) return false;
  if (!ICMP_ERRORS.includes(u8(p.data, icmp))) return true;
  if (!readable(p, icmp, ICMP_HLEN + 20)) return false;
  const field = icmp + ICMP_HLEN + (egress ? 16 : 12);
  const from = word32(p, field);
  if (((oldAddr ^ from) & mask) !== 0) return true;
  const to = ((newAddr & mask) | (from & ~mask)) >>> 0;
  put32(p, field, to);
  replace32(p, icmp + 2, from, to);
  return true;
}

import { ALL_KEYS, KEYS } from '../../../src/sched/flow/index.ts';
import type { TriedFilter } from '../classify.ts';
import type { Random } from './random.ts';

export const PROTOCOLS = ['ip', 'ipv6', 'arp', '802.1Q', '802.1ad', 'mpls_uc', 'ppp_ses', '802_2', '0x88ca'];

/** One filter in tc's words; about one in thirty is refused by tc or by the kernel. */
export function randomFilter(r: Random): TriedFilter {
  const protocol = r.once(3) ? r.pick(PROTOCOLS) : 'all';
  const words = r.once(2) ? mapWords(r) : hashWords(r);
  if (r.once(3)) words.push(`divisor ${r.once(4) ? r.word() : 1 + r.below(5000)}`);
  // tc takes a match only with another word behind it.
  if (r.once(5)) words.push(`match '${expression(r, 0)}'`, `divisor ${r.below(5000)}`);
  if (r.once(4)) words.push(`baseclass ${baseclass(r)}`);
  return { protocol, options: words.join(' ') };
}

function mapWords(r: Random): string[] {
  const words = [`map key ${name(r)}`];
  for (let i = r.below(4); i > 0; i--) words.push(mapWord(r));
  if (r.once(60)) words[0] = `map keys ${name(r)},${name(r)}`;
  return words;
}

function mapWord(r: Random): string {
  switch (r.below(6)) {
    case 0:
      return `and ${hex(r)}`;
    case 1:
      return `or ${hex(r)}`;
    case 2:
      return `xor ${hex(r)}`;
    case 3:
      return `rshift ${r.once(30) ? 32 + r.below(40) : r.below(32)}`;
    default:
      return `addend ${r.once(3) ? '-' : ''}${r.word()}`;
  }
}

/** In hash mode the words of the map line are taken and have no effect. */
function hashWords(r: Random): string[] {
  const count = r.once(8) ? ALL_KEYS.length : 1 + r.below(5);
  const words = [`hash keys ${Array.from({ length: count }, () => name(r)).join(',')}`];
  if (r.once(8)) words.push(mapWord(r));
  if (r.once(10)) words.push(`perturb ${r.below(100)}`);
  return words;
}

/** Ematches joined by and, or, not and parentheses. */
export function expression(r: Random, depth: number): string {
  const terms = [term(r, depth)];
  while (r.once(2) && terms.length < 4) terms.push(r.pick(['and', 'or']), term(r, depth));
  return terms.join(' ');
}

function term(r: Random, depth: number): string {
  const inner = depth < 3 && r.once(5) ? `(${expression(r, depth + 1)})` : ematch(r);
  return r.once(4) ? `not ${inner}` : inner;
}

const OPERANDS = ['eq', 'gt', 'lt'];
const META = ['pkt_len', 'protocol', 'priority', 'nf_mark', 'vlan', 'mac_len', 'pkt_type', 'tc_index'];

function ematch(r: Random): string {
  const layer = r.pick(['link', 'network', 'transport', 'network']);
  const at = r.once(20) ? r.below(0x10000) : r.below(60);
  switch (r.below(5)) {
    case 0: {
      const bits = r.pick([8, 16, 32]);
      const value = r.once(2) ? r.below(4) : r.word() & (bits === 32 ? -1 : (1 << bits) - 1);
      const mask = r.once(2) ? ` mask ${hex(r)}` : '';
      const trans = r.once(6) ? ' trans' : '';
      return `cmp(u${bits} at ${at} layer ${layer}${mask}${trans} ${r.pick(OPERANDS)} ${value >>> 0})`;
    }
    case 1:
      return `nbyte("${r.pick(['E', 'a', 'ab', '0'])}" at ${at} layer ${layer})`;
    case 2: {
      const bits = r.pick([8, 16, 32]);
      const most = bits === 32 ? 0xffffffff : (1 << bits) - 1;
      const mask = (r.once(2) ? r.word() : 1 << r.below(bits)) & most;
      const value = r.once(2) ? 0 : mask & r.u32();
      const whole = bits === 32 ? at & ~3 : bits === 16 ? at & ~1 : at;
      return `u32(u${bits} ${value >>> 0} 0x${(mask >>> 0).toString(16)} at ${r.once(3) ? 'nexthdr+' : ''}${whole})`;
    }
    default: {
      const mask = r.once(3) ? ` mask ${hex(r)}` : '';
      const right = r.once(4) ? r.pick(META) : r.once(2) ? r.below(100) : r.word();
      return `meta(${r.pick(META)}${mask} ${r.pick(OPERANDS)} ${right})`;
    }
  }
}

function baseclass(r: Random): string {
  const minor = r.once(30) ? 0 : r.once(2) ? 1 + r.below(20) : 1 + r.below(0xffff);
  const major = r.once(2) ? '' : r.below(0x10000).toString(16);
  return `${major}:${minor.toString(16)}`;
}

const name = (r: Random): string => KEYS[r.pick(ALL_KEYS)].name;
const hex = (r: Random): string => `0x${r.word().toString(16)}`;

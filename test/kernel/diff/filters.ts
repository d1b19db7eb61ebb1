import { ALL_KEYS, KEYS } from '../../../src/sched/flow/index.ts';
import type { TriedFilter } from '../classify.ts';
import type { Random } from './random.ts';

const PROTOCOLS = ['ip', 'ipv6', 'arp', '802.1Q', '802.1ad', 'mpls_uc', 'ppp_ses', '802_2', '0x88ca'];

/** One filter in tc's words; about one in thirty is refused by tc or by the kernel. */
export function randomFilter(r: Random): TriedFilter {
  const protocol = r.once(3) ? r.pick(PROTOCOLS) : 'all';
  const words = r.once(2) ? mapWords(r) : hashWords(r);
  if (r.once(3)) words.push(`divisor ${r.once(4) ? r.word() : 1 + r.below(5000)}`);
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

function baseclass(r: Random): string {
  const minor = r.once(30) ? 0 : r.once(2) ? 1 + r.below(20) : 1 + r.below(0xffff);
  const major = r.once(2) ? '' : r.below(0x10000).toString(16);
  return `${major}:${minor.toString(16)}`;
}

const name = (r: Random): string => KEYS[r.pick(ALL_KEYS)].name;
const hex = (r: Random): string => `0x${r.word().toString(16)}`;

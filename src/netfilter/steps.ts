import { type Prefix, parsePrefix } from '../lang/index.ts';

/** What a rule asks of a packet. `not`: it must not be so. */
export type Asked = { readonly not: boolean } & (
  | { readonly kind: 'source' | 'destination'; readonly prefixes: readonly Prefix[] }
  | { readonly kind: 'family' | 'protocol'; readonly numbers: readonly number[] }
  | { readonly kind: 'sport' | 'dport' | 'ports'; readonly ranges: readonly Range[] }
  /** A `+` or `*` at the end of a name stands for any rest. */
  | { readonly kind: 'in' | 'out'; readonly names: readonly string[] }
  | { readonly kind: 'mark' | 'ctmark'; readonly masked: readonly Masked[] }
  /** As conntrack's listing has them, in small letters: `new`, `established`, `related`, `invalid`, `untracked`. */
  | { readonly kind: 'state'; readonly states: readonly string[] }
  | { readonly kind: 'direction'; readonly isReply: boolean }
  /** A set of its own name; each field of an entry is the packet's source or its destination. */
  | { readonly kind: 'set'; readonly set: string; readonly fields: readonly ('src' | 'dst')[] }
  /** What is not evaluated here. */
  | { readonly kind: 'unknown'; readonly words: string }
);

/** First and last. */
export type Range = readonly [number, number];

/** A number of which the bits of `mask` count. */
export interface Masked {
  readonly value: number;
  readonly mask: number;
}

/** What a rule may write: the packet's mark, the connection's, and the class that tc reads from the priority. */
export type Target = 'mark' | 'connmark' | 'class';

/** `to` becomes (to & keep) ^ (from & and) ^ xor: all that MARK, CONNMARK and nft's `set` do. */
export interface Write {
  readonly kind: 'write';
  readonly to: Target;
  readonly keep: number;
  readonly from: Target;
  readonly and: number;
  readonly xor: number;
}

export interface Jump {
  readonly kind: 'jump' | 'goto';
  readonly chain: string;
}

/** What a rule of a nat table does to a packet. */
export interface NatStep {
  readonly kind: 'translate';
  readonly to: 'masquerade' | 'snat' | 'dnat' | 'redirect' | 'netmap' | 'notrack';
  /** As written: `192.0.2.9:1024-2047`; empty: none. */
  readonly target: string;
  readonly random: boolean;
}

/** What a rule does to a packet that it takes. */
export type Done =
  | Write
  | Jump
  | NatStep
  | { readonly kind: 'accept' | 'drop' | 'return' }
  /** It may write a mark, and what it writes is not evaluated here. */
  | { readonly kind: 'unread'; readonly words: string }
  /** The first that is asked for and holds is done: nft's maps. */
  | { readonly kind: 'choice'; readonly of: readonly { readonly asked: readonly Asked[]; readonly done: Done }[] };

/** A rule's parts in their order: all that stand before what it does must hold. */
export type Step = Asked | Done;

const PROTOCOLS: Readonly<Record<string, number>> = {
  ...{ icmp: 1, igmp: 2, tcp: 6, udp: 17, dccp: 33, gre: 47, esp: 50, ah: 51, icmpv6: 58, 'ipv6-icmp': 58 },
  ...{ sctp: 132, udplite: 136 },
};

/** Of a word; null: it is none. */
export function protocolOf(word: string): number | null {
  return PROTOCOLS[word.toLowerCase()] ?? (/^\d{1,3}$/.test(word) ? Number(word) : null);
}

/** /etc/services, the few that scripts name. */
const SERVICES: Readonly<Record<string, number>> = {
  ...{ 'ftp-data': 20, ftp: 21, ssh: 22, telnet: 23, smtp: 25, domain: 53, bootps: 67, bootpc: 68, tftp: 69 },
  ...{ http: 80, kerberos: 88, pop3: 110, ntp: 123, imap: 143, imap2: 143, snmp: 161, https: 443, imaps: 993 },
  ...{ pop3s: 995, openvpn: 1194, sip: 5060 },
};

const portOf = (word: string): number | null =>
  /^\d{1,5}$/.test(word) ? Number(word) : (SERVICES[word.toLowerCase()] ?? null);

/** `80`, `1024:2047`, `1024-2047`, `:1023`; null: not understood. */
export function portRange(text: string): Range | null {
  const named = portOf(text);
  if (named !== null) return [named, named];
  const [first = '', last = '', more] = text.split(/[:-]/);
  const range = [first === '' ? 0 : portOf(first), last === '' ? 0xffff : portOf(last)] as const;
  if (more !== undefined || range[0] === null || range[1] === null || (first === '' && last === '')) return null;
  return [range[0], range[1]];
}

/** Prefixes of each word; null: one is no prefix. `0.0.0.0/255.0.0.0` has its mask as an address. */
export function prefixesOf(words: readonly string[]): readonly Prefix[] | null {
  const found = words.map((word) => parsePrefix(withBits(word)));
  return found.every((prefix) => prefix !== null) ? found : null;
}

/** A mask that is an address, as a number of bits: `10.0.0.0/255.0.0.0`. */
function withBits(word: string): string {
  const [head = '', mask = ''] = word.split('/');
  if (!mask.includes('.')) return word;
  const bits = mask.split('.').map((byte) => Number(byte).toString(2).padStart(8, '0'));
  const ones = bits.join('').indexOf('0');
  return `${head}/${ones < 0 ? 32 : ones}`;
}

/** A number of 32 bits as these tools read it; null: it is none. */
export function numberOf(text: string): number | null {
  const number = /^(?:0x[\da-f]+|\d+)$/i.test(text) ? Number(text) : Number.NaN;
  return number <= 0xffffffff ? number : null;
}

/** `MAJOR:MINOR`, both hexadecimal, as one number. */
export function classOf(text: string): number | null {
  const [, major, minor] = /^([\da-f]{0,4}):([\da-f]{0,4})$/i.exec(text) ?? [];
  if (major === undefined || minor === undefined) return null;
  return Number.parseInt(major || '0', 16) * 0x10000 + Number.parseInt(minor || '0', 16);
}

/** The parts of a list that commas part. */
export const listed = (text: string): string[] => text.split(',').filter((part) => part !== '');

export const plainName = (word: string): string => word.replaceAll('"', '');

export const unknown = (words: string): Asked => ({ kind: 'unknown', words, not: false });

import { FormatError, LimitError } from '../../errors.ts';
import { type Address, addressText, type Prefix, parseAddress, parsePrefix } from '../../lang/index.ts';
import { IPPROTO, ipProtocol } from '../../packet/index.ts';
import { HASH_IP, HASH_NET, HASH_NET_PORT, IpSet, SET_TYPES, type SetHeader } from './set.ts';

/** IPSET_MAXNAMELEN less its final null. */
const NAME_MAX = 31;
/** Elements of one text, each port of a range and each part of a range of addresses counted. */
const MOST_ELEMENTS = 1 << 20;

/** Words of `ipset create` that change what a set holds; all others are about its table, and have a value. */
const CREATE_MEANS: readonly string[] = ['family', 'netmask'];
/** What a set of Linux 6.1 does not know. */
const CREATE_UNKNOWN: readonly string[] = ['bitmask'];
/** Words of `ipset create` without a value. */
const CREATE_FLAGS: readonly string[] = ['counters', 'comment', 'forceadd', 'skbinfo'];
/** Members of `ipset list` that say nothing of what is in a set. */
const LISTED = /^(?:Revision|Size in memory|References|Number of entries):/;

/**
 * Reads sets: what `ipset save` or `ipset list` prints, or, for a set called `name`, its entries alone, one a line
 * (it is a hash:net, or a hash:net,port, of the first entry's address family). `#` begins a comment.
 * With `name`, only the set of this name is returned. `indexOf` numbers them.
 * Throws a FormatError that names the line (from 1) and the offset of its first character; LimitError for more than
 * 2^20 elements.
 */
export function parseSets(text: string, indexOf: (name: string) => number, name: string | null = null): IpSet[] {
  return parseSetLines(text.split('\n'), indexOf, name);
}

/** The same of lines that need not be in memory together, with another bound. */
export function parseSetLines(
  lines: Iterable<string>,
  indexOf: (name: string) => number,
  name: string | null = null,
  most: number = MOST_ELEMENTS,
): IpSet[] {
  const reader = new SetReader(indexOf, name, most);
  for (const line of lines) {
    reader.line(line.replace(/"[^"]*"/g, '""').replace(/(^|\s)#.*$/, ''));
    reader.number++;
    reader.offset += line.length + 1;
  }
  const sets = [...reader.sets.values()];
  if (name === null) return sets;
  const own = sets.find((set) => set.name === name);
  if (own === undefined) throw new FormatError(0, `there is no set "${name}" in it`);
  return [own];
}

class SetReader {
  readonly sets = new Map<string, IpSet>();
  number = 1;
  offset = 0;
  private readonly indexOf: (name: string) => number;
  private readonly name: string | null;
  /** Name and type in a listing, before its header; the set whose members follow. */
  private listedName = '';
  private listedType = '';
  private listed: IpSet | null = null;
  private elements = 0;
  private readonly most: number;

  constructor(indexOf: (name: string) => number, name: string | null, most: number) {
    this.most = most;
    this.indexOf = indexOf;
    this.name = name;
  }

  line(line: string): void {
    const words = line.trim().split(/\s+/);
    const [first = '', second = '', third = ''] = words;
    if (first === '') this.listed = null;
    else if (first === 'create') this.create(second, third, words.slice(3));
    else if (first === 'add') this.add(this.known(second), words.slice(2));
    else if (first === 'Name:') this.listedName = second;
    else if (first === 'Type:') this.listedType = second;
    else if (first === 'Header:') this.listed = this.create(this.listedName, this.listedType, words.slice(1));
    else if (this.listed !== null && first !== 'Members:' && !LISTED.test(line)) this.add(this.listed, words);
    else if (first !== 'COMMIT' && first !== 'Members:' && !LISTED.test(line)) this.add(this.plain(first), words);
  }

  private broken(what: string): FormatError {
    return new FormatError(this.offset, `line ${this.number}: ${what}`);
  }

  private create(name: string, typeName: string, options: readonly string[]): IpSet {
    const type = SET_TYPES.find((row) => row.name === typeName);
    if (type === undefined) {
      throw this.broken(`set type "${typeName}" is not known here: ${SET_TYPES.map((row) => row.name).join(' ')}`);
    }
    const told = this.options(options);
    const family = told.get('family') ?? 'inet';
    if (family !== 'inet' && family !== 'inet6') throw this.broken(`family "${family}": inet or inet6 was expected`);
    const width = family === 'inet' ? 32 : 128;
    const netmask = Number(told.get('netmask') ?? width);
    if (!(Number.isInteger(netmask) && netmask > 0 && netmask <= width)) throw this.broken('netmask out of range');
    if (type !== HASH_IP && told.has('netmask')) throw this.broken(`netmask is for ${HASH_IP.name} only`);
    return this.made({ name, type, family: family === 'inet' ? 4 : 6, netmask });
  }

  private options(words: readonly string[]): Map<string, string> {
    const told = new Map<string, string>();
    for (let i = 0; i < words.length; i++) {
      const word = words[i] ?? '';
      if (CREATE_UNKNOWN.includes(word)) throw this.broken(`"${word}" is not known to Linux 6.1`);
      if (CREATE_FLAGS.includes(word)) continue;
      const value = words[++i];
      if (value === undefined) throw this.broken(`a value was expected behind "${word}"`);
      if (CREATE_MEANS.includes(word)) told.set(word, value);
    }
    return told;
  }

  private made(header: SetHeader): IpSet {
    const { name } = header;
    if (name === '' || name.length > NAME_MAX) throw this.broken(`a name of 1 to ${NAME_MAX} characters was expected`);
    if (this.sets.has(name)) throw this.broken(`set "${name}" is there already`);
    const set = new IpSet(this.indexOf(name), header);
    this.sets.set(name, set);
    return set;
  }

  private known(name: string): IpSet {
    const set = this.sets.get(name);
    if (set === undefined) throw this.broken(`set "${name}" was not created before`);
    return set;
  }

  /** The set that entries without `add` belong to: the first of them says what it holds. */
  private plain(entry: string): IpSet {
    const { name } = this;
    if (name === null) throw this.broken(`"create", "add" or a listing was expected, not "${entry}"`);
    const type = entry.includes(',') ? HASH_NET_PORT : HASH_NET;
    const family = /^[^,]*:/.test(entry) ? 6 : 4;
    return this.sets.get(name) ?? this.made({ name, type, family, netmask: family === 4 ? 32 : 128 });
  }

  /** One entry, and what else is said about it: time-outs, counters and comments change nothing. */
  private add(set: IpSet, [entry = '', ...more]: readonly string[]): void {
    const { type } = set.header;
    const nomatch = more.includes('nomatch');
    if (nomatch && !type.nets) throw this.broken(`nomatch is for networks, not for ${type.name}`);
    const [addresses = '', port, ...rest] = entry.split(',');
    if (rest.length > 0 || (port !== undefined) !== type.port)
      throw this.broken(`"${entry}" is no entry of a ${type.name}`);
    const { proto, first, last } = port === undefined ? NO_PORT : this.ports(port);
    for (const prefix of this.prefixes(addresses, set)) {
      for (let one = first; one <= last; one++) {
        if (++this.elements > this.most) {
          throw new LimitError(this.offset, `line ${this.number}: more than ${this.most} elements`);
        }
        if (!set.add(prefix, proto, one, nomatch))
          throw this.broken(`"${entry}" is there already with and without nomatch`);
      }
    }
    set.entries.push(nomatch ? `${entry} nomatch` : entry);
  }

  /** An address, a prefix, or in IPv4 a range, as the prefixes that it is made of. */
  private prefixes(text: string, { header }: IpSet): readonly Prefix[] {
    const { family, type } = header;
    const [from = '', to, ...rest] = text.split('-');
    const prefixes = to === undefined ? [parsePrefix(text)] : rest.length > 0 ? [null] : rangePrefixes(from, to);
    const [first] = prefixes;
    if (!first) throw this.broken(`"${text}" is no address`);
    if (first.address.family !== family) {
      throw this.broken(`"${text}" is no IPv${family} address, as the others of the set`);
    }
    if (first.length === 0) throw this.broken(`"${text}": a set takes no prefix of length 0`);
    if (family === 6 && !type.nets && first.length < 128)
      throw this.broken(`a ${type.name} takes single IPv6 addresses`);
    if (type === HASH_IP && first.address.words.every((word) => word === 0)) {
      throw this.broken(`a ${type.name} does not take "${addressText(family, first.address.words)}"`);
    }
    return prefixes.filter((prefix) => prefix !== null);
  }

  /** `tcp:80`, `80` (of TCP), `udp:5000-5010`, `icmp:8/0`, and `PROTOCOL:0` of all that have no ports. */
  private ports(text: string): Ports {
    const [, name = 'tcp', value = ''] = /^(?:([^:]*):)?(.*)$/.exec(text) ?? [];
    const proto = PROTOCOLS[name.toLowerCase()] ?? ipProtocol(name);
    if (proto === null) throw this.broken(`"${name}" is no protocol`);
    const port = proto === IPPROTO.ICMP || proto === IPPROTO.ICMPV6 ? icmp(proto, value) : range(value);
    if (port === null) throw this.broken(`"${text}" is no port`);
    if (!WITH_PORTS.includes(proto) && port.last > 0)
      throw this.broken(`"${name}" has no ports: ${name}:0 was expected`);
    return { proto, ...port };
  }
}

interface Range {
  readonly first: number;
  readonly last: number;
}

interface Ports extends Range {
  readonly proto: number;
}

const NO_PORT: Ports = { proto: 0, first: 0, last: 0 };

/** Names that ipset prints and that differ from ours. */
const PROTOCOLS: Readonly<Record<string, number>> = { icmpv6: IPPROTO.ICMPV6, 'ipv6-icmp': IPPROTO.ICMPV6 };
const WITH_PORTS: readonly number[] = [
  ...[IPPROTO.TCP, IPPROTO.UDP, IPPROTO.UDPLITE],
  ...[IPPROTO.SCTP, IPPROTO.ICMP, IPPROTO.ICMPV6],
];

/** One port or several, `80` or `80-90`; null: neither. */
function range(text: string): Range | null {
  const [, first = '', last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  const found = { first: Number(first), last: Number(last) };
  return first !== '' && found.first <= found.last && found.last <= 0xffff ? found : null;
}

/** Type and code, or one of the two names that scripts use. */
function icmp(proto: number, text: string): Range | null {
  const names = ICMP_NAMES[proto] ?? {};
  const [, type = '', code = ''] = /^(\d{1,3})\/(\d{1,3})$/.exec(names[text] ?? text) ?? [];
  if (type === '' || Number(type) > 0xff || Number(code) > 0xff) return null;
  const port = (Number(type) << 8) | Number(code);
  return { first: port, last: port };
}

const ICMP_NAMES: Readonly<Record<number, Readonly<Record<string, string>>>> = {
  [IPPROTO.ICMP]: { 'echo-reply': '0/0', ping: '8/0', pong: '0/0', 'echo-request': '8/0' },
  [IPPROTO.ICMPV6]: { 'echo-reply': '129/0', ping: '128/0', pong: '129/0', 'echo-request': '128/0' },
};

/** net/netfilter/ipset/pfxlen.c: ip_set_range_to_cidr() — the largest prefixes that make up a range; [null]: it is none. */
function rangePrefixes(from: string, to: string): readonly (Prefix | null)[] {
  const [first, last] = [parseAddress(from), parseAddress(to)];
  if (first?.family !== 4 || last?.family !== 4) return [null];
  const prefixes: Prefix[] = [];
  let at = first.words[0] >>> 0;
  const end = last.words[0] >>> 0;
  while (at <= end) {
    let size = 1;
    while (at % (2 * size) === 0 && at + 2 * size - 1 <= end && size < 2 ** 31) size *= 2;
    prefixes.push({ address: ipv4(at), length: 32 - Math.log2(size) });
    at += size;
  }
  return prefixes.length === 0 ? [null] : prefixes;
}

function ipv4(word: number): Address {
  return { family: 4, words: [word | 0, 0, 0, 0] };
}

import type { Prefix } from '../../lang/index.ts';
import type { Packet } from '../../packet/index.ts';
import { WordSet } from '../../report/index.ts';
import type { PacketSet } from '../notation.ts';
import { Element } from './set-element.ts';

/** net/netfilter/ipset: sets of addresses or networks, alone or with a protocol and port. */

/** One kind of set. */
export interface SetType {
  /** As `ipset create` names it. */
  readonly name: string;
  /** Entries are networks: the most specific one that covers an address decides, and it may say no (`nomatch`). */
  readonly nets: boolean;
  /** Entries name a protocol and port, too: the second dimension. */
  readonly port: boolean;
}

export const HASH_IP: SetType = { name: 'hash:ip', nets: false, port: false };
export const HASH_NET: SetType = { name: 'hash:net', nets: true, port: false };
const HASH_IP_PORT: SetType = { name: 'hash:ip,port', nets: false, port: true };
export const HASH_NET_PORT: SetType = { name: 'hash:net,port', nets: true, port: true };

/** The kinds that there are. */
export const SET_TYPES: readonly SetType[] = [HASH_IP, HASH_NET, HASH_IP_PORT, HASH_NET_PORT];

/** What `ipset create` says. */
export interface SetHeader {
  readonly name: string;
  readonly type: SetType;
  readonly family: 4 | 6;
  /** Leading bits of an address that count, in entries and packets alike: `netmask`, or all. */
  readonly netmask: number;
}

/** Bits of `source`: the first or second dimension is the packet's source. */
const FIRST = 1;
const SECOND = 2;

/** Four words of address, protocol and port, length of the prefix. */
const ROW = 6;
const FIRST_ROWS = 16;

/** A set that a user gives in the place of the kernel's: what `ipset(NAME src)` asks. */
export class IpSet implements PacketSet {
  readonly index: number;
  readonly header: SetHeader;
  /** Entries as `ipset add` takes them behind the name. */
  readonly entries: string[] = [];
  private readonly yes = new WordSet(ROW, FIRST_ROWS);
  private readonly no = new WordSet(ROW, FIRST_ROWS);
  /** Lengths of the prefixes that there are, longest first. */
  private lengths: readonly number[] = [];
  private readonly row = new Int32Array(ROW);
  private readonly asked = new Element();

  /** `index` is what attributes name it by; the kernel counts from 0. */
  constructor(index: number, header: SetHeader) {
    this.index = index;
    this.header = header;
  }

  get name(): string {
    return this.header.name;
  }

  /** What `ipset save` prints, line by line. */
  get lines(): string[] {
    const { name, type, family, netmask } = this.header;
    const mask = netmask === (family === 4 ? 32 : 128) ? '' : ` netmask ${netmask}`;
    const create = `create ${name} ${type.name} family ${family === 4 ? 'inet' : 'inet6'}${mask}`;
    return [create, ...this.entries.map((entry) => `add ${name} ${entry}`)];
  }

  /** Adds one entry; protocol and port count if the type has them. False: it is there already and says the contrary. */
  add({ address, length }: Prefix, proto: number, port: number, nomatch: boolean): boolean {
    const bits = Math.min(length, this.header.netmask);
    this.fill(address.words, proto, port, bits);
    if ((nomatch ? this.yes : this.no).has(this.row)) return false;
    (nomatch ? this.no : this.yes).add(this.row);
    if (!this.lengths.includes(bits)) this.lengths = [...this.lengths, bits].sort((a, b) => b - a);
    return true;
  }

  /** net/netfilter/ipset/ip_set_core.c: ip_set_test() */
  has(p: Packet, dimensions: number, source: number, family: 4 | 6): boolean {
    const { asked } = this;
    const { type, family: own, netmask } = this.header;
    if (dimensions < (type.port ? 2 : 1) || family !== own) return false;
    if (type.port && !asked.readPort(p, family, (source & SECOND) !== 0)) return false;
    asked.readAddress(p, family, (source & FIRST) !== 0);
    // hash_ip4_kadt(), hash_ip6_kadt(), and no other kind: the address of zeros is in no set.
    if (type === HASH_IP && isZero(asked.words, netmask)) return false;
    for (const length of this.lengths) {
      this.fill(asked.words, asked.proto, asked.port, length);
      if (this.yes.has(this.row)) return true;
      if (this.no.has(this.row)) return false;
    }
    return false;
  }

  private fill(words: ArrayLike<number>, proto: number, port: number, length: number): void {
    const { row } = this;
    for (let i = 0; i < 4; i++) row[i] = (words[i] ?? 0) & maskOf(length - 32 * i);
    row[4] = this.header.type.port ? (proto << 16) | port : 0;
    row[5] = length;
  }
}

/** The word whose first `bits` bits are set. */
function maskOf(bits: number): number {
  if (bits >= 32) return -1;
  return bits <= 0 ? 0 : ~(0xffffffff >>> bits);
}

function isZero(words: Int32Array, bits: number): boolean {
  for (let i = 0; i < 4; i++) if (((words[i] ?? 0) & maskOf(bits - 32 * i)) !== 0) return false;
  return true;
}

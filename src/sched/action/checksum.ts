import { ETH_P, IPPROTO, isVlan, outerProtocol, type Packet } from '../../packet/index.ts';
import { be16, be32, u8 } from '../../u32.ts';
import { fold, put16, readable, sumWords } from './bytes.ts';

/** Checksums of IP packets computed anew: net/sched/act_csum.c. */

/** TCA_CSUM_UPDATE_FLAG_* */
const Flag = { IPV4HDR: 1, ICMP: 2, IGMP: 4, TCP: 8, UDP: 16, UDPLITE: 32, SCTP: 64 } as const;
const VLAN_HLEN = 4;
const IPV6_HLEN = 40;

/**
 * net/sched/act_csum.c: tcf_csum_act() — false: the packet is dropped. Tags in the frame are looked for at data, which
 * at egress is the link header; afterwards the network header is where data is, there too (quirk 70).
 */
export function updateChecksums(p: Packet, flags: number): boolean {
  p.own();
  let type = outerProtocol(p);
  let tagged = p.vlanTci >= 0;
  let { network } = p;
  let data = p.at;
  for (; isVlan(type); tagged = false) {
    if (tagged) type = p.protocol;
    else {
      if (!readable(p, data, VLAN_HLEN)) return true;
      type = be16(p.data, data + 2);
      network = data += VLAN_HLEN;
      p.network = p.at;
    }
  }
  if (type === ETH_P.IPV4) return updateIpv4(p, flags, network);
  return type !== ETH_P.IPV6 || updateIpv6(p, flags, network);
}

/** pskb_may_pull(): whether the packet, captured or not, has `size` bytes from `at` on. */
function has(p: Packet, at: number, size: number): boolean {
  return at + size <= p.at + p.len;
}

/** tcf_csum_ipv4() */
function updateIpv4(p: Packet, flags: number, network: number): boolean {
  if (!has(p, network, 20)) return false;
  if (!readable(p, network, 20)) return true;
  const size = (u8(p.data, network) & 0xf) * 4;
  const fragment = (be16(p.data, network + 6) & 0x1fff) !== 0;
  const row = fragment ? undefined : IPV4[u8(p.data, network + 9)];
  const whole = be16(p.data, network + 2);
  if (!updatePayload(p, flags, row, { network, size, whole, version: 4 })) return false;
  if (flags & Flag.IPV4HDR) updateHeader(p, network, size);
  return true;
}

/** ip_send_check(); ip_fast_csum() of x86 gives the first two bytes for the sum of a header that is too short. */
function updateHeader(p: Packet, network: number, size: number): void {
  if (!readable(p, network, size)) return;
  put16(p, network + 10, 0);
  put16(p, network + 10, size < 20 ? be16(p.data, network) : ~fold(sumWords(p, network, size)));
}

/** tcf_csum_ipv6(): routing, hop-by-hop and destination headers are walked over; others end it. */
function updateIpv6(p: Packet, flags: number, network: number): boolean {
  if (!has(p, network, IPV6_HLEN)) return false;
  if (!readable(p, network, IPV6_HLEN)) return true;
  let length = be16(p.data, network + 4);
  let next = u8(p.data, network + 6);
  let size = IPV6_HLEN;
  do {
    if (!EXTENSIONS.includes(next)) {
      const whole = length + IPV6_HLEN;
      return updatePayload(p, flags, IPV6[next], { network, size, whole, version: 6 });
    }
    const at = network + size;
    if (!has(p, at, 8)) return false;
    if (!readable(p, at, 8)) return true;
    const header = (u8(p.data, at + 1) + 1) * 8;
    if (!has(p, at, header)) return false;
    if (!readable(p, at, header)) return true;
    if (next === IPPROTO.HOPOPTS) {
      const jumbo = jumboLength(p, at, header);
      if (jumbo === 'wrong') return false;
      length = jumbo ?? length;
    }
    next = u8(p.data, at);
    size += header;
  } while (has(p, network + size, 1));
  return true;
}

const EXTENSIONS: readonly number[] = [IPPROTO.HOPOPTS, IPPROTO.ROUTING, IPPROTO.DSTOPTS];
const Option = { PAD1: 0, JUMBO: 0xc2 } as const;

/** tcf_csum_ipv6_hopopts(): what a jumbo option says; null: there is none. */
function jumboLength(p: Packet, at: number, size: number): number | null | 'wrong' {
  for (let off = 2; size - off > 1; ) {
    const option = u8(p.data, at + off);
    const length = option === Option.PAD1 ? 1 : u8(p.data, at + off + 1) + 2;
    if (option === Option.JUMBO) {
      return length !== 6 || size - off < 6 || (off & 3) !== 2 ? 'wrong' : be32(p.data, at + off + 2) >>> 0;
    }
    if (length > size - off) return null;
    off += length;
  }
  return null;
}

interface Transport {
  readonly flag: number;
  /** Where the checksum stands. */
  readonly field: number;
  readonly header: number;
  /** Of the header that the addresses are a part of; 0: they do not count. */
  readonly pseudo: number;
}

const [TCP, UDP, UDPLITE] = [
  { flag: Flag.TCP, field: 16, header: 20, pseudo: IPPROTO.TCP },
  { flag: Flag.UDP, field: 6, header: 8, pseudo: IPPROTO.UDP },
  { flag: Flag.UDPLITE, field: 6, header: 8, pseudo: IPPROTO.UDPLITE },
];
const SCTP = { flag: Flag.SCTP, field: 8, header: 12, pseudo: 0 };
const BOTH = { [IPPROTO.TCP]: TCP, [IPPROTO.UDP]: UDP, [IPPROTO.UDPLITE]: UDPLITE, [IPPROTO.SCTP]: SCTP };
const IPV4: Readonly<Record<number, Transport>> = {
  ...BOTH,
  [IPPROTO.ICMP]: { flag: Flag.ICMP, field: 2, header: 8, pseudo: 0 },
  2: { flag: Flag.IGMP, field: 2, header: 8, pseudo: 0 },
};
const IPV6: Readonly<Record<number, Transport>> = {
  ...BOTH,
  [IPPROTO.ICMPV6]: { flag: Flag.ICMP, field: 2, header: 8, pseudo: IPPROTO.ICMPV6 },
};

/** Where a payload is: behind `size` bytes of headers, `whole` being what the IP header says. */
interface Payload {
  readonly network: number;
  readonly size: number;
  readonly whole: number;
  readonly version: 4 | 6;
}

/** Of the header as it then is: where that has no length, the checksum's place may be within an address. */
function addresses(p: Packet, { network, version }: Payload): number {
  return version === 4 ? sumWords(p, network + 12, 8) : sumWords(p, network + 8, 32);
}

/** tcf_csum_skb_nextlayer() and what follows it for each protocol; false: the packet is not as long as it says. */
function updatePayload(p: Packet, flags: number, row: Transport | undefined, payload: Payload): boolean {
  const { network, size, whole, version } = payload;
  if (row === undefined || !(flags & row.flag)) return true;
  if (whole < size + row.header || !has(p, network, whole)) return false;
  const at = network + size;
  const length = whole - size;
  // Nobody asks for SCTP's.
  if (row === SCTP || !readable(p, at, length)) return true;
  // Over IPv4, 0 says that there is none.
  if (row === UDP && version === 4 && be16(p.data, at + row.field) === 0) return true;
  if (row === UDP || row === UDPLITE) updateUdp(p, row, at, length, payload);
  else {
    put16(p, at + row.field, 0);
    const pseudo = row.pseudo === 0 ? 0 : addresses(p, payload) + row.pseudo + length;
    put16(p, at + row.field, ~fold(sumWords(p, at, length) + pseudo));
  }
  return true;
}

/** tcf_csum_ipv4_udp(), tcf_csum_ipv6_udp(): where the header tells another length than there is, the checksum stays 0. */
function updateUdp(p: Packet, row: Transport, at: number, length: number, payload: Payload): void {
  const lite = row === UDPLITE;
  const told = be16(p.data, at + 4);
  put16(p, at + row.field, 0);
  if (lite ? told !== 0 && (told < row.header || told > length) : told !== length) return;
  const sum = sumWords(p, at, told || length) + addresses(p, payload) + row.pseudo + told;
  put16(p, at + row.field, ~fold(sum) & 0xffff || 0xffff);
}

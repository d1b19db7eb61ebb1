import { be16, u8 } from '../u32.ts';
import { isReadable } from './bytes.ts';
import { ETH_P, IPPROTO } from './ethertype.ts';
import { Input, Reader } from './inputs.ts';
import { Linear, type Packet } from './packet.ts';
import { innerProtocol } from './protocol.ts';

/**
 * include/net/pkt_cls.h: tcf_valid_offset() — whether an ematch may read so many bytes: captured, and not behind the
 * linear part of the buffer (quirk 71). That part holds the headers up to the IP header's end; with most drivers the
 * transport header too; the payload of packets that this machine sends lies in page fragments.
 */
export function readsLinear(p: Packet, position: number, length: number): boolean {
  if (!isReadable(p, position, length)) return false;
  const end = position + length;
  if (end <= p.network) return true;
  const version = versionOf(p);
  const header = version === 0 ? p.network : p.network + headerSize(p, version);
  if (version !== 0 && end <= header) return true;
  const payload = version === 0 ? p.at + p.len : header + transportSize(p, version, header);
  if (end <= payload || isEmpty(p, version, payload)) {
    p.reads(Input.LINEAR_HEADER, Reader.MATCH);
    return p.linear !== Linear.NETWORK_HEADER;
  }
  p.reads(Input.LINEAR, Reader.MATCH);
  return p.linear === Linear.ALL;
}

const IPV4_HLEN = 20;
const IPV6_HLEN = 40;

function versionOf(p: Packet): 0 | 4 | 6 {
  const type = innerProtocol(p);
  if (type === ETH_P.IPV4) return p.network + IPV4_HLEN <= p.end ? 4 : 0;
  return type === ETH_P.IPV6 && p.network + IPV6_HLEN <= p.end ? 6 : 0;
}

function headerSize(p: Packet, version: 4 | 6): number {
  return version === 6 ? IPV6_HLEN : Math.max(IPV4_HLEN, (u8(p.data, p.network) & 0xf) * 4);
}

/** Bytes of the transport header; 0: there is none, or none that is known here. */
function transportSize(p: Packet, version: 4 | 6, at: number): number {
  if (version === 4 && (be16(p.data, p.network + 6) & FRAGMENT_OFFSET) !== 0) return 0;
  switch (u8(p.data, p.network + (version === 4 ? 9 : 6))) {
    case IPPROTO.TCP:
      return at + 13 <= p.end ? Math.max(20, (u8(p.data, at + 12) >>> 4) * 4) : 20;
    case IPPROTO.UDP:
    case IPPROTO.UDPLITE:
    case IPPROTO.ICMP:
    case IPPROTO.ICMPV6:
      return 8;
    case IPPROTO.SCTP:
      return 12;
    default:
      return 0;
  }
}

const FRAGMENT_OFFSET = 0x1fff;

/** Nothing of the IP packet stands behind its transport header: what follows is padding. */
function isEmpty(p: Packet, version: 0 | 4 | 6, payload: number): boolean {
  if (version === 0) return false;
  const length = version === 4 ? be16(p.data, p.network + 2) : IPV6_HLEN + be16(p.data, p.network + 4);
  return p.network + length === payload;
}

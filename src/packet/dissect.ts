import { be32, word } from '../u32.ts';
import { AddrType, type FlowKeys } from './flow-keys.ts';
import { type DissectOptions, DissectRet } from './header/dissect-ret.ts';
import { networkHeader, transportHeader } from './headers.ts';
import type { Packet } from './packet.ts';
import { outerProtocol } from './protocol.ts';

/** include/net/flow_dissector.h: MAX_FLOW_DISSECT_HDRS */
const MAX_HEADERS = 15;

/**
 * net/core/flow_dissector.c: __skb_flow_dissect() of Linux 6.1 — the walk from the network header inwards.
 * Fills `keys` whole. Innermost headers win; what outer ones stored stays where an inner one is bad.
 */
export function dissect(p: Packet, keys: FlowKeys, options: DissectOptions): void {
  keys.reset();
  keys.at = p.network;
  keys.proto = outerProtocol(p);
  let step: DissectRet = DissectRet.AGAIN;
  for (let headers = 0; step === DissectRet.AGAIN || step === DissectRet.NEXT; headers++) {
    // The 16th header is refused, but what the 15th said of it stays (quirk 5).
    if (headers > MAX_HEADERS) break;
    if (step === DissectRet.AGAIN) step = networkStep(p, keys, options);
    else step = transportStep(p, keys);
    if (step === DissectRet.ON) step = transportStep(p, keys);
  }
  settleAddresses(keys);
}

/** proto_again: one header by its EtherType. */
function networkStep(p: Packet, keys: FlowKeys, options: DissectOptions): DissectRet {
  const { at, proto } = keys;
  const step = networkHeader(proto)?.read(p, keys, options) ?? DissectRet.BAD;
  keys.trace?.('network', proto, at, keys.at, step);
  return step;
}

/** ip_proto_again: one header by its protocol number; then the ports, whatever it said (quirk 6). */
function transportStep(p: Packet, keys: FlowKeys): DissectRet {
  const { at, ipProto } = keys;
  const step = transportHeader(ipProto)?.read?.(p, keys) ?? DissectRet.ON;
  keys.trace?.('transport', ipProto, at, keys.at, step);
  if (!keys.isFragment) keys.ports = readPorts(p, keys);
  return step;
}

/**
 * net/core/flow_dissector.c: __skb_flow_get_ports() — both ports as one word, 0 where there are none.
 * ESP and AH give their SPI.
 */
export function readPorts(p: Packet, keys: FlowKeys): number {
  const offset = transportHeader(keys.ipProto)?.ports ?? null;
  if (offset === null) return 0;
  const at = keys.at + offset;
  if (at + 4 <= p.end) return be32(p.data, at);
  keys.shortPorts = !keys.short;
  keys.short = true;
  return 0;
}

/** include/net/flow_dissector.h: flow_get_u32_src(), flow_get_u32_dst() — IPv6 is folded by xor (quirk 7). */
export function settleAddresses(keys: FlowKeys): void {
  switch (keys.addrType) {
    case AddrType.IPV4:
      keys.src = word(keys.addr, 0);
      keys.dst = word(keys.addr, 1);
      break;
    case AddrType.IPV6:
      keys.src = foldAddress(keys.addr, 0);
      keys.dst = foldAddress(keys.addr, 4);
      break;
    case AddrType.TIPC:
      keys.src = word(keys.addr, 0);
      break;
  }
}

/** include/net/ipv6.h: ipv6_addr_hash() on the four words from `from`. */
export function foldAddress(words: Int32Array, from: number): number {
  return word(words, from) ^ word(words, from + 1) ^ word(words, from + 2) ^ word(words, from + 3);
}

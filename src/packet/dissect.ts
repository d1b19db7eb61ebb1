import { be32, word } from '../u32.ts';
import { ETH_P, IPPROTO } from './ethertype.ts';
import { AddrType, type FlowKeys } from './flow-keys.ts';
import { gre } from './header/gre.ts';
import { ipv4 } from './header/ipv4.ts';
import { extension, fragment, ipv6 } from './header/ipv6.ts';
import { batman, hsr, tipc, whole } from './header/other.ts';
import { pppoe } from './header/pppoe.ts';
import { Step } from './header/step.ts';
import { vlan } from './header/vlan.ts';
import type { Packet } from './packet.ts';
import { outerProtocol } from './protocol.ts';

/** include/net/flow_dissector.h: MAX_FLOW_DISSECT_HDRS */
const MAX_HEADERS = 15;

/** What differs between the dissectors of the 6.1 series and what the caller wants. */
export interface DissectOptions {
  /** FLOW_DISSECTOR_F_STOP_AT_FLOW_LABEL: what the flow hash asks for. */
  readonly stopAtLabel: boolean;
  /** PPPoE's one-byte protocol field is understood (before 6.1.176). */
  readonly compressedPpp: boolean;
}

/**
 * net/core/flow_dissector.c: __skb_flow_dissect() of Linux 6.1 — the walk from the network header inwards.
 * Fills `keys` whole. Innermost headers win; what outer ones stored stays where an inner one is bad.
 */
export function dissect(p: Packet, keys: FlowKeys, options: DissectOptions): void {
  keys.reset();
  keys.at = p.network;
  keys.proto = outerProtocol(p);
  let step: Step = Step.AGAIN;
  for (let headers = 0; step === Step.AGAIN || step === Step.NEXT; headers++) {
    // The 16th header is refused, but what the 15th said of it stays (quirk 5).
    if (headers > MAX_HEADERS) break;
    if (step === Step.AGAIN) step = networkStep(p, keys, options);
    else step = transportStep(p, keys);
    if (step === Step.ON) step = transportStep(p, keys);
  }
  settleAddresses(keys);
}

/** proto_again: one header by its EtherType. */
function networkStep(p: Packet, keys: FlowKeys, options: DissectOptions): Step {
  const { at, proto } = keys;
  const step = networkHeader(p, keys, options);
  keys.trace?.('network', proto, at, keys.at, step);
  return step;
}

function networkHeader(p: Packet, keys: FlowKeys, options: DissectOptions): Step {
  switch (keys.proto) {
    case ETH_P.IPV4:
      return ipv4(p, keys);
    case ETH_P.IPV6:
      return ipv6(p, keys, options.stopAtLabel);
    case ETH_P.VLAN_AD:
    case ETH_P.VLAN:
      return vlan(p, keys);
    case ETH_P.PPP_SES:
      return pppoe(p, keys, options.compressedPpp);
    case ETH_P.TIPC:
      return tipc(p, keys);
    case ETH_P.MPLS_UC:
    case ETH_P.MPLS_MC:
    case ETH_P.ARP:
    case ETH_P.RARP:
      return Step.GOOD;
    case ETH_P.FCOE:
      return whole(p, keys, 38);
    case ETH_P.BATMAN:
      return batman(p, keys);
    case ETH_P.PTP:
      return whole(p, keys, 34);
    case ETH_P.PRP:
    case ETH_P.HSR:
      return hsr(p, keys);
    default:
      return Step.BAD;
  }
}

/** ip_proto_again: one header by its protocol number; then the ports, whatever it said (quirk 6). */
function transportStep(p: Packet, keys: FlowKeys): Step {
  const { at, ipProto } = keys;
  const step = transportHeader(p, keys);
  keys.trace?.('transport', ipProto, at, keys.at, step);
  if (!keys.isFragment) keys.ports = readPorts(p, keys);
  return step;
}

function transportHeader(p: Packet, keys: FlowKeys): Step {
  switch (keys.ipProto) {
    case IPPROTO.GRE:
      return gre(p, keys);
    case IPPROTO.HOPOPTS:
    case IPPROTO.ROUTING:
    case IPPROTO.DSTOPTS:
      return extension(p, keys);
    case IPPROTO.FRAGMENT:
      return fragment(p, keys);
    case IPPROTO.IPIP:
      keys.proto = ETH_P.IPV4;
      return Step.AGAIN;
    case IPPROTO.IPV6:
      keys.proto = ETH_P.IPV6;
      return Step.AGAIN;
    case IPPROTO.MPLS:
      keys.proto = ETH_P.MPLS_UC;
      return Step.AGAIN;
    default:
      return Step.ON;
  }
}

/**
 * net/core/flow_dissector.c: __skb_flow_get_ports() — both ports as one word, 0 where there are none.
 * ESP and AH give their SPI.
 */
export function readPorts(p: Packet, keys: FlowKeys): number {
  const offset = portsOffset(keys.ipProto);
  if (offset < 0) return 0;
  const at = keys.at + offset;
  if (at + 4 <= p.end) return be32(p.data, at);
  keys.short = true;
  return 0;
}

/** include/linux/in.h: proto_ports_offset(); -1: no ports. */
function portsOffset(ipProto: number): number {
  switch (ipProto) {
    case IPPROTO.TCP:
    case IPPROTO.UDP:
    case IPPROTO.DCCP:
    case IPPROTO.ESP:
    case IPPROTO.SCTP:
    case IPPROTO.UDPLITE:
      return 0;
    case IPPROTO.AH:
      return 4;
    default:
      return -1;
  }
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

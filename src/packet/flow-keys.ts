/** What the addresses are: enum flow_dissector_key_id, the three that carry addresses. */
export const AddrType = { NONE: 0, IPV4: 2, IPV6: 3, TIPC: 11 } as const;
export type AddrType = (typeof AddrType)[keyof typeof AddrType];

/** One header of the walk: its EtherType or protocol number, where it began, where the next one begins, what it said. */
export type Trace = (layer: 'network' | 'transport', type: number, from: number, to: number, step: number) => void;

/**
 * Our struct flow_keys, and the cursor of the walk that fills it. dissect() resets it whole.
 * Words are int32 in host order ("BE number"): 192.168.0.1 is 0xc0a80001.
 */
export class FlowKeys {
  /** flow_get_u32_src() / flow_get_u32_dst(): folded to one word; 0 counts as absent. */
  src = 0;
  dst = 0;
  /** Both ports as one word, source first. */
  ports = 0;
  ipProto = 0;

  /** The kernel's address union, never cleared between headers (quirk 1): words 0…3 are IPv6's source, and so on. */
  readonly addr: Int32Array = new Int32Array(8);
  addrType: AddrType = AddrType.NONE;
  /** EtherType of the last header looked at (n_proto). */
  proto = 0;
  flowLabel = 0;
  /** First VLAN passed: TCI without the DEI bit, its TPID and the type behind it; TPID 0: none. */
  vlanTci = 0;
  vlanTpid = 0;
  vlanNext = 0;
  greKey = 0;
  isFragment = false;

  /** Cursor: index into the packet's data of the header being looked at. */
  at = 0;
  /** Cursor: how many VLAN headers were passed. */
  vlans = 0;
  /** A header was missing because the frame ended there; with a cut capture, the kernel saw more. */
  short = false;
  /** Nothing but the ports was missing: the walk had come to its last header. */
  shortPorts = false;
  /** A drawn number stands in the addresses (TIPC keep-alive). */
  drawn = false;

  /** Told of every header passed, for those who explain; null while nobody listens. */
  trace: Trace | null = null;
  /** Scratch of rxhash(): the bytes hashed, as little-endian words; at most 72 bytes. */
  readonly hashed: Int32Array = new Int32Array(18);

  reset(): void {
    this.src = this.dst = this.ports = this.ipProto = 0;
    this.addr.fill(0);
    this.addrType = AddrType.NONE;
    this.proto = this.flowLabel = this.vlanTci = this.vlanTpid = this.vlanNext = this.greKey = 0;
    this.isFragment = this.short = this.shortPorts = this.drawn = false;
    this.at = this.vlans = 0;
  }
}

import { addressText } from '../lang/index.ts';
import { AddrType, type FlowKeys } from '../packet/index.ts';
import { word } from '../u32.ts';

/** Addresses that are counted: one that nearly every packet has is among the first. */
const CANDIDATES = 64;
const NEARLY_ALL = 0.99;

/**
 * Looks for the one IPv4 host that nearly all IP packets are from or to: a router's address, behind which hosts hide (NAT), or the
 * only host that there is. In a capture of both directions its peers are counted as hosts, too.
 */
export class OneAddress {
  private packets = 0;
  private readonly counts = new Map<number, { packets: number; isHost: boolean }>();

  /** `byReceiver`: hosts are the receivers. */
  add({ addrType, addr }: FlowKeys, byReceiver: boolean): void {
    this.packets++;
    if (addrType !== AddrType.IPV4) return;
    const [from, to] = [word(addr, 0), word(addr, 1)];
    this.count(from, !byReceiver);
    if (from !== to) this.count(to, byReceiver);
  }

  /** The address, and its part of the packets (0 … 1); null: there is no such host. */
  get found(): { readonly address: string; readonly share: number } | null {
    for (const [address, { packets, isHost }] of this.counts) {
      const share = packets / this.packets;
      if (isHost && share >= NEARLY_ALL) return { address: addressText(4, [address]), share };
    }
    return null;
  }

  private count(address: number, isHost: boolean): void {
    const known = this.counts.get(address);
    if (known === undefined) {
      if (this.counts.size < CANDIDATES) this.counts.set(address, { packets: 1, isHost });
      return;
    }
    known.packets++;
    known.isHost ||= isHost;
  }
}

import type { Context } from '../golden/context.ts';
import type { Btf, Field } from './btf.ts';
import { packetSize } from './watch.ts';

/** A packet as the kernel had it when its first filter was asked: what records call its context, and more. */
export interface KernelPacket {
  readonly context: Context;
  /** The three pointers, as the kernel had them. */
  readonly pointers: { readonly sk: bigint; readonly dst: bigint; readonly nfct: bigint };
  /** skb->hash: 0 unless somebody had asked before. */
  readonly hash: number;
  readonly macLen: number;
  readonly pktType: number;
  /** skb->data, counted from the MAC header. */
  readonly dataAt: number;
}

/** include/linux/skbuff.h: a header position that was never set. */
const UNSET = 0xffff;
/** include/linux/netdev_features.h: NETIF_F_HW_VLAN_CTAG_TX, bit 7. */
const VLAN_OFFLOAD = 1n << 7n;

export type Fold = (pointer: bigint) => number;

/** Reads the sk_buffs that the watching program copied, by the kernel's own description of them. */
export class PacketReader {
  readonly size: number;
  private readonly fields: Readonly<Record<Name, Field>>;
  private readonly presentBit: Field | null;

  constructor(btf: Btf) {
    this.size = packetSize(btf);
    this.presentBit = btf.find('sk_buff', 'vlan_present');
    this.fields = Object.fromEntries(
      NAMES.map((name) => {
        const field = btf.find('sk_buff', name);
        if (field === null) throw new Error(`struct sk_buff has no ${name}`);
        return [name, field];
      }),
    ) as Record<Name, Field>;
  }

  read(bytes: Buffer, fold: Fold): KernelPacket {
    const word = (name: Name): number => bytes.readUInt32LE(this.at(name));
    const half = (name: Name): number => bytes.readUInt16LE(this.at(name));
    const long = (name: Name): bigint => bytes.readBigUInt64LE(this.at(name));
    const data = Number(long('data') - long('head'));
    const fromData = (position: number): number | null => (position === UNSET ? null : position - data);
    const pointers = { sk: long('sk'), dst: long('_skb_refdst') & ~1n, nfct: long('_nfct') & ~7n };
    const mac = half('mac_header');
    return {
      pointers,
      hash: word('hash'),
      macLen: half('mac_len'),
      pktType: ((bytes[this.fields.pkt_type.bit >> 3] ?? 0) >> (this.fields.pkt_type.bit & 7)) & 7,
      dataAt: mac === UNSET ? 0 : data - mac,
      context: {
        mark: word('mark'),
        priority: word('priority'),
        protocol: hex(swapped(half('protocol'))),
        iif: word('skb_iif'),
        len: word('len'),
        networkOffset: half('network_header') - data,
        transportOffset: fromData(half('transport_header')),
        macOffset: fromData(mac),
        vlanTag: this.tagged(bytes) ? { proto: hex(swapped(half('vlan_proto'))), tci: half('vlan_tci') } : null,
        vlanTagOffload: (bytes.readBigUInt64LE(this.size - 8) & VLAN_OFFLOAD) !== 0n,
        foldSk: fold(pointers.sk),
        foldDst: fold(pointers.dst),
        foldNfct: fold(pointers.nfct),
        nfct: pointers.nfct !== 0n,
      },
    };
  }

  /** A bit of its own up to 6.1; later a tag is there if its type or its number is not zero. */
  private tagged(bytes: Buffer): boolean {
    if (this.presentBit === null) return bytes.readUInt32LE(this.at('vlan_proto')) !== 0;
    return ((bytes[this.presentBit.bit >> 3] ?? 0) & (1 << (this.presentBit.bit & 7))) !== 0;
  }

  private at(name: Name): number {
    return this.fields[name].bit / 8;
  }
}

const NAMES = [
  'sk',
  '_skb_refdst',
  '_nfct',
  'len',
  'head',
  'data',
  'protocol',
  'mac_header',
  'network_header',
  'transport_header',
  'priority',
  'mark',
  'skb_iif',
  'hash',
  'mac_len',
  'pkt_type',
  'vlan_proto',
  'vlan_tci',
] as const;
type Name = (typeof NAMES)[number];

const swapped = (half: number): number => ((half & 0xff) << 8) | (half >> 8);
const hex = (value: number): string => `0x${value.toString(16).padStart(4, '0')}`;

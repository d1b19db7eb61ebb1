import { Heading } from '../capture/index.ts';
import type { Exactness } from './exactness.ts';
import { READERS, Reader } from './inputs.ts';

const EMPTY = new Uint8Array(0);
/** Room before an owned frame, for tags and headers put in front: NET_SKB_PAD and more. */
const HEADROOM = 128;
/** The two addresses of an Ethernet header. */
const ADDRESSES = 12;

/** enum ip_conntrack_dir */
export const Direction = { ORIGINAL: 0, REPLY: 1 } as const;
export type Direction = (typeof Direction)[keyof typeof Direction];

/**
 * What skb->_nfct says of one packet: the tuple of the packet's own direction (struct nf_conntrack_tuple).
 * One object per packet buffer, rewritten for every packet.
 */
export class Ct {
  /** Addresses as four big-endian words; IPv4 uses the first only, as the kernel's union does. */
  readonly src: Int32Array = new Int32Array(4);
  readonly dst: Int32Array = new Int32Array(4);
  /** `src.u.all`, `dst.u.all`: port, ICMP id, or type and code, as a 16-bit number in host order. */
  srcAll = 0;
  dstAll = 0;
  direction: Direction = Direction.ORIGINAL;
  mark = 0;
  /** The mark was given, rather than assumed to be 0. */
  knowsMark = false;
  /** How sure the tuple is: `assumed` where NAT was not told or a translated port was never seen. */
  exactness: Exactness = 'exact';
}

/** include/uapi/linux/if_packet.h: PACKET_* — what skb->pkt_type says of whom a packet is for. */
export const PktType = { HOST: 0, BROADCAST: 1, MULTICAST: 2, OTHERHOST: 3, OUTGOING: 4 } as const;

/** Which bytes of a packet are in the linear part of the kernel's buffer; the others are in page fragments. */
export const Linear = { ALL: 0, HEADERS: 1, NETWORK_HEADER: 2 } as const;
export type Linear = (typeof Linear)[keyof typeof Linear];

/**
 * Our sk_buff: one packet as the classifier sees it. All numbers, all initialised, one hidden class for ever;
 * 32-bit values are int32. Positions are indices into `data`; nothing outside head … end may be read.
 */
export class Packet {
  data: Uint8Array = EMPTY;
  /** First readable byte of the frame. */
  head = 0;
  /** skb->data: the Ethernet header at egress, the network header at ingress. */
  at = 0;
  /** Just after the last captured byte. */
  end = 0;
  /** skb->len: bytes from `at` on the wire, captured or not. */
  len = 0;
  /** MAC header, positioned so that the EtherType stands at mac + 12; -1: none. */
  mac = -1;
  /** Where the address bytes of the MAC header stand: 4 before `mac` if a tag was taken out between them and the type. */
  addresses = -1;
  /** skb->mac_len: 14 on a packet that was received, 0 on one made here. */
  macLen = 0;
  network = 0;
  /** -1: not set. */
  transport = -1;

  /** skb->protocol as a host number (0x0800), the type behind the tag that was taken out. */
  protocol = 0;
  /** The tag in metadata (skb->vlan_tci); -1: none. */
  vlanTci = -1;
  vlanProto = 0;
  /** NETIF_F_HW_VLAN_CTAG_TX of the device: whether the vlan-tag key looks at metadata or at bytes (quirk 2). */
  vlanOffload = true;

  /** Index of skb->dev, the device that the packet is on where it is classified; 0: not told. */
  dev = 0;
  /** The packet came in from this device, and is at its ingress hook: skb->skb_iif is `dev`. */
  received = false;
  /** skb->pkt_type: a PktType. */
  pktType: number = PktType.HOST;
  /** What is known of the socket's numbers, by TCF_META_ID_SK_*; null: no socket. */
  socket: readonly (number | undefined)[] | null = null;

  iif = 0;
  priority = 0;
  mark = 0;
  rtClassid = 0;
  skUid = 0;
  skGid = 0;
  queue = 0;
  tcIndex = 0;
  /** skb->hash; 0: not computed yet. Travels with the packet once somebody asked. */
  hash = 0;

  /** addr_fold() of the three pointers the kernel falls back on: given, or that of a null pointer. */
  sk = 0;
  dst = 0;
  nfct = 0;

  /** The conntrack entry, or null where none is attached. */
  ct: Ct | null = null;
  /** What a look into the connection table finds for the packet, attached or not; null: nothing, or nobody looks. */
  entry: Ct | null = null;

  /** Bits of Input: what is known of the packet besides its bytes. */
  given = 0;
  /** Bits of Input that were read and not known: what the answers of filters rest on. */
  rests = 0;
  /** The same for the choices of qdiscs. */
  wayRests = 0;
  /** What each Reader read of all packets so far without its being known: bits of Input. */
  readBy: Int32Array = new Int32Array(READERS);
  linear: Linear = Linear.ALL;

  /** Which way it went where it was captured. */
  heading: Heading = Heading.UNKNOWN;
  /** Four bytes from here on, the ports, are as the router is taken to have written them; -1: none. */
  guessed = -1;
  /** Its addresses are so as well. */
  hasGuessedAddresses = false;

  /** Capture time: whole seconds and nanoseconds. */
  seconds = 0;
  nanoseconds = 0;

  /** Bytes that actions have added to `len` (or taken): qdisc_pkt_len(), which police and counters ask, stays. */
  grown = 0;
  /** The packet's own bytes, once somebody changes them; kept from packet to packet. */
  private copy: Uint8Array = EMPTY;

  /** addr_fold(NULL) of the era under its key: what the pointers are until somebody tells them. */
  readonly nullFold: number;
  /** Source of the numbers the kernel draws while dissecting (TIPC keep-alives). */
  readonly random: () => number;

  constructor(nullFold = 0, random: () => number = () => 0) {
    this.nullFold = nullFold;
    this.random = random;
    this.reset();
  }

  /** net/core/skbuff.c: skb_clone() — the same bytes under numbers of its own; whoever changes them moves out first. */
  clone(): Packet {
    const clone = new Packet(this.nullFold, this.random);
    clone.become(this);
    return clone;
  }

  /** The same into a packet that is there: nothing is allocated. */
  become(other: Packet): void {
    const { copy, readBy } = this;
    Object.assign(this, other);
    this.copy = copy;
    this.readBy = readBy;
  }

  /** Forgets the previous packet. */
  reset(): void {
    this.data = EMPTY;
    this.head = this.at = this.end = this.len = 0;
    this.mac = this.addresses = this.transport = this.vlanTci = -1;
    this.macLen = this.network = this.protocol = this.vlanProto = 0;
    this.vlanOffload = true;
    this.dev = 0;
    this.received = false;
    this.pktType = PktType.HOST;
    this.socket = null;
    this.iif = this.priority = this.mark = this.rtClassid = this.skUid = this.skGid = 0;
    this.queue = this.tcIndex = this.hash = this.given = this.rests = this.wayRests = 0;
    this.linear = Linear.ALL;
    this.sk = this.dst = this.nfct = this.nullFold;
    this.ct = this.entry = null;
    this.heading = Heading.UNKNOWN;
    this.guessed = -1;
    this.hasGuessedAddresses = false;
    this.seconds = this.nanoseconds = this.grown = 0;
  }

  /** To be called by whoever reads an input, of one bit: what comes of it rests on the input unless that is known. */
  reads(input: number, reader: Reader): void {
    if ((this.given & input) === 0) this.restsOn(input, reader);
  }

  /** The same of inputs of which none is known. */
  restsOn(inputs: number, reader: Reader): void {
    this.rests |= inputs;
    this.readBy[reader] = (this.readBy[reader] ?? 0) | inputs;
  }

  /** The same for a qdisc that chooses by it. */
  readsOnWay(input: number): void {
    if ((this.given & input) !== 0) return;
    this.wayRests |= input;
    this.readBy[Reader.QDISC] = (this.readBy[Reader.QDISC] ?? 0) | input;
  }

  /** To be called by an action that wrote an input, of one bit. `known`: from values that are known. */
  writes(input: number, known: boolean): void {
    this.given = known ? this.given | input : this.given & ~input;
  }

  /** The packet had bytes up to there, but the capture has not. */
  isCutBefore(end: number): boolean {
    return end > this.end && end <= this.at + this.len;
  }

  /** Some of these bytes are guessed. */
  isGuessed(from: number, length: number): boolean {
    return this.guessed >= 0 && from < this.guessed + 4 && from + length > this.guessed;
  }

  /** Its bytes from `head` on were copied to the beginning of another buffer; all positions follow. */
  moveTo(data: Uint8Array): void {
    this.data = data;
    this.shift(-this.head);
  }

  /** Length of the packet as it came to the hook: qdisc_skb_cb(skb)->pkt_len. */
  get hookLength(): number {
    return this.len - this.grown;
  }

  /**
   * net/core/skbuff.c: skb_ensure_writable() — before the first byte is changed, the frame moves out of the shared
   * chunk into the packet's own buffer, with room in front of it; its address bytes then stand next to its type.
   * All positions follow.
   */
  own(): void {
    if (this.data === this.copy) return;
    const split = this.mac >= 0 && this.addresses >= 0 && this.addresses !== this.mac;
    const from = split ? this.mac : this.head;
    const size = this.end - from;
    if (this.copy.length < HEADROOM + size) this.copy = new Uint8Array(HEADROOM + size);
    const { data, copy } = this;
    const rest = split ? Math.min(this.mac + ADDRESSES, this.end) : from;
    copy.set(data.subarray(rest, this.end), HEADROOM + rest - from);
    if (split) copy.set(data.subarray(this.addresses, this.addresses + ADDRESSES), HEADROOM);
    this.data = copy;
    this.shift(HEADROOM - from);
    this.head = HEADROOM;
    if (split) this.addresses = this.mac;
  }

  /** skb_cow_head(): makes the packet's own bytes begin at least `size` (at most 128) behind the buffer's start. */
  makeRoom(size: number): void {
    this.own();
    if (this.head >= size) return;
    const larger = new Uint8Array(HEADROOM + this.copy.length);
    larger.set(this.copy, HEADROOM);
    this.data = this.copy = larger;
    this.shift(HEADROOM);
  }

  /** All positions follow bytes that have moved. */
  private shift(by: number): void {
    this.head += by;
    this.at += by;
    this.end += by;
    this.network += by;
    if (this.transport >= 0) this.transport = Math.max(0, this.transport + by);
    if (this.mac >= 0) this.mac += by;
    if (this.addresses >= 0) this.addresses += by;
    if (this.guessed >= 0) this.guessed += by;
  }
}

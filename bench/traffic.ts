import { SplitMix64 } from './split-mix.ts';

/** How long the frames are, in bytes. */
export type Sizes = 'small' | 'imix';

export interface Mix {
  readonly flows: number;
  readonly sizes: Sizes;
  /** `skewed`: Zipf's law, exponent 1, as on real links; `even`: one packet of each flow in turn, so that all are met. */
  readonly popularity: 'skewed' | 'even';
}

const SEED = 1;
const LONGEST = 1514;
const TCP = 6;
const UDP = 17;
const ICMP = 1;
const WELL_KNOWN = [443, 80, 53, 22, 25, 8080, 3306, 5060];
const START_MICROSECONDS = 1_700_000_000_000_000;
/** An odd step, which spreads the popular flows over the table. */
const STEP = 7919;
const POOL = 1 << 16;
const WORDS = 'GET /index.html HTTP/1.1\r\nHost: e';

/** What all packets of a flow have in common. */
interface Flow {
  readonly isV6: boolean;
  readonly protocol: number;
  /** VLAN id; 0: no tag. */
  readonly vlan: number;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
}

/**
 * Frames of an Ethernet link, one after the other; the same ones on every machine. 70 % of the flows are IPv4 TCP, 15 %
 * IPv4 UDP, 10 % IPv6 TCP, 4 % IPv6 UDP, 1 % ICMP; a tenth is tagged. One IPv4 packet in 200 has an option, one is a
 * fragment. The frame stands in `data` up to `length` until the next one is made.
 */
export class Traffic {
  readonly data = Buffer.alloc(LONGEST);
  length = 0;
  microseconds = START_MICROSECONDS;
  private readonly random = new SplitMix64(SEED);
  private readonly mix: Mix;
  private readonly flows: readonly Flow[];
  private readonly pool: Uint8Array;
  private number = 0;

  constructor(mix: Mix) {
    this.mix = mix;
    this.flows = Array.from({ length: mix.flows }, () => drawFlow(this.random));
    this.pool = drawPool(this.random);
  }

  next(): void {
    const { random, number } = this;
    const flow = this.pick();
    this.length = frameLength(random, this.mix.sizes);
    const network = this.ethernet(flow);
    const oddity = random.below(200);
    const transport = flow.isV6 ? this.ipv6(flow, network) : this.ipv4(flow, network, oddity);
    const payload = writeTransport(flow, this.data, transport, this.length, number);
    if (payload < this.length) {
      random.draw();
      const from = random.low & 0xf7ff;
      this.data.set(this.pool.subarray(from, from + this.length - payload), payload);
    }
    this.microseconds += random.below(3);
    this.number = number + 1;
  }

  private pick(): Flow {
    const count = this.mix.flows;
    const rank =
      this.mix.popularity === 'even'
        ? this.number % count
        : Math.min(count, Math.floor(Math.exp(this.random.fraction() * Math.log(count)))) - 1;
    const flow = this.flows[(rank * STEP) % count];
    if (flow === undefined) throw new RangeError('a mix needs flows');
    return flow;
  }

  /** Addresses, tag and EtherType; returns where the network header begins. */
  private ethernet({ vlan, isV6 }: Flow): number {
    const { data, random } = this;
    random.draw();
    data.writeUInt32LE(random.low, 0);
    data.writeUInt32LE(random.high, 4);
    data.writeUInt32LE(random.low, 8);
    data[0] = random.low & 0xfe;
    data[6] = (random.high >>> 16) & 0xfe;
    let at = 12;
    if (vlan !== 0) {
      data.writeUInt16BE(0x8100, at);
      at = data.writeUInt16BE(vlan, at + 2);
    }
    return data.writeUInt16BE(isV6 ? 0x86dd : 0x0800, at);
  }

  private ipv6(flow: Flow, at: number): number {
    const { data } = this;
    const transport = at + 40;
    this.atLeast(flow, transport);
    data.writeUInt32BE(0x60000000, at);
    data.writeUInt16BE(this.length - transport, at + 4);
    data[at + 6] = flow.protocol;
    data[at + 7] = 64;
    data.set(flow.source, at + 8);
    data.set(flow.destination, at + 24);
    return transport;
  }

  private ipv4(flow: Flow, at: number, oddity: number): number {
    const { data } = this;
    const words = oddity === 0 ? 6 : 5;
    const transport = at + 4 * words;
    this.atLeast(flow, transport);
    data.writeUInt16BE(0x4000 | (words << 8), at);
    data.writeUInt16BE(this.length - at, at + 2);
    data.writeUInt16BE(this.number & 0xffff, at + 4);
    data.writeUInt16BE(oddity === 1 ? 0x2007 : 0x4000, at + 6);
    data[at + 8] = 64;
    data[at + 9] = flow.protocol;
    data.writeUInt16BE(0, at + 10);
    data.set(flow.source.subarray(0, 4), at + 12);
    data.set(flow.destination.subarray(0, 4), at + 16);
    // Router alert: the only option that plain hosts send.
    if (words === 6) data.writeUInt32BE(0x94040000, at + 20);
    data.writeUInt16BE(checksum(data, at, transport), at + 10);
    return transport;
  }

  /** No frame ends within its transport header. */
  private atLeast({ protocol }: Flow, transport: number): void {
    this.length = Math.max(this.length, transport + (protocol === TCP ? 20 : 8));
  }
}

function drawFlow(random: SplitMix64): Flow {
  const kind = random.below(100);
  const isV6 = kind >= 85 && kind < 99;
  const protocol = kind < 70 ? TCP : kind < 85 ? UDP : kind < 95 ? TCP : kind < 99 ? UDP : ICMP;
  const isTagged = random.below(10) === 0;
  const id = 1 + random.below(4000);
  const sourcePort = 1024 + random.below(64_000);
  const destinationPort = random.below(4) === 0 ? random.below(65_536) : (WELL_KNOWN[random.below(8)] ?? 0);
  const [source, destination] = drawAddresses(random, isV6);
  return { isV6, protocol, vlan: isTagged ? id : 0, sourcePort, destinationPort, source, destination };
}

/** Both have 16 bytes, of which IPv4 uses the first four. */
function drawAddresses(random: SplitMix64, isV6: boolean): [Uint8Array, Uint8Array] {
  const [source, destination] = [Buffer.alloc(16), Buffer.alloc(16)];
  for (const half of [0, 8]) {
    for (const address of [source, destination]) {
      random.draw();
      address.writeUInt32LE(random.low, half);
      address.writeUInt32LE(random.high, half + 4);
    }
  }
  if (isV6) for (const address of [source, destination]) address.set([0x20, 1]);
  else source[0] = 10;
  return [source, destination];
}

/** What payload is cut from: words and noise in turn, so that it packs about as real payload does. */
function drawPool(random: SplitMix64): Uint8Array {
  const words = Buffer.from(WORDS);
  return Uint8Array.from({ length: POOL }, (_, i) => {
    if ((i >>> 5) % 2 === 1) return words[i % 32] ?? 0;
    random.draw();
    return random.low & 0xff;
  });
}

function frameLength(random: SplitMix64, sizes: Sizes): number {
  if (sizes === 'small') return 64 + random.below(65);
  const kind = random.below(12);
  return kind < 7 ? 64 : kind < 11 ? 576 : LONGEST;
}

/** Returns where the payload begins. */
function writeTransport(flow: Flow, data: Buffer, at: number, length: number, number: number): number {
  if (flow.protocol === ICMP) {
    data.writeUInt32BE(0x08000000, at);
    data.writeUInt16BE(flow.sourcePort, at + 4);
    return data.writeUInt16BE(number & 0xffff, at + 6);
  }
  data.writeUInt16BE(flow.sourcePort, at);
  data.writeUInt16BE(flow.destinationPort, at + 2);
  if (flow.protocol === UDP) {
    data.writeUInt16BE(length - at, at + 4);
    return data.writeUInt16BE(0, at + 6);
  }
  data.writeUInt32LE(number, at + 4);
  data.writeUInt32BE(0, at + 8);
  data.writeUInt32BE(0x5010ffff, at + 12);
  return data.writeUInt32BE(0, at + 16);
}

/** RFC 1071, over whole 16-bit words. */
function checksum(data: Buffer, from: number, to: number): number {
  let sum = 0;
  for (let at = from; at < to; at += 2) sum += data.readUInt16BE(at);
  sum = (sum & 0xffff) + (sum >>> 16);
  return ~(sum + (sum >>> 16)) & 0xffff;
}

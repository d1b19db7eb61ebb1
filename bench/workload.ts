import { Frame, PcapWriter, type Sink } from '../src/capture/index.ts';
import { Random } from '../test/fuzz/random.ts';

/** What a workload is made of. Everything follows from these: the same file on every machine. */
export interface Workload {
  readonly name: string;
  readonly packets: number;
  readonly flows: number;
  readonly seed: number;
}

/** A million small packets of 200 000 flows, a few of them busy: the main job, without payload to copy. */
export const SMALL: Workload = { name: '1 M small packets', packets: 1_000_000, flows: 200_000, seed: 1 };

const TCP = 6;
const UDP = 17;
const ICMP = 1;
const PORTS = [443, 80, 53, 22, 8080, 25];
const SHORTEST = 64;
const LONGEST = 128;
const TAGGED = 10;
const FRAGMENTED = 200;

/** Writes the workload's frames as a pcap. */
export function writeWorkload(workload: Workload, sink: Sink): void {
  const random = new Random(workload.seed);
  const flows = Array.from({ length: workload.flows }, () => flowHeader(random));
  const writer = new PcapWriter({ linkType: 1, snapLength: 65535, unit: 'us' }, sink);
  const frame = new Frame();
  frame.data = new Uint8Array(LONGEST);
  frame.linkType = 1;
  frame.seconds = 1_600_000_000;
  for (let i = 0; i < workload.packets; i++) {
    const header = flows[popular(random, workload.flows)] ?? new Uint8Array(0);
    const length = Math.max(header.length, SHORTEST + random.below(LONGEST - SHORTEST + 1));
    frame.data.fill(i & 0xff).set(header);
    fragment(random, frame.data);
    frame.end = frame.length = length;
    frame.nanoseconds = (frame.nanoseconds + 1000 * random.below(3)) % 1_000_000_000;
    writer.write(frame);
  }
  writer.finish();
}

/** Zipf's law, exponent 1: the k-th most popular flow is met about 1 / k as often as the first. */
function popular(random: Random, flows: number): number {
  return Math.min(flows - 1, Math.floor(Math.exp((random.word() / 2 ** 32) * Math.log(flows))) - 1);
}

/** Ethernet to transport header of one flow: two thirds IPv4 over TCP, the rest UDP, IPv6 and ICMP; a tenth tagged. */
function flowHeader(random: Random): Uint8Array {
  const kind = random.below(20);
  const isV6 = kind >= 17 && kind < 19;
  const protocol = kind < 13 || kind === 17 ? TCP : kind === 19 ? ICMP : UDP;
  const tag = random.oneIn(TAGGED) ? [0x81, 0, random.below(16), random.below(256)] : [];
  const macs = [2, ...random.bytes(5), 2, ...random.bytes(5)];
  const ip = isV6 ? ipv6(random, protocol) : ipv4(random, protocol);
  const port = random.oneIn(4) ? random.below(65536) : random.pick(PORTS);
  const transport = [
    ...half(1024 + random.below(60_000)),
    ...half(port),
    ...new Array<number>(protocol === TCP ? 16 : 4),
  ];
  return Uint8Array.from(
    [...macs, ...tag, ...(isV6 ? [0x86, 0xdd] : [8, 0]), ...ip, ...transport].map((byte) => byte ?? 0),
  );
}

function ipv4(random: Random, protocol: number): number[] {
  const addresses = [10, ...random.bytes(3), 1 + random.below(220), ...random.bytes(3)];
  return [0x45, 0, 0, 100, ...random.bytes(2), 0x40, 0, 64, protocol, 0, 0, ...addresses];
}

function ipv6(random: Random, protocol: number): number[] {
  const addresses = [0x20, 1, ...random.bytes(14), 0x20, 1, ...random.bytes(14)];
  return [0x60, 0, 0, 0, 0, 60, protocol, 64, ...addresses];
}

/** One untagged IPv4 packet in 200 becomes a later fragment. */
function fragment(random: Random, data: Uint8Array): void {
  if (random.oneIn(FRAGMENTED) && data[12] === 8) data[20] = 0x20;
}

function half(value: number): number[] {
  return [value >>> 8, value & 0xff];
}

import { TRANSPORT_HEADERS } from '../../src/packet/index.ts';
import type { Random } from './random.ts';

/** What packets mostly carry, and each header that the dissector knows. */
const PROTOCOLS = [
  ...Array.from({ length: 12 }, () => [6, 6, 17, 17, 1, 58]).flat(),
  ...TRANSPORT_HEADERS.map(({ number }) => number),
];

/** What captures are made of: IPv4 and IPv6 over TCP, UDP and more, sometimes tagged, a fragment, without ports, cut. */
export function commonFrame(random: Random): Uint8Array {
  const word = (): number[] => (random.oneIn(12) ? [0, 0, 0, 0] : [...random.bytes(4)]);
  const isV6 = random.oneIn(3);
  const protocol = random.oneIn(8) ? random.below(256) : random.pick(PROTOCOLS);
  const options = random.oneIn(8) ? random.below(16) : 5;
  const offset = random.oneIn(10) ? random.pick([0x2000, random.below(0x4000)]) : 0;
  const v4 = [0x40 | options, 0, 0, 60, 0, 0, offset >>> 8, offset & 0xff, 64, protocol, 0, 0, ...word(), ...word()];
  const v6 = [0x60, 0, 0, 0, 0, 40, protocol, 64, ...[1, 2, 3, 4, 5, 6, 7, 8].flatMap(word)];
  const tag = random.oneIn(5) ? [random.pick([0x81, 0x88]), random.oneIn(2) ? 0 : 0xa8, ...random.bytes(2)] : [];
  const ports = random.oneIn(10) ? [0, 0, 0, 0] : random.bytes(4);
  const whole = [
    ...[...random.bytes(12), ...tag, ...(isV6 ? [0x86, 0xdd, ...v6] : [8, 0, ...v4])],
    ...[...ports, ...random.bytes(40)],
  ];
  return Uint8Array.from(random.oneIn(10) ? whole.slice(0, random.below(whole.length + 1)) : whole);
}

import { LINK_TYPES } from '../../src/packet/index.ts';
import type { Trial } from './generate.ts';
import type { Random } from './random.ts';

/** A link header of one type in front of a packet: `type` is its EtherType. */
type Wrap = (type: number, random: Random) => readonly number[];

const half = (value: number): number[] => [value >>> 8, value & 0xff];
const zeros = (count: number): number[] => new Array<number>(count).fill(0);
const isV6 = (type: number): boolean => type === 0x86dd;
/** AF_INET; AF_INET6 of one of four systems. */
const family = (type: number, random: Random): number => (isV6(type) ? random.pick([10, 24, 28, 30]) : 2);
const ppp = (type: number): number[] => (isV6(type) ? [0, 0x57] : [0, 0x21]);

/** By name, as in LINK_TYPES; all others are written without a header. */
const WRAPS: Readonly<Record<string, Wrap>> = {
  LINUX_SLL: (type, random) => [0, random.below(5), 0, 1, 0, 6, ...random.bytes(8), ...half(type)],
  LINUX_SLL2: (type, random) => [...half(type), 0, 0, ...zeros(3), 2, 0, 1, random.below(5), 6, ...random.bytes(8)],
  NULL: (type, random) => (random.oneIn(2) ? [family(type, random), 0, 0, 0] : [0, 0, 0, family(type, random)]),
  LOOP: (type, random) => [0, 0, 0, family(type, random)],
  PPP: (type, random) => (random.oneIn(2) ? [0xff, 3, ...ppp(type)] : ppp(type).slice(random.below(2))),
  PPP_HDLC: (type, random) => (random.oneIn(2) ? [0xff, 3, ...ppp(type)] : [0x0f, 0, ...half(type)]),
  C_HDLC: (type) => [0x0f, 0, ...half(type)],
};

/** The packet of an Ethernet frame behind the header of any link type. */
export function relinked(random: Random, ethernet: Uint8Array): Trial {
  const { number: linkType, name } = random.pick(LINK_TYPES);
  if (name === 'ETHERNET' || ethernet.length < 14) return { linkType, bytes: ethernet };
  const type = ((ethernet[12] ?? 0) << 8) | (ethernet[13] ?? 0);
  const packet = ethernet.subarray(14);
  if (name === 'NFLOG') return { linkType, bytes: nflog(random, type, packet) };
  if (name === 'PKTAP') return { linkType, bytes: pktap(random, ethernet) };
  return { linkType, bytes: behind(WRAPS[name]?.(type, random) ?? [], packet) };
}

/** Some attributes in front of the packet's own. */
function nflog(random: Random, type: number, packet: Uint8Array): Uint8Array {
  const attribute = (number: number, body: readonly number[]): number[] => [4 + body.length, 0, number, 0, ...body];
  const known = [attribute(1, [...half(type), 0, 0]), attribute(2, [...random.bytes(4)]), attribute(4, [0, 0, 0, 7])];
  const length = 4 + packet.length;
  const own = [length & 0xff, length >>> 8, 9, 0];
  const before = known.filter(() => random.oneIn(2)).flat();
  return behind([isV6(type) ? 10 : 2, 0, 0, 0, ...before, ...own], packet);
}

/** A header of 12 bytes or more; in one of four, another one behind it. */
function pktap(random: Random, ethernet: Uint8Array): Uint8Array {
  const extra = random.oneIn(2) ? 0 : random.below(100);
  const inner = random.oneIn(4) ? 258 : 1;
  const bytes = behind([12 + extra, 0, 0, 0, 1, 0, 0, 0, ...half(inner).reverse(), 0, 0, ...zeros(extra)], ethernet);
  return inner === 258 ? behind([...bytes.subarray(0, 12)], bytes) : bytes;
}

function behind(head: readonly number[], rest: Uint8Array): Uint8Array {
  const all = new Uint8Array(head.length + rest.length);
  all.set(head);
  all.set(rest, head.length);
  return all;
}

import type { SentFrame } from '../classify.ts';
import { OWNERS } from '../classify.ts';
import type { Random } from './random.ts';

/** A device of 1500 bytes takes no longer ones; a packet socket wants a whole Ethernet header. */
const LONGEST = 1514;
const SHORTEST = 14;

/** One frame: built header by header, or a frame of a capture; often then damaged. */
export function randomFrame(r: Random, captured: readonly Uint8Array[]): SentFrame {
  const fresh = captured.length === 0 || !r.once(4);
  const whole = fresh ? ethernet(r) : Buffer.from(r.pick(captured));
  const bytes = fresh && !r.once(4) ? whole : damaged(r, whole);
  return { bytes: fitted(r, bytes), mark: r.word(), priority: r.word(), owner: r.below(OWNERS.length) };
}

function fitted(r: Random, bytes: Buffer): Buffer {
  if (bytes.length < SHORTEST) return Buffer.concat([bytes, r.bytes(SHORTEST - bytes.length)]);
  return bytes.subarray(0, LONGEST);
}

/** Cut short, with bytes or half-words changed, or with a piece taken out or put in. */
function damaged(r: Random, whole: Buffer): Buffer {
  let bytes = Buffer.from(whole);
  for (let i = 1 + r.below(4); i > 0 && bytes.length > SHORTEST; i--) {
    const at = 12 + r.below(Math.min(bytes.length - 12, 120));
    switch (r.below(6)) {
      case 0:
        bytes = bytes.subarray(0, at);
        break;
      case 1:
        bytes[at] = (bytes[at] ?? 0) ^ (1 << r.below(8));
        break;
      case 2:
        bytes[at] = r.word() & 0xff;
        break;
      case 3:
        if (at + 2 <= bytes.length) bytes.writeUInt16BE(r.once(2) ? r.pick(TYPES)[0] : r.word() & 0xffff, at);
        break;
      case 4:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + r.below(8))]);
        break;
      default:
        bytes = Buffer.concat([bytes.subarray(0, at), r.bytes(1 + r.below(8)), bytes.subarray(at)]);
    }
  }
  return bytes;
}

type Build = (r: Random, depth: number) => Buffer;

/** EtherTypes and what stands behind each. Those met most are named more than once. */
const TYPES: readonly (readonly [number, Build])[] = [
  [0x0800, ipv4],
  [0x0800, ipv4],
  [0x0800, ipv4],
  [0x86dd, ipv6],
  [0x86dd, ipv6],
  [0x86dd, ipv6],
  [0x8100, tagged],
  [0x88a8, tagged],
  [0x9100, tagged],
  [0x8864, pppoe],
  [0x8863, pppoe],
  [0x8847, mpls],
  [0x8848, mpls],
  [0x0806, arp],
  [0x8035, arp],
  [0x6558, ethernet],
  [0x88ca, tipc],
  [0x4305, batman],
  [0x8906, payload],
  [0x88f7, payload],
  [0x88fb, hsr],
  [0x892f, hsr],
  [0x8902, cfm],
  [0x880b, ppp],
  [0x88cc, payload],
  [0x88e5, payload],
  [0x894f, payload],
];

/** Protocol numbers and what stands behind each. */
const PROTOCOLS: readonly (readonly [number, Build])[] = [
  [6, withPorts],
  [6, withPorts],
  [17, withPorts],
  [17, withPorts],
  [1, icmp],
  [58, icmp],
  [132, withPorts],
  [33, withPorts],
  [136, withPorts],
  [50, withPorts],
  [51, authentication],
  [47, gre],
  [47, gre],
  [4, ipv4],
  [41, ipv6],
  [137, mpls],
  [0, extension],
  [43, extension],
  [44, fragment],
  [60, extension],
  [59, payload],
  [135, extension],
  [115, l2tp],
  [2, payload],
  [103, payload],
  [108, payload],
];

const DEEPEST = 14;

function ethernet(r: Random, depth = 0): Buffer {
  if (depth === 0 && r.once(40)) return tower(r);
  const [type, rest] = nextType(r, depth);
  if (depth === 0 && r.once(25)) return Buffer.concat([r.bytes(12), half(r.below(1536)), r.pick(LLC), rest]);
  return Buffer.concat([r.bytes(12), half(type), rest]);
}

/** About as many small headers as the kernel is willing to look at (15), some of them more. */
function tower(r: Random): Buffer {
  let type = 0x0800;
  let rest = ipv4Around(r, 17, withPorts(r));
  for (let i = 12 + r.below(6); i > 0; i--) {
    const inner = type === 0x0800 ? 4 : type === 0x86dd ? 41 : 0;
    if (inner === 0 || r.once(2)) [type, rest] = [0x8100, Buffer.concat([half(r.below(0x1000)), half(type), rest])];
    else if (r.below(2) === 1) [type, rest] = [0x0800, ipv4Around(r, inner, rest)];
    else [type, rest] = [0x86dd, ipv6Around(r, 60, Buffer.concat([Buffer.from([inner, 0]), r.bytes(6), rest]))];
    if (type === 0x8100 && r.once(2)) {
      const gre = Buffer.concat([half(0), half(type), rest]);
      [type, rest] = [0x0800, ipv4Around(r, 47, gre)];
    }
  }
  return Buffer.concat([r.bytes(12), half(type), rest]);
}

function ipv4Around(r: Random, protocol: number, rest: Buffer): Buffer {
  const header = Buffer.concat([Buffer.alloc(12), address(r), address(r)]);
  header[0] = 0x45;
  header[9] = protocol;
  return Buffer.concat([header, rest]);
}

function ipv6Around(r: Random, protocol: number, rest: Buffer): Buffer {
  const header = Buffer.alloc(8);
  header[0] = 0x60;
  header[6] = protocol;
  return Buffer.concat([header, address6(r), address6(r), rest]);
}

/** What follows a length in place of a type. */
const LLC = ['aaaa03000000', 'ffff', '424203', 'e0e003', 'aaaa030000f8'].map((text) => Buffer.from(text, 'hex'));

function nextType(r: Random, depth: number): [number, Buffer] {
  const [type, build] = r.pick(TYPES);
  if (depth >= DEEPEST) return [type, Buffer.alloc(0)];
  return [r.once(60) ? r.below(0x10000) : type, build(r, depth + 1)];
}

function nextProtocol(r: Random, depth: number): [number, Buffer] {
  const [protocol, build] = r.pick(PROTOCOLS);
  if (depth >= DEEPEST) return [protocol, Buffer.alloc(0)];
  return [r.once(60) ? r.below(256) : protocol, build(r, depth + 1)];
}

function ipv4(r: Random, depth: number): Buffer {
  const [protocol, rest] = nextProtocol(r, depth);
  const words = r.once(6) ? r.below(11) : 0;
  const header = Buffer.concat([Buffer.alloc(12), address(r), address(r), r.bytes(4 * words)]);
  header[0] = r.once(40) ? r.below(256) : 0x45 + words;
  header[1] = r.below(256);
  header.writeUInt16BE(r.once(20) ? r.below(0x10000) : header.length + rest.length, 2);
  if (r.once(5)) header.writeUInt16BE(r.pick([0x2000, 0x2001, 0x0001, 0x00b9, 0x4000, 0x8000, r.below(0x10000)]), 6);
  header[8] = r.below(256);
  header[9] = protocol;
  return Buffer.concat([header, rest]);
}

function ipv6(r: Random, depth: number): Buffer {
  const [protocol, rest] = nextProtocol(r, depth);
  const header = Buffer.alloc(8);
  const label = r.once(4) ? r.word() & 0xfffff : 0;
  header.writeUInt32BE((((r.once(40) ? r.below(16) : 6) << 28) | (r.below(256) << 20) | label) >>> 0);
  header.writeUInt16BE(r.once(20) ? r.below(0x10000) : rest.length & 0xffff, 4);
  header[6] = protocol;
  header[7] = r.below(256);
  return Buffer.concat([header, address6(r), address6(r), rest]);
}

function address(r: Random): Buffer {
  const known = [
    '00000000',
    '0a000001',
    '0a000002',
    'c0a80101',
    '7f000001',
    'ffffffff',
    'e00000fb',
    '81000001',
    '88a80123',
  ];
  return r.once(2) ? r.bytes(4) : Buffer.from(r.pick(known), 'hex');
}

function address6(r: Random): Buffer {
  const word = (): Buffer => (r.once(2) ? Buffer.alloc(4) : address(r));
  return Buffer.concat([word(), word(), word(), word()]);
}

/** Both ports and more; sometimes both zero, or one of them. */
function withPorts(r: Random): Buffer {
  const port = (): number => r.pick([0, 53, 80, 443, 4789, 6081, r.below(0x10000), r.below(0x10000)]);
  return Buffer.concat([half(port()), half(port()), r.bytes(r.below(40))]);
}

function icmp(r: Random): Buffer {
  return Buffer.concat([
    Buffer.from([r.pick([0, 3, 8, 13, 128, 129, 133, r.below(256)]), r.below(4)]),
    r.bytes(2 + r.below(30)),
  ]);
}

function authentication(r: Random, depth: number): Buffer {
  const [protocol, rest] = nextProtocol(r, depth);
  const header = r.bytes(12);
  header[0] = protocol;
  header[1] = r.below(6);
  return Buffer.concat([header, rest]);
}

function extension(r: Random, depth: number): Buffer {
  const [protocol, rest] = nextProtocol(r, depth);
  const units = r.once(3) ? r.below(5) : 0;
  const header = r.bytes(8 * (units + 1));
  header[0] = protocol;
  header[1] = r.once(20) ? r.below(256) : units;
  return Buffer.concat([header, rest]);
}

function fragment(r: Random, depth: number): Buffer {
  const [protocol, rest] = nextProtocol(r, depth);
  const header = r.bytes(8);
  header[0] = protocol;
  header.writeUInt16BE(r.pick([0, 1, 8, 9, 0x2000, 6, r.below(0x10000)]), 2);
  return Buffer.concat([header, rest]);
}

/** RFC 2784 and 2890, and version 1 of RFC 2637; the flags say which words are there. */
function gre(r: Random, depth: number): Buffer {
  const version = r.once(4) ? 1 : r.once(20) ? r.below(8) : 0;
  const flags =
    (r.pick([0, 0x8000, 0x2000, 0x1000, 0xb000, 0xa000, 0x4000, 0x0080, 0x2080, 0x3080, r.below(0x10000) & 0xfff8]) &
      0xfff8) |
    version;
  const [type, rest] = version === 1 && !r.once(4) ? [0x880b, ppp(r, depth + 1)] : nextType(r, depth);
  const words = [0x8000, 0x2000, 0x1000, ...(version === 1 ? [0x0080] : [])].filter((bit) => flags & bit).length;
  return Buffer.concat([half(flags), half(type), r.bytes(4 * words), rest]);
}

/** PPP protocols that the kernel looks into, and one that it does not. */
const PPP: readonly (readonly [number, Build])[] = [
  [0x0021, ipv4],
  [0x0057, ipv6],
  [0x0281, mpls],
  [0x0283, mpls],
  [0xc021, payload],
];

function nextPpp(r: Random, depth: number, rows = PPP): [number, Buffer] {
  const [protocol, build] = r.pick(rows);
  return [protocol, depth >= DEEPEST ? Buffer.alloc(0) : build(r, depth + 1)];
}

/** Address and control, then the protocol in one byte or in two. */
function ppp(r: Random, depth: number): Buffer {
  const [protocol, rest] = nextPpp(r, depth);
  return Buffer.concat([r.once(2) ? Buffer.from('ff03', 'hex') : Buffer.alloc(0), half(protocol), rest]);
}

function pppoe(r: Random, depth: number): Buffer {
  const [protocol, rest] = nextPpp(r, depth, [...PPP, [r.below(0x10000), payload]]);
  const number = r.once(4) && protocol < 0x100 ? Buffer.from([protocol]) : half(protocol);
  const length = r.once(10) ? r.below(0x10000) : number.length + rest.length;
  const version = r.once(20) ? r.below(256) : 0x11;
  return Buffer.concat([
    Buffer.from([version, r.once(8) ? r.below(256) : 0]),
    half(r.below(0x10000)),
    half(length & 0xffff),
    number,
    rest,
  ]);
}

function tagged(r: Random, depth: number): Buffer {
  const [type, rest] = nextType(r, depth);
  return Buffer.concat([half(r.word() & 0xffff), half(type), rest]);
}

/** Labels, the entropy indicator among them, then an IP header. */
function mpls(r: Random, depth: number): Buffer {
  const count = 1 + r.below(4);
  const labels = Array.from({ length: count }, (_, i) => {
    const label = r.once(4) ? 7 : r.below(0x100000);
    return word(((label << 12) | (r.below(8) << 9) | (i === count - 1 ? 0x100 : 0) | r.below(256)) >>> 0);
  });
  return Buffer.concat([...labels, depth >= DEEPEST ? Buffer.alloc(0) : ipv4(r, depth + 1)]);
}

function arp(r: Random): Buffer {
  const header = r.once(8) ? r.bytes(8) : Buffer.concat([Buffer.from('0001080006040', 'hex'), half(r.below(4))]);
  return Buffer.concat([header, r.bytes(6), address(r), r.bytes(6), address(r)]);
}

/** The first word has the user (connection manager, link protocol …) and the header size in it. */
function tipc(r: Random): Buffer {
  const first = (0x40000000 | (r.below(16) << 25) | (r.below(16) << 21) | r.below(0x20000)) >>> 0;
  return Buffer.concat([word(first), r.bytes(r.below(44))]);
}

/** A unicast header of batman-adv, version 15, and the frame in it. */
function batman(r: Random, depth: number): Buffer {
  const header = r.bytes(10);
  header[0] = r.once(4) ? r.below(256) : 0x40;
  header[1] = r.once(8) ? r.below(256) : 15;
  return Buffer.concat([header, ethernet(r, depth + 1)]);
}

function hsr(r: Random, depth: number): Buffer {
  const [type, rest] = nextType(r, depth);
  return Buffer.concat([r.bytes(4), half(type), rest]);
}

function cfm(r: Random): Buffer {
  return Buffer.concat([Buffer.from([r.below(256), r.below(64), r.below(256), r.below(80)]), r.bytes(r.below(60))]);
}

function l2tp(r: Random): Buffer {
  return Buffer.concat([r.once(3) ? Buffer.alloc(4) : r.bytes(4), r.bytes(r.below(20))]);
}

function payload(r: Random): Buffer {
  return r.bytes(r.below(60));
}

function half(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value & 0xffff);
  return bytes;
}

function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

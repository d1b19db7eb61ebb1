import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  dissected,
  EGRESS_INBAND,
  envOf,
  ethernet,
  frameOf,
  hex,
  INGRESS,
  ipv4,
  ipv6,
  packetOf,
  ports,
} from '../../test/frames.ts';
import { createPacket } from '../env.ts';
import type { EraName } from '../era.ts';
import { ALL_KEYS, KEYS, readKey } from '../sched/flow/index.ts';
import { FlowKeys } from './flow-keys.ts';
import { DissectRet } from './header/dissect-ret.ts';
import { enter } from './link.ts';

/** One frame sent to a 6.1.192 kernel, and what its filters gave; null: the measurement was lost. */
interface Measured {
  readonly name: string;
  /** Hex; `FB`: the fold of the socket, `FB^x`: that of the route xor x. */
  readonly src: string | null;
  readonly dst: string | null;
  readonly proto: number;
  readonly protoSrc: string | null;
  readonly protoDst: string | null;
  readonly vlanTag: number;
  readonly frame: string;
}

const MEASURED: readonly Measured[] = readFileSync(
  new URL('../../test/golden/dissector/measured.jsonl', import.meta.url),
  'utf8',
)
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line));

const SOCKET = 0x5c5c5c5c;
const ROUTE = 0x2d2d2d2d;

function expected(cell: string | null): number | null {
  if (cell === null) return null;
  const [text = '', mixed] = cell.split('^');
  if (text !== 'FB') return Number.parseInt(text, 16);
  return mixed === undefined ? SOCKET : (ROUTE ^ Number.parseInt(mixed, 16)) >>> 0;
}

function frame(name: string): Uint8Array {
  return hex(MEASURED.find((row) => row.name === name)?.frame ?? '');
}

describe('frames measured on Linux 6.1.192', () => {
  test('all 519 measured cells are there', () => {
    const cells = MEASURED.flatMap((row) => [row.src, row.dst, row.protoSrc, row.protoDst, row.proto, row.vlanTag]);
    expect(cells.filter((cell) => cell !== null)).toHaveLength(519);
  });

  test.each(MEASURED)('$name', (row) => {
    const env = envOf();
    const p = packetOf(hex(row.frame), INGRESS, env);
    p.sk = SOCKET;
    p.dst = ROUTE;
    const keys = new FlowKeys();
    env.era.dissect(p, keys);
    const ours = Object.fromEntries(ALL_KEYS.map((key) => [KEYS[key].name, readKey(key, p, keys, env.era) >>> 0]));
    const kernel = {
      src: expected(row.src),
      dst: expected(row.dst),
      proto: row.proto,
      'proto-src': expected(row.protoSrc),
      'proto-dst': expected(row.protoDst),
      'vlan-tag': row.vlanTag,
    };
    for (const [name, value] of Object.entries(kernel)) {
      if (value !== null) expect(ours[name], name).toBe(value);
    }
  });
});

describe('a tagged frame written by a packet socket to a device without tag offload', () => {
  test.each(['vlan 100 v4 udp', 'vlan dei set', 'qinq ad/q v4', 'vlan v6'])(
    '%s: its IP header is read as a VLAN header, so there is nothing to see',
    (name) => {
      const keys = dissected(frame(name), '6.1', EGRESS_INBAND);
      expect([keys.src, keys.dst, keys.ports, keys.ipProto]).toEqual([0, 0, 0, 0]);
    },
  );
});

describe('quirks of the walk', () => {
  test('quirk 04: no fragment has ports, whole IPv6 ones with a fragment header neither', () => {
    for (const name of ['v6 frag first m=1', 'v6 frag later', 'v6 atomic frag', 'v4 first frag', 'v4 later frag']) {
      expect(dissected(frame(name)).ports, name).toBe(0);
    }
    expect(dissected(frame('v6 atomic frag')).ipProto).toBe(6);
  });

  test('quirk 05: the sixteenth extension header still names TCP, the seventeenth is not looked at', () => {
    expect(dissected(frame('v6 16 dstopts + tcp')).ipProto).toBe(6);
    expect(dissected(frame('v6 17 dstopts + tcp')).ipProto).toBe(60);
  });

  test('quirk 06: ports are read after each step, even of a TCP header that is never visited', () => {
    expect(dissected(frame('v6 16 dstopts + tcp')).ports >>> 0).toBe(0x12345678);
    expect(dissected(frame('v6 17 dstopts + tcp')).ports).toBe(0);
  });

  test('quirk 07: an IPv6 address is the xor of its words, so some count as absent', () => {
    expect(dissected(frame('v6 xor-zero src')).src).toBe(0);
    expect(dissected(frame('v6 tcp')).src >>> 0).toBe(0x20010db8 ^ 0x00010002 ^ 0x00030004 ^ 0x00050006);
  });
});

describe('cut frames', () => {
  test('a frame cut anywhere gives what came before the cut, and says that it was cut', () => {
    const whole = frame('v4 udp');
    for (let length = 14; length < 38; length++) {
      const keys = dissected(whole.subarray(0, length));
      expect(keys.short).toBe(true);
      expect(keys.src >>> 0).toBe(length < 34 ? 0 : 0xc0a80102);
      expect(keys.ports).toBe(0);
    }
    expect(dissected(whole.subarray(0, 38)).ports >>> 0).toBe(0xabcd0035);
  });

  test('the length in the IP header is ignored: ports behind it are read', () => {
    const padded = ethernet('0800', ipv4('1.2.3.4', '5.6.7.8', 17, ports(1, 2)).replace('45000028', '45000014'));
    expect(dissected(padded).ports).toBe(0x00010002);
  });
});

/** net/core/flow_dissector.c of about 3.14, as its neighbours 3.6, RHEL 7 and 3.18 have it. */
describe('the seed era', () => {
  const seed = (bytes: Uint8Array): number[] => {
    const { src, dst, ipProto, ports: both } = dissected(bytes, 'seed');
    return [src >>> 0, dst >>> 0, ipProto, both >>> 0];
  };
  const SRC = 0xc0a80102;
  const DST = 0x0a090807;

  test('plain TCP and UDP are what they are later', () => {
    expect(seed(frame('v4 tcp'))).toEqual([SRC, DST, 6, 0x12345678]);
    expect(seed(frame('v6 tcp'))).toEqual([0x20060db8, 0xecb45678, 6, 0x12345678]);
  });

  test.each(['v4 first frag', 'v4 later frag'])('%s: protocol 0, no ports', (name) => {
    expect(seed(frame(name))).toEqual([SRC, DST, 0, 0]);
  });

  test('IPv6 extension headers are not passed: the first next header is the protocol', () => {
    expect(seed(frame('v6 hbh+dst+tcp'))).toEqual([0x20060db8, 0xecb45678, 0, 0]);
    expect(seed(frame('v6 atomic frag'))).toEqual([0x20060db8, 0xecb45678, 44, 0]);
  });

  test('a bad inner header leaves the outer addresses, protocol and ports 0', () => {
    expect(seed(frame('v4 ipip truncated inner'))).toEqual([SRC, DST, 0, 0]);
    expect(seed(frame('gre0 unknown proto'))).toEqual([SRC, DST, 0, 0]);
  });

  test('the same frames keep the protocol in 6.1', () => {
    expect(dissected(frame('v4 ipip truncated inner')).ipProto).toBe(4);
    expect(dissected(frame('gre0 unknown proto')).ipProto).toBe(47);
  });

  test('GRE version 0 and IP in IP are entered, PPTP and MPLS are not', () => {
    expect(seed(frame('gre0 csum+key+seq ip'))).toEqual([0x01020304, 0x05060708, 17, 0xabcd0035]);
    expect(seed(frame('v6 4in6'))).toEqual([0x01020304, 0x05060708, 17, 0xabcd0035]);
    expect(seed(frame('pptp v1 ip'))).toEqual([SRC, DST, 47, 0]);
    expect(seed(frame('mpls in ip 137'))).toEqual([SRC, DST, 137, 0]);
  });

  test('PPPoE: the header is not checked', () => {
    expect(seed(frame('pppoe bad code'))).toEqual([SRC, DST, 17, 0xabcd0035]);
    expect(seed(frame('pppoe compressed proto'))).toEqual([0, 0, 0, 0]);
  });

  test('HSR, batman and TIPC are unknown', () => {
    for (const name of ['hsr ip', 'batman unicast', 'tipc']) expect(seed(frame(name)), name).toEqual([0, 0, 0, 0]);
  });
});

describe('Linux 6.1.170', () => {
  test("understands PPPoE's protocol field squeezed into one byte; 6.1.192 does not", () => {
    const squeezed = frame('pppoe compressed proto');
    const old = dissected(squeezed, '6.1.170');
    expect([old.src >>> 0, old.ipProto, old.ports >>> 0]).toEqual([0xc0a80102, 17, 0xabcd0035]);
    expect(dissected(squeezed).src).toBe(0);
  });

  test('is 6.1 for everything else that was measured', () => {
    for (const row of MEASURED) {
      if (row.name === 'pppoe compressed proto') continue;
      expect(dissected(hex(row.frame), '6.1.170'), row.name).toEqual(dissected(hex(row.frame)));
    }
  });
});

describe('TIPC', () => {
  test('a keep-alive has a drawn address, and says so', () => {
    const words = '4e080010 00000000 00000000 01001002';
    const probe = dissected(ethernet('88ca', words));
    expect(probe.drawn).toBe(true);
    expect(dissected(ethernet('88ca', words.replace('4e08', '4008'))).drawn).toBe(false);
  });
});

describe('tunnels', () => {
  test('an inner IPv6 fragment behind IPv4 hides the ports as well', () => {
    const inner = ipv6(
      '20010db8000000000000000000000001',
      '20010db8000000000000000000000002',
      44,
      `1100000000000001${ports(1, 2)}`,
    );
    const keys = dissected(ethernet('0800', ipv4('1.2.3.4', '5.6.7.8', 41, inner)));
    expect([keys.ipProto, keys.ports]).toEqual([17, 0]);
  });
});

/*
 * What follows has its expectations from net/core/flow_dissector.c, of 6.1 and of 3.14: headers that end too early, and
 * fields that the measured frames do not have.
 */
const A = '20010db8000000000000000000000001';
const B = '20010db8000000000000000000000002';
const UDP = ports(0xabcd, 0x35);
const IN_IP = ipv4('1.2.3.4', '5.6.7.8', 17, UDP);
const MACS = '020000000002020000000001';

/** Source, destination, protocol, ports, and whether the frame ended too early. */
function read(bytes: Uint8Array, era: EraName = '6.1'): readonly unknown[] {
  const { src, dst, ipProto, ports: both, short } = dissected(bytes, era);
  return [src >>> 0, dst >>> 0, ipProto, both >>> 0, short];
}

const INNER = [0x01020304, 0x05060708, 17, 0xabcd0035, false];
const OUTER = (protocol: number, short: boolean) => [0x0a000001, 0x0a000002, protocol, 0, short];

const gre = (header: string, inside: string): Uint8Array =>
  ethernet('0800', ipv4('10.0.0.1', '10.0.0.2', 47, `${header}${inside}`));
const lengthOf = (bytes: Uint8Array, less: number): Uint8Array => bytes.subarray(0, bytes.length - less);

describe('GRE: __skb_flow_dissect_gre()', () => {
  test.each<[string, string]>([
    ['plain', '00000800'],
    ['checksum', '80000800 11111111'],
    ['key', '20000800 22222222'],
    ['sequence', '10000800 33333333'],
    ['checksum and key', 'a0000800 1111111122222222'],
    ['all three', 'b0000800 111111112222222233333333'],
    ['Ethernet inside', `00006558 ${MACS}0800`],
    ['Ethernet inside behind a key', `20006558 22222222 ${MACS}0800`],
  ])('%s: the packet inside is read, by 3.14 too', (_, header) => {
    expect(read(gre(header, IN_IP))).toEqual(INNER);
    expect(read(gre(header, IN_IP), 'seed')).toEqual(INNER);
  });

  test('PPTP: version 1 with a key, and an acknowledgement if its flag says so; 3.14 does not look inside', () => {
    const ip6 = ipv6(A, B, 17, UDP);
    expect(read(gre('2001880b 00040007 ff030021', IN_IP))).toEqual(INNER);
    expect(read(gre('3081880b 00040007 00000001 00000002 ff030021', IN_IP))).toEqual(INNER);
    expect(read(gre('2081880b 00040007 00000002 ff030021', IN_IP))).toEqual(INNER);
    expect(read(gre('2001880b 00040007 ff030057', ip6))).toEqual([
      0x20010db8 ^ 1,
      0x20010db8 ^ 2,
      17,
      0xabcd0035,
      false,
    ]);
    expect(read(gre('2001880b 00040007 ff030021', IN_IP), 'seed')).toEqual(OUTER(47, false));
  });

  test.each<[string, string]>([
    ['source routing', '40000800'],
    ['version 2', '00020800'],
    ['version 1 that is not PPP', '20010800 00040007 ff030021'],
    ['version 1 without key', '0001880b ff030021'],
    ['version 1 of neither', '00010800 ff030021'],
    ['PPTP that holds neither IPv4 nor IPv6', '2001880b 00040007 ff03c021'],
  ])('%s: not entered', (_, header) => {
    expect(read(gre(header, IN_IP))).toEqual(OUTER(47, false));
    expect(read(gre(header, IN_IP), 'seed')).toEqual(OUTER(47, false));
  });

  test('the key counts in the flow hash: of PPTP the call number only', () => {
    expect(dissected(gre('20000800 22334455', IN_IP)).greKey).toBe(0x22334455);
    expect(dissected(gre('a0000800 11111111 22334455', IN_IP)).greKey).toBe(0x22334455);
    expect(dissected(gre('2001880b 00040007 ff030021', IN_IP)).greKey).toBe(7);
    expect(dissected(gre('00000800', IN_IP)).greKey).toBe(0);
  });

  test.each<[string, Uint8Array]>([
    ['the header', lengthOf(gre('00000800', ''), 1)],
    ['the key', lengthOf(gre('20000800 22222222', ''), 1)],
    ['the key behind the checksum', lengthOf(gre('a0000800 11111111 22222222', ''), 1)],
    ['the Ethernet header', lengthOf(gre(`00006558 ${MACS}0800`, ''), 1)],
    ["PPTP's header of PPP", lengthOf(gre('2001880b 00040007 ff030021', ''), 1)],
    ['the header inside', lengthOf(gre('00000800', IN_IP.slice(0, 40)), 1)],
  ])('a frame that ends before %s is cut', (_, bytes) => {
    expect(read(bytes)).toEqual(OUTER(47, true));
  });

  test('3.14 forgets the protocol of what is cut', () => {
    expect(read(lengthOf(gre('00000800', ''), 1), 'seed')).toEqual(OUTER(0, true));
    expect(read(lengthOf(gre(`00006558 ${MACS}0800`, ''), 1), 'seed')).toEqual(OUTER(0, true));
    expect(read(gre(`00006558 ${MACS}0800`, IN_IP.slice(0, 40)), 'seed')).toEqual(OUTER(0, true));
  });
});

describe('headers named by an EtherType', () => {
  const nothing = [0, 0, 0, 0];

  test('HSR and PRP: six bytes, the last two the type behind', () => {
    for (const type of ['892f', '88fb']) {
      expect(read(ethernet(type, `000000010800${IN_IP}`))).toEqual(INNER);
      expect(read(ethernet(type, '0000000108'))).toEqual([...nothing, true]);
    }
  });

  test('batman: version 15 unicast of ten bytes, then Ethernet', () => {
    const header = '400f 0000000000000000';
    expect(read(ethernet('4305', `${header}${MACS}0800${IN_IP}`))).toEqual(INNER);
    expect(read(ethernet('4305', `${header}${MACS}08`))).toEqual([...nothing, true]);
    expect(read(ethernet('4305', `410f 0000000000000000${MACS}0800${IN_IP}`))).toEqual([...nothing, false]);
    expect(read(ethernet('4305', `400e 0000000000000000${MACS}0800${IN_IP}`))).toEqual([...nothing, false]);
  });

  test.each<[string, string, number]>([
    ['FCoE', '8906', 38],
    ['PTP', '88f7', 34],
    ['TIPC', '88ca', 16],
  ])('%s is whole or cut', (_, type, length) => {
    expect(dissected(ethernet(type, '00'.repeat(length))).short).toBe(false);
    expect(dissected(ethernet(type, '00'.repeat(length - 1))).short).toBe(true);
  });

  test('TIPC: the source is the last of its four words', () => {
    expect(read(ethernet('88ca', '40000000 00000001 00000002 01001002'))).toEqual([0x01001002, 0, 0, 0, false]);
  });

  test.each(['8847', '8848', '0806', '8035'])('%s ends the walk well, however short it is', (type) => {
    expect(read(ethernet(type, ''))).toEqual([...nothing, false]);
    const env = envOf();
    const keys = new FlowKeys();
    const steps: number[] = [];
    keys.trace = (...[, , , , step]) => steps.push(step);
    env.era.dissect(packetOf(ethernet(type, ''), INGRESS, env), keys);
    expect(steps).toEqual([DissectRet.GOOD]);
  });

  test('IPv4 needs 20 bytes and five words; options are passed', () => {
    const options = ipv4('1.2.3.4', '5.6.7.8', 17, `01010101${UDP}`).replace(/^45/, '46');
    expect(read(ethernet('0800', options))).toEqual(INNER);
    expect(read(ethernet('0800', options), 'seed')).toEqual(INNER);
    for (const era of ['6.1', 'seed'] as const) {
      expect(read(ethernet('0800', IN_IP.replace(/^45/, '44')), era)).toEqual([...nothing, false]);
      expect(read(ethernet('0800', IN_IP.replaceAll(' ', '').slice(0, 38)), era)).toEqual([...nothing, true]);
      // The version is not looked at.
      expect(read(ethernet('0800', IN_IP.replace(/^45/, '65')), era)).toEqual(INNER);
    }
  });

  test.each<[string, string, boolean]>([
    ['more fragments', '2000', true],
    ['an offset', '0001', true],
    ['the highest offset', '1fff', true],
    ["don't fragment", '4000', false],
    ['the reserved bit', '8000', false],
  ])('IPv4 with %s', (_, flags, fragment) => {
    const bytes = ethernet('0800', ipv4('1.2.3.4', '5.6.7.8', 17, UDP, flags));
    expect([dissected(bytes).isFragment, dissected(bytes).ports === 0]).toEqual([fragment, fragment]);
    expect(read(bytes, 'seed')).toEqual(fragment ? [0x01020304, 0x05060708, 0, 0, false] : INNER);
  });

  test('IPv6 needs 40 bytes', () => {
    for (const era of ['6.1', 'seed'] as const) {
      expect(read(ethernet('86dd', ipv6(A, B, 17, '')), era).slice(0, 3)).toEqual([0x20010db8 ^ 1, 0x20010db8 ^ 2, 17]);
      expect(read(lengthOf(ethernet('86dd', ipv6(A, B, 17, '')), 1), era)).toEqual([...nothing, true]);
    }
  });

  test('the flow label is twenty bits, and kept', () => {
    const labelled = ethernet('86dd', ipv6(A, B, 17, UDP, 'fffff').replace(/^600/, '6ff'));
    expect(dissected(labelled).flowLabel).toBe(0xfffff);
    expect(dissected(labelled).ports >>> 0).toBe(0xabcd0035);
    expect(dissected(ethernet('86dd', ipv6(A, B, 17, UDP).replace(/^600/, '6ff'))).flowLabel).toBe(0);
  });

  test.each(['00', '2b', '3c'])(
    'extension header %s: as long as it says, and two bytes of it must be there',
    (next) => {
      const type = Number.parseInt(next, 16);
      const long = `1101 000000000000 0000000000000000 ${UDP}`;
      expect(read(ethernet('86dd', ipv6(A, B, type, long))).slice(2)).toEqual([17, 0xabcd0035, false]);
      expect(read(ethernet('86dd', ipv6(A, B, type, '11'))).slice(2)).toEqual([type, 0, true]);
      // Behind IPv4 they are protocols like any other.
      expect(read(ethernet('0800', ipv4('1.2.3.4', '5.6.7.8', type, long))).slice(2)).toEqual([type, 0, false]);
    },
  );

  test('a fragment header is eight bytes; behind IPv4 it is a protocol', () => {
    expect(read(ethernet('86dd', ipv6(A, B, 44, `1100000000000000${UDP}`))).slice(2)).toEqual([17, 0, false]);
    expect(read(ethernet('86dd', ipv6(A, B, 44, '11000000000000'))).slice(2)).toEqual([44, 0, true]);
    const behind4 = dissected(ethernet('0800', ipv4('1.2.3.4', '5.6.7.8', 44, `1100000000000000${UDP}`)));
    expect([behind4.ipProto, behind4.isFragment]).toEqual([44, false]);
  });
});

describe('what is no header to 3.14', () => {
  test('is not read as PPPoE', () => {
    expect(read(ethernet('8863', `1100 0001 002a 0021${IN_IP}`), 'seed')).toEqual([0, 0, 0, 0, false]);
  });
});

describe('bytes behind the end of a frame', () => {
  test.each(['6.1', 'seed'] as const)('are not read by %s, wherever it ends', (era) => {
    const env = envOf(era);
    const keys = new FlowKeys();
    /** What is found where the frame ends at `end`, whatever its buffer has behind; null: it is no packet. */
    const found = (buffer: Uint8Array, end: number): string | null => {
      const packet = createPacket(env);
      const frame = frameOf(buffer);
      frame.end = frame.length = end;
      if (enter(frame, packet, INGRESS) !== null) return null;
      env.era.dissect(packet, keys);
      return [keys.src, keys.dst, keys.ipProto, keys.ports, keys.short, keys.proto, keys.at, keys.greKey].join();
    };
    const differ = MEASURED.flatMap(({ name, frame: bytes }) => {
      const whole = hex(bytes);
      const ends = Array.from({ length: whole.length - 14 }, (_, i) => 14 + i);
      return ends
        .filter((end) => found(whole, end) !== found(whole.subarray(0, end), end))
        .map((end) => `${name}: ${end}`);
    });
    expect(differ).toEqual([]);
  });
});

describe('PPPoE: case ETH_P_PPP_SES', () => {
  test.each<[string, string, unknown[]]>([
    ['IPv4', `1100 0001 002a 0021${IN_IP}`, INNER],
    ['IPv6', `1100 0001 002a 0057${ipv6(A, B, 17, UDP)}`, [0x20010db8 ^ 1, 0x20010db8 ^ 2, 17, 0xabcd0035, false]],
    ['another protocol', `1100 0001 002a c021${IN_IP}`, [0, 0, 0, 0, false]],
    ['another code', `1109 0001 002a 0021${IN_IP}`, [0, 0, 0, 0, false]],
    ['another version', `1200 0001 002a 0021${IN_IP}`, [0, 0, 0, 0, false]],
    ['seven bytes', '1100 0001 002a 00', [0, 0, 0, 0, true]],
  ])('%s', (_, payload, expected) => {
    expect(read(ethernet('8864', payload))).toEqual(expected);
  });

  test('3.14 looks at the protocol only', () => {
    expect(read(ethernet('8864', `1209 0001 002a 0021${IN_IP}`), 'seed')).toEqual(INNER);
    expect(read(ethernet('8864', `1100 0001 002a 0057${ipv6(A, B, 17, UDP)}`), 'seed').slice(2)).toEqual([
      17,
      0xabcd0035,
      false,
    ]);
    expect(read(ethernet('8864', '1100 0001 002a c021'), 'seed')).toEqual([0, 0, 0, 0, false]);
    expect(read(ethernet('8864', '1100 0001 002a 00'), 'seed')).toEqual([0, 0, 0, 0, true]);
  });

  test('MPLS inside ends the walk well', () => {
    for (const type of ['0281', '0283']) {
      const steps: number[] = [];
      const keys = new FlowKeys();
      keys.trace = (_, header) => steps.push(header);
      const env = envOf();
      env.era.dissect(packetOf(ethernet('8864', `1100 0001 002a ${type}`), INGRESS, env), keys);
      expect(steps).toEqual([0x8864, type === '0281' ? 0x8847 : 0x8848]);
    }
  });
});

describe('VLAN: case ETH_P_8021Q', () => {
  const tags = (count: number): string => '0001 8100'.repeat(count - 1);

  test.each(['6.1', 'seed'] as const)(
    '%s passes tags that are in the frame, and needs all four bytes of each',
    (era) => {
      const double = ethernet('8100', `0064 8100 00c8 0800 ${IN_IP}`);
      expect(read(double, era)).toEqual(INNER);
      expect(read(double.subarray(0, 14 + 7), era)).toEqual([0, 0, 0, 0, true]);
      expect(read(ethernet('8100', `${tags(5)} 0001 0800 ${IN_IP}`), era)).toEqual(INNER);
    },
  );

  test('a tag of zeros is a tag', () => {
    expect(read(ethernet('8100', `0000 0800 ${IN_IP}`))).toEqual(INNER);
    expect(read(ethernet('8100', `0000 8100 0000 0800 ${IN_IP}`))).toEqual(INNER);
  });

  test('the first tag is kept without its DEI bit, with its TPID and the type behind it', () => {
    const { vlanTci, vlanTpid, vlanNext } = dissected(ethernet('88a8', `f064 8100 00c8 0800 ${IN_IP}`));
    expect([vlanTci, vlanTpid, vlanNext]).toEqual([0xe064, 0x88a8, 0x8100]);
  });
});

describe('protocols', () => {
  test.each<[string, number, string, number]>([
    ['TCP', 6, 'abcd0035', 0xabcd0035],
    ['UDP', 17, 'abcd0035', 0xabcd0035],
    ['DCCP', 33, 'abcd0035', 0xabcd0035],
    ['SCTP', 132, 'abcd0035', 0xabcd0035],
    ['UDP-Lite', 136, 'abcd0035', 0xabcd0035],
    ["ESP's SPI", 50, 'abcd0035', 0xabcd0035],
    ["AH's SPI", 51, '11111111abcd0035', 0xabcd0035],
    ['ICMP', 1, 'abcd0035', 0],
    ['IGMP', 2, 'abcd0035', 0],
    ['ICMPv6', 58, 'abcd0035', 0],
    ['no next header', 59, 'abcd0035', 0],
    ['OSPF', 89, 'abcd0035', 0],
  ])('proto_ports_offset(): %s', (_, protocol, payload, both) => {
    for (const era of ['6.1', 'seed'] as const) {
      const bytes = ethernet('0800', ipv4('10.0.0.1', '10.0.0.2', protocol, payload));
      expect(read(bytes, era)).toEqual([0x0a000001, 0x0a000002, protocol, both, false]);
      if (both === 0) continue;
      expect(read(lengthOf(bytes, 1), era)).toEqual([0x0a000001, 0x0a000002, protocol, 0, true]);
    }
  });

  test('IP in IP, and IPv6 in IP, by both eras', () => {
    for (const era of ['6.1', 'seed'] as const) {
      expect(read(ethernet('0800', ipv4('10.0.0.1', '10.0.0.2', 4, IN_IP)), era)).toEqual(INNER);
      expect(read(ethernet('0800', ipv4('10.0.0.1', '10.0.0.2', 41, ipv6(A, B, 17, UDP))), era)).toEqual([
        0x20010db8 ^ 1,
        0x20010db8 ^ 2,
        17,
        0xabcd0035,
        false,
      ]);
    }
  });

  test('MPLS in IP ends the walk in 6.1; 3.14 knows no such protocol', () => {
    expect(read(ethernet('0800', ipv4('10.0.0.1', '10.0.0.2', 137, '')))).toEqual(OUTER(137, false));
    expect(read(ethernet('0800', ipv4('10.0.0.1', '10.0.0.2', 137, '')), 'seed')).toEqual(OUTER(137, false));
  });
});

describe('who explains is given each header', () => {
  const traced = (bytes: Uint8Array, era: EraName): unknown[] => {
    const env = envOf(era);
    const keys = new FlowKeys();
    const steps: unknown[] = [];
    keys.trace = (...step) => steps.push(step);
    env.era.dissect(packetOf(bytes, INGRESS, env), keys);
    return steps;
  };

  test('where it begins and ends, and what it says', () => {
    expect(traced(ethernet('0800', ipv4('10.0.0.1', '10.0.0.2', 4, IN_IP)), '6.1')).toEqual([
      ['network', 0x0800, 14, 34, DissectRet.ON],
      ['transport', 4, 34, 34, DissectRet.AGAIN],
      ['network', 0x0800, 34, 54, DissectRet.ON],
      ['transport', 17, 54, 54, DissectRet.ON],
    ]);
    expect(traced(ethernet('1234', ''), '6.1')).toEqual([['network', 0x1234, 14, 14, DissectRet.BAD]]);
  });

  test('a fragment header is passed, and ends the walk', () => {
    const [, step] = traced(ethernet('86dd', ipv6(A, B, 44, `1100000000000000${UDP}`)), '6.1');
    expect(step).toEqual(['transport', 44, 54, 62, DissectRet.GOOD]);
  });

  test('of PPPoE, whether its protocol could be one: ppp_proto_is_valid()', () => {
    const step = (protocol: string): unknown => traced(ethernet('8864', `1100 0001 002a ${protocol}`), '6.1');
    expect(step('c021')).toEqual([['network', 0x8864, 14, 22, DissectRet.GOOD]]);
    for (const protocol of ['c020', '0121', '0100']) {
      expect(step(protocol)).toEqual([['network', 0x8864, 14, 22, DissectRet.BAD]]);
    }
  });

  test('by 3.14 too', () => {
    expect(traced(ethernet('0800', ipv4('10.0.0.1', '10.0.0.2', 4, IN_IP)), 'seed')).toEqual([
      ['network', 0x0800, 14, 34, DissectRet.ON],
      ['network', 0x0800, 34, 54, DissectRet.ON],
    ]);
    expect(traced(ethernet('1234', ''), 'seed')).toEqual([['network', 0x1234, 14, 14, DissectRet.BAD]]);
  });
});

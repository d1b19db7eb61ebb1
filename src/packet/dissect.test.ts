import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  dissected,
  EGRESS_INBAND,
  envOf,
  ethernet,
  hex,
  INGRESS,
  ipv4,
  ipv6,
  packetOf,
  ports,
} from '../../test/frames.ts';
import { ALL_KEYS, KEYS, readKey } from '../sched/flow/index.ts';
import { FlowKeys } from './flow-keys.ts';

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

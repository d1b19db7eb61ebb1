import { describe, expect, test } from 'vitest';
import { dissected, ethernet, ipv4, ipv6, packetOf, ports } from '../../test/frames.ts';
import { UsageError } from '../errors.ts';
import { Input } from './inputs.ts';
import { applyMetadata, METADATA_NAMES, type Metadata, NO_METADATA, parseMetadata, parseValues } from './metadata.ts';
import { Direction, type Packet, PktType } from './packet.ts';

const FRAME = ethernet('0800', ipv4('10.0.0.1', '192.0.2.9', 17, ports(1, 2)));

function told(metadata: Partial<Metadata>, number = 1, frame = FRAME): Packet {
  const p = packetOf(frame);
  applyMetadata({ ...NO_METADATA, ...metadata }, number, p, dissected(frame));
  return p;
}

const values = (object: Record<string, unknown>): Packet => told({ all: parseValues(object) });

describe('values of packets', () => {
  test('are read in the bases of tc', () => {
    const p = values({ mark: '010', priority: '0X1f', iif: '10', skUid: '0' });
    expect([p.mark, p.priority, p.iif, p.skUid]).toEqual([8, 31, 10, 0]);
    for (const mark of ['08', '-1', '1 ', '', '0x', '1e3', '040000000000'])
      expect(() => values({ mark })).toThrow('mark: ');
  });

  test('are set and marked as told', () => {
    const p = values({ mark: 5, priority: '0x10002', iif: 3, skUid: 1000, 'sk-gid': 100, rtClassid: 7 });
    expect([p.mark, p.priority, p.iif, p.skUid, p.skGid, p.rtClassid]).toEqual([5, 0x10002, 3, 1000, 100, 7]);
    expect(p.given).toBe(Input.MARK | Input.PRIORITY | Input.IIF | Input.SK_UID | Input.SK_GID | Input.RT_CLASSID);
  });

  test('of 32 bits are kept whole', () => {
    expect(values({ hash: 0xffffffff }).hash).toBe(-1);
    expect(values({ foldSk: 1, foldDst: 2, foldNfct: 3 })).toMatchObject({ sk: 1, dst: 2, nfct: 3 });
  });

  test('the device is an index, the packet type a word of the kernel’s or its number', () => {
    expect(values({ dev: 7, pktType: 'otherhost' })).toMatchObject({ dev: 7, pktType: PktType.OTHERHOST });
    expect(values({ 'pkt-type': '1' }).pktType).toBe(PktType.BROADCAST);
  });

  test('a tag is a type and a TCI, or none', () => {
    expect(values({ vlan: { proto: '0x88a8', tci: 200 } })).toMatchObject({ vlanProto: 0x88a8, vlanTci: 200 });
    expect(values({ vlan: null }).vlanTci).toBe(-1);
    expect(values({ vlanOffload: false, protocol: 0x86dd })).toMatchObject({ vlanOffload: false, protocol: 0x86dd });
  });

  test("conntrack gives the tuple of the packet's own direction", () => {
    const original = { src: '10.0.0.1', srcAll: 5000, dst: '192.0.2.9', dstAll: 80 };
    const reply = { src: '192.0.2.9', srcAll: 80, dst: '203.0.113.2', dstAll: 5000 };
    const p = values({ conntrack: { direction: 'reply', original, reply } });
    expect(p.ct).toMatchObject({ direction: Direction.REPLY, srcAll: 80, dstAll: 5000 });
    expect(p.ct?.dst[0]).toBe(0xcb007102 | 0);
  });

  test.each([
    ['an unknown name', { marc: 1 }, 'unknown name "marc"'],
    ['a name of every object', { constructor: 1 }, 'unknown name "constructor"'],
    ['too large a number', { mark: 2 ** 32 }, 'mark: expected a whole number from 0 to 4294967295, not 4294967296'],
    ['a negative number', { iif: -1 }, 'iif: expected a whole number from 0 to 4294967295, not -1'],
    ['a packet type of more than three bits', { pktType: 8 }, 'pktType: expected a whole number from 0 to 7, not 8'],
    ['text that is no number', { mark: '1e3' }, 'mark: expected a whole number from 0 to 4294967295, not "1e3"'],
    ['a tag that is no object', { vlan: 5 }, 'vlan: expected an object'],
    [
      'a direction that is none',
      { conntrack: { direction: 'up' } },
      'conntrack: "direction" must be "original" or "reply"',
    ],
  ])('%s is refused', (_, object, message) => {
    expect(() => parseValues(object)).toThrow(UsageError);
    expect(() => parseValues(object)).toThrow(message);
  });

  test('the names are those of the records, and three that no record needs', () => {
    expect([...METADATA_NAMES].sort()).toEqual(
      [
        ...['mark', 'priority', 'iif', 'protocol', 'skUid', 'skGid', 'rtClassid', 'hash', 'foldSk', 'foldDst'],
        ...['foldNfct', 'vlan', 'vlanOffload', 'conntrack', 'dev', 'pktType', 'linear', 'transport', 'queue'],
      ].sort(),
    );
  });
});

describe('lines of a metadata file', () => {
  test('a packet beats a prefix, a later line an earlier one', () => {
    const metadata = parseMetadata([
      { packet: 2, mark: 9 },
      { prefix: '10.0.0.0/8', mark: 1 },
      { prefix: '192.0.2.9', mark: 2 },
      { packet: 2, priority: 4 },
      { packet: 3, mark: 7 },
      { packet: 3, mark: 8 },
    ]);
    expect(told(metadata, 1).mark).toBe(2);
    expect(told(metadata, 2)).toMatchObject({ mark: 9, priority: 4 });
    expect(told(metadata, 3).mark).toBe(8);
  });

  test('many lines may be about one packet, and many prefixes cover it', () => {
    const objects = Array.from({ length: 100_000 }, (_, i) => ({ packet: 1, mark: i }));
    const prefixes = Array.from({ length: 33 }, (_, i) => ({ prefix: `10.0.0.1/${32 - i}`, priority: i }));
    const { mark, priority } = told(parseMetadata([...objects, ...prefixes]));
    expect([mark, priority]).toEqual([99_999, 32]);
  });

  test('a prefix meets the source or the destination of its own family', () => {
    const metadata = parseMetadata([
      { prefix: '2001:db8::/32', mark: 1 },
      { prefix: '0.0.0.0/0', mark: 2 },
    ]);
    const six = (src: string, dst: string): Uint8Array => ethernet('86dd', ipv6(src, dst, 17, ports(1, 2)));
    const inside = '20010db8000000000000000000000001';
    const outside = 'fe800000000000000000000000000001';
    expect(told(metadata, 1, six(inside, outside)).mark).toBe(1);
    expect(told(metadata, 1, six(outside, inside)).mark).toBe(1);
    expect(told(metadata, 1, six(outside, outside)).mark).toBe(0);
    expect(told(metadata, 1, FRAME).mark).toBe(2);
  });

  test.each([
    ['neither packet nor prefix', { mark: 1 }],
    ['both', { packet: 1, prefix: '10.0.0.0/8', mark: 1 }],
    ['a prefix too long', { prefix: '10.0.0.0/33', mark: 1 }],
    ['no object', 5],
  ])('%s is refused', (_, line) => {
    expect(() => parseMetadata([line])).toThrow(UsageError);
  });
});

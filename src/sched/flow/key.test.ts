import { describe, expect, test } from 'vitest';
import {
  dissected,
  EGRESS_INBAND,
  envOf,
  ethernet,
  INGRESS,
  INGRESS_INBAND,
  ipv4,
  ipv6,
  packetOf,
  ports,
} from '../../../test/frames.ts';
import type { EraName } from '../../era.ts';
import { Ct, type Device, FlowKeys, type Packet } from '../../packet/index.ts';
import {
  ALL_KEYS,
  HEADER_KEYS,
  hostRule,
  KEYS,
  Key,
  keyMask,
  keySource,
  keysOf,
  NEEDS_DISSECT,
  readKey,
  TUPLE_KEYS,
} from './key.ts';
import { parseFlowOptions } from './options.ts';

const SOCKET = 0x11112222;
const ROUTE = 0x33334444;
const ENTRY = 0x55556666;

function packet(bytes: Uint8Array, device: Device = INGRESS): Packet {
  const p = packetOf(bytes, device);
  p.sk = SOCKET;
  p.dst = ROUTE;
  p.nfct = ENTRY;
  return p;
}

function read(key: Key, p: Packet, eraName: EraName = '6.1'): number {
  const { era } = envOf(eraName);
  const keys = new FlowKeys();
  era.dissect(p, keys);
  return readKey(key, p, keys, era) >>> 0;
}

const UDP = ethernet('0800', ipv4('192.168.0.1', '8.8.8.8', 17, ports(12345, 53)));
const ICMP = ethernet('0800', ipv4('192.168.0.1', '8.8.8.8', 1, '0800000012340001'));
const ARP = ethernet('0806', '0001080006040001');

describe('the key table', () => {
  test('has the numbers and names of pkt_cls.h and tc', () => {
    expect(ALL_KEYS.map((key) => KEYS[key].name)).toEqual([
      ...['src', 'dst', 'proto', 'proto-src', 'proto-dst', 'iif', 'priority', 'mark', 'nfct', 'nfct-src', 'nfct-dst'],
      ...['nfct-proto-src', 'nfct-proto-dst', 'rt-classid', 'sk-uid', 'sk-gid', 'vlan-tag', 'rxhash'],
    ]);
  });

  test('says which keys need the headers: bits 0 to 4 and 9 to 12', () => {
    expect(NEEDS_DISSECT).toBe(0x1e1f);
  });

  test('is walked from the lowest bit, whatever order the keys were named in', () => {
    expect(keysOf(0x20000 | 0x4 | 0x1)).toEqual([Key.SRC, Key.PROTO, Key.RXHASH]);
  });
});

describe('what a key is of a UDP packet', () => {
  test.each([
    [Key.SRC, 0xc0a80001],
    [Key.DST, 0x08080808],
    [Key.PROTO, 17],
    [Key.PROTO_SRC, 12345],
    [Key.PROTO_DST, 53],
    [Key.NFCT, ENTRY],
    [Key.NFCT_SRC, 0xc0a80001],
    [Key.NFCT_DST, 0x08080808],
    [Key.NFCT_PROTO_SRC, 12345],
    [Key.NFCT_PROTO_DST, 53],
    [Key.VLAN_TAG, 0],
  ])('key %i is %i', (key, value) => {
    expect(read(key, packet(UDP))).toBe(value);
  });

  test('metadata is read as it is', () => {
    const p = packet(UDP);
    p.iif = 3;
    p.priority = 0x10002;
    p.mark = -1;
    p.rtClassid = 0x50007;
    p.skUid = 1000;
    p.skGid = -2;
    p.hash = 0x2acdbe8f;
    const keys = [Key.IIF, Key.PRIORITY, Key.MARK, Key.RTCLASSID, Key.SKUID, Key.SKGID, Key.RXHASH];
    expect(keys.map((key) => read(key, p))).toEqual([3, 0x10002, 0xffffffff, 0x50007, 1000, 0xfffffffe, 0x2acdbe8f]);
  });
});

describe('where there is nothing to read', () => {
  test('ports fall back on the pointers, the destination mixed with the EtherType as a little-endian machine has it', () => {
    expect(read(Key.PROTO_SRC, packet(ICMP))).toBe(SOCKET);
    expect(read(Key.PROTO_DST, packet(ICMP))).toBe(ROUTE ^ 0x0008);
  });

  test('addresses do too', () => {
    expect(read(Key.SRC, packet(ARP))).toBe(SOCKET);
    expect(read(Key.DST, packet(ARP))).toBe(ROUTE ^ 0x0608);
    expect(read(Key.NFCT_SRC, packet(ARP))).toBe(SOCKET);
    expect(read(Key.PROTO, packet(ARP))).toBe(0);
  });

  test('one port of 0 is no fallback, both are', () => {
    const half = packet(ethernet('0800', ipv4('192.168.0.1', '8.8.8.8', 17, ports(0, 53))));
    expect([read(Key.PROTO_SRC, half), read(Key.PROTO_DST, half)]).toEqual([0, 53]);
    const none = packet(ethernet('0800', ipv4('192.168.0.1', '8.8.8.8', 17, ports(0, 0))));
    expect([read(Key.PROTO_SRC, none), read(Key.PROTO_DST, none)]).toEqual([SOCKET, ROUTE ^ 0x0008]);
  });

  test('the seed era mixes in the type of a tag that is in the frame; 6.1 looks behind it', () => {
    const tagged = ethernet('8100', '0064 0806 0001080006040001');
    const p = packet(tagged, EGRESS_INBAND);
    expect(read(Key.DST, p, 'seed')).toBe(ROUTE ^ 0x0081);
    expect(read(Key.DST, p)).toBe(ROUTE ^ 0x0608);
  });

  test('null pointers fold to 0 by xor, and to the SipHash of eight zero bytes since', () => {
    expect(read(Key.SRC, packetOf(ARP, INGRESS, envOf('6.1.170')), '6.1.170')).toBe(0);
    expect(read(Key.SRC, packetOf(ARP, INGRESS, envOf('seed')), 'seed')).toBe(0);
    expect(read(Key.SRC, packetOf(ARP, INGRESS, envOf('6.1')), '6.1')).toBe(0x6ffe2567);
  });

  test('the source says so', () => {
    const p = packet(ICMP);
    const keys = dissected(ICMP);
    const { era } = envOf();
    const sources = [Key.SRC, Key.PROTO_SRC, Key.NFCT_PROTO_DST, Key.NFCT, Key.MARK];
    expect(sources.map((key) => keySource(key, p, keys, era))).toEqual([
      ...['headers', 'socket pointer', 'route pointer', 'conntrack pointer', 'metadata'],
    ]);
  });
});

describe('with a conntrack entry', () => {
  function tracked(bytes: Uint8Array): Packet {
    const p = packet(bytes);
    const ct = new Ct();
    ct.src.set([0x0a000001, 2, 3, 4]);
    ct.dst.set([0x0a000002, 6, 7, 8]);
    ct.srcAll = 4000;
    ct.dstAll = 0;
    p.ct = ct;
    return p;
  }

  test("the tuple's values are read, a port of 0 included", () => {
    const p = tracked(UDP);
    const keys = [Key.NFCT_SRC, Key.NFCT_DST, Key.NFCT_PROTO_SRC, Key.NFCT_PROTO_DST, Key.SRC];
    expect(keys.map((key) => read(key, p))).toEqual([0x0a000001, 0x0a000002, 4000, 0, 0xc0a80001]);
    expect(keySource(Key.NFCT_SRC, p, dissected(UDP), envOf().era)).toBe('conntrack');
  });

  test('the tuple gives no addresses to a packet that is not IP, but ports it does', () => {
    const p = tracked(ARP);
    expect([read(Key.NFCT_SRC, p), read(Key.NFCT_PROTO_SRC, p)]).toEqual([SOCKET, 4000]);
  });

  test('quirk 09: of an IPv6 tuple address only the last word is read', () => {
    const six = ethernet(
      '86dd',
      ipv6('20010db8000000000000000000000001', '20010db8000000000000000000000002', 17, ports(1, 2)),
    );
    const p = tracked(six);
    expect([read(Key.NFCT_SRC, p), read(Key.NFCT_DST, p)]).toEqual([4, 8]);
    expect(read(Key.SRC, p)).toBe(0x20010db8 ^ 1);
  });
});

describe('vlan-tag', () => {
  const TAGGED = ethernet('8100', `b064 0800 ${ipv4('192.168.0.1', '8.8.8.8', 17, ports(1, 2))}`);

  test('is the number of the tag taken out, without priority and DEI', () => {
    expect(read(Key.VLAN_TAG, packet(TAGGED))).toBe(100);
  });

  test('is read from the frame on a device without offload', () => {
    expect(read(Key.VLAN_TAG, packet(TAGGED, EGRESS_INBAND))).toBe(100);
    expect(read(Key.VLAN_TAG, packet(TAGGED.subarray(0, 16), EGRESS_INBAND))).toBe(100);
    expect(read(Key.VLAN_TAG, packet(TAGGED.subarray(0, 15), EGRESS_INBAND))).toBe(0);
  });

  test('quirk 02: on ingress without offload, addresses that look like a tag are one', () => {
    // Data begins at the IP header, so bytes 12 to 15 are the source address: 129.0 is 0x8100.
    const untagged = ethernet('0800', ipv4('129.0.1.200', '8.8.8.8', 17, ports(1, 2)));
    expect(read(Key.VLAN_TAG, packet(untagged, INGRESS_INBAND))).toBe(0x1c8);
    expect(read(Key.VLAN_TAG, packet(untagged, INGRESS))).toBe(0);
    // And a real tag, moved to metadata, is not seen.
    expect(read(Key.VLAN_TAG, packet(TAGGED, INGRESS_INBAND))).toBe(0);
  });
});

describe("tc's reading of keys", () => {
  test('quirk 17: names match by prefix, in the order of their numbers', () => {
    expect(parseFlowOptions('map key nfct-proto').keys).toBe(1 << Key.NFCT_PROTO_SRC);
    expect(parseFlowOptions('hash keys p,n').keys).toBe((1 << Key.PROTO) | (1 << Key.NFCT));
  });

  test('quirk 18: an address as addend goes with src, dst and proto-src', () => {
    for (const name of ['src', 'dst', 'proto-src']) {
      expect(parseFlowOptions(`map key ${name} addend 10.0.0.1`).addend, name).toBe(0x0a000001);
    }
    for (const name of ['nfct-src', 'nfct-dst', 'mark', 'proto-dst']) {
      expect(() => parseFlowOptions(`map key ${name} addend 10.0.0.1`), name).toThrow('Illegal "addend"');
    }
  });
});

describe('what keys are of', () => {
  const bits = (...keys: readonly Key[]): number => keys.reduce<number>((mask, key) => mask | (1 << key), 0);

  test('headers have five of them, connections four', () => {
    expect(HEADER_KEYS).toBe(bits(Key.SRC, Key.DST, Key.PROTO, Key.PROTO_SRC, Key.PROTO_DST));
    expect(TUPLE_KEYS).toBe(bits(Key.NFCT_SRC, Key.NFCT_DST, Key.NFCT_PROTO_SRC, Key.NFCT_PROTO_DST));
  });

  test('values have as many bits as the field: addresses 32, ports 16, protocols 8, tags 12', () => {
    expect([Key.SRC, Key.PROTO_DST, Key.PROTO, Key.NFCT_DST, Key.NFCT_PROTO_SRC].map(keyMask)).toEqual([
      0xffffffff, 0xffff, 0xff, 0xffffffff, 0xffff,
    ]);
    expect([Key.MARK, Key.NFCT, Key.VLAN_TAG, Key.RXHASH].map(keyMask)).toEqual([
      0xffffffff, 0xffffffff, 0xfff, 0xffffffff,
    ]);
  });

  test.each<[string, readonly Key[], boolean, boolean]>([
    ['its source', [Key.SRC], false, false],
    ['its destination, where nothing else is looked at', [Key.DST], true, false],
    ['its source, of both', [Key.SRC, Key.DST], false, false],
    ["the connection's source", [Key.NFCT_SRC], false, true],
    ["the connection's destination", [Key.NFCT_DST], true, true],
    ['the source, of one from the headers and one from the connection', [Key.NFCT_SRC, Key.DST], false, true],
    ['its source, where no address is looked at', [Key.PROTO_DST], false, false],
    ['its source, of ports of a connection', [Key.NFCT_PROTO_DST], false, false],
  ])('a packet is of a host: %s', (_, keys, isDestination, isTuple) => {
    expect(hostRule(bits(...keys))).toEqual({ isDestination, isTuple });
  });
});

describe('where a value comes from', () => {
  const sources = (p: Packet, bytes: Uint8Array): readonly string[] =>
    ALL_KEYS.map((key) => keySource(key, p, dissected(bytes), envOf().era));

  test('of UDP: headers, pointers and metadata', () => {
    expect(sources(packet(UDP), UDP)).toEqual([
      ...['headers', 'headers', 'headers', 'headers', 'headers', 'metadata', 'metadata', 'metadata'],
      ...['conntrack pointer', 'headers', 'headers', 'headers', 'headers', 'metadata', 'metadata', 'metadata'],
      ...['headers', 'metadata'],
    ]);
  });

  test('of what has neither addresses nor ports: pointers', () => {
    const all = sources(packet(ARP), ARP);
    const of = (...keys: readonly Key[]): readonly (string | undefined)[] => keys.map((key) => all[key]);
    expect(of(Key.SRC, Key.PROTO_SRC, Key.NFCT_SRC, Key.NFCT_PROTO_SRC)).toEqual(new Array(4).fill('socket pointer'));
    expect(of(Key.DST, Key.PROTO_DST, Key.NFCT_DST, Key.NFCT_PROTO_DST)).toEqual(new Array(4).fill('route pointer'));
  });

  test('of a tracked packet: its connection, addresses only if it is IP', () => {
    const tracked = (bytes: Uint8Array): readonly string[] => {
      const p = packet(bytes);
      p.ct = new Ct();
      return sources(p, bytes).slice(Key.NFCT_SRC, Key.NFCT_PROTO_DST + 1);
    };
    expect(tracked(UDP)).toEqual(['conntrack', 'conntrack', 'conntrack', 'conntrack']);
    expect(tracked(ARP)).toEqual(['socket pointer', 'route pointer', 'conntrack', 'conntrack']);
  });
});

import { describe, expect, test } from 'vitest';
import { hex } from '../../test/frames.ts';
import { Direction } from '../packet/index.ts';
import { Fragment, Headers } from './headers.ts';
import { followerOf } from './protocol.ts';
import { Next, SEEN } from './state.ts';

const { ORIGINAL, REPLY } = Direction;
const [ICMP, ICMPV6, DCCP, GRE, SCTP, UDPLITE, OSPF] = [1, 58, 33, 47, 132, 136, 89];

/** The transport header and what is behind it, as hex. */
const headers = (bytes: string, more: Partial<Headers> = {}): Headers => {
  const data = hex(bytes);
  return Object.assign(new Headers(), { data, end: data.length, wireEnd: data.length, ...more });
};

/** net/netfilter/nf_conntrack_proto_sctp.c: enum sctp_conntrack */
describe('SCTP', () => {
  const [NONE, CLOSED, COOKIE_WAIT, COOKIE_ECHOED, ESTABLISHED, SHUTDOWN_SENT, , SHUTDOWN_ACK_SENT, HEARTBEAT_SENT] = [
    ...[0, 1, 2, 3, 4, 5, 6, 7, 8],
  ] as const;
  const chunk = (type: string, length = '0004'): string => `${type}00${length}`;
  const [DATA, INIT, INIT_ACK, HEARTBEAT, ABORT, SHUTDOWN, SHUTDOWN_ACK] = ['00', '01', '02', '04', '06', '07', '08'];
  const [COOKIE_ECHO, COOKIE_ACK, SHUTDOWN_COMPLETE] = ['0a', '0b', '0e'];
  const step = (state: number, direction: Direction, chunks: string, tag = '00000001'): number =>
    followerOf({ proto: SCTP }).next(headers(`03e80050 ${tag} 00000000 ${chunks}`), state, direction, true);

  test('opens, is used and ends as its own states say', () => {
    expect(step(NONE, ORIGINAL, chunk(INIT), '00000000')).toBe(CLOSED);
    expect(step(CLOSED, REPLY, chunk(INIT_ACK))).toBe(COOKIE_WAIT);
    expect(step(COOKIE_WAIT, ORIGINAL, chunk(COOKIE_ECHO))).toBe(COOKIE_ECHOED);
    expect(step(COOKIE_ECHOED, REPLY, chunk(COOKIE_ACK))).toBe(ESTABLISHED);
    expect(step(ESTABLISHED, ORIGINAL, chunk(DATA))).toBe(ESTABLISHED);
    expect(step(ESTABLISHED, ORIGINAL, chunk(SHUTDOWN))).toBe(SHUTDOWN_SENT);
    expect(step(SHUTDOWN_SENT, REPLY, chunk(SHUTDOWN_ACK))).toBe(SHUTDOWN_ACK_SENT);
    expect(step(SHUTDOWN_ACK_SENT, ORIGINAL, chunk(SHUTDOWN_COMPLETE))).toBe(CLOSED);
    expect(step(ESTABLISHED, REPLY, chunk(ABORT))).toBe(CLOSED);
    expect(step(NONE, ORIGINAL, chunk(HEARTBEAT))).toBe(HEARTBEAT_SENT);
  });

  test('several chunks are several steps; their lengths are rounded up to four', () => {
    expect(step(COOKIE_WAIT, ORIGINAL, `${chunk(COOKIE_ECHO, '0005')}aa000000${chunk(DATA)}`)).toBe(COOKIE_ECHOED);
    expect(step(COOKIE_ECHOED, REPLY, `${chunk(COOKIE_ACK)}${chunk(SHUTDOWN)}`)).toBe(
      step(ESTABLISHED, REPLY, chunk(SHUTDOWN)),
    );
  });

  test.each([
    ['a tag with INIT', NONE, chunk('01')],
    ['a tag with INIT, later', ESTABLISHED, chunk('01')],
    ['ABORT first', NONE, chunk('06')],
    ['SHUTDOWN COMPLETE first', NONE, chunk('0e')],
    ['COOKIE ACK first', NONE, chunk('0b')],
    ['DATA first', NONE, chunk('00')],
    ['INIT ACK behind another', ESTABLISHED, `${chunk('00')}${chunk('02')}`],
    ['something behind INIT ACK', ESTABLISHED, `${chunk('02')}${chunk('00')}`],
    ['COOKIE ECHO behind another', ESTABLISHED, `${chunk('00')}${chunk('0a')}`],
    ['COOKIE ACK behind another', ESTABLISHED, `${chunk('00')}${chunk('0b')}`],
    ['SHUTDOWN COMPLETE behind another', ESTABLISHED, `${chunk('00')}${chunk('0e')}`],
    ['a chunk without length', ESTABLISHED, chunk('00', '0000')],
    ['no chunk', ESTABLISHED, ''],
  ])('do_basic_checks(): %s is refused', (_, state, chunks) => {
    expect(step(state, ORIGINAL, chunks)).toBe(Next.INVALID);
  });

  test('a header that is not whole is refused', () => {
    const follower = followerOf({ proto: SCTP });
    expect(follower.next(headers('03e80050 00000001 000000'), ESTABLISHED, ORIGINAL, true)).toBe(Next.INVALID);
  });

  test('sctp_timeouts[]', () => {
    const { timeout } = followerOf({ proto: SCTP });
    expect([1, 2, 3, 4, 5, 6, 7, 8].map((state) => timeout(state, true, 0))).toEqual([10, 3, 3, 210, 3, 3, 3, 30]);
  });
});

/** net/netfilter/nf_conntrack_proto_dccp.c: enum ct_dccp_states */
describe('DCCP', () => {
  const [NONE, REQUEST, RESPOND, PARTOPEN, OPEN, CLOSEREQ, CLOSING, TIMEWAIT] = [0, 1, 2, 3, 4, 5, 6, 7] as const;
  const TURNED = 8;
  const Type = { REQUEST: 0, RESPONSE: 1, DATA: 2, ACK: 3, DATAACK: 4, CLOSEREQ: 5, CLOSE: 6, RESET: 7, SYNC: 8 };
  const packet = (type: number, words = 3): string => {
    const half = (type << 1).toString(16).padStart(2, '0');
    return `03e80050 0${words}000000 ${half}000000`;
  };
  const step = (state: number, direction: Direction, type: number, replied = true): number =>
    followerOf({ proto: DCCP }).next(headers(packet(type)), state, direction, replied);

  test('opens, is used and ends as its own states say', () => {
    expect(step(NONE, ORIGINAL, Type.REQUEST, false)).toBe(REQUEST);
    expect(step(REQUEST, REPLY, Type.RESPONSE)).toBe(RESPOND);
    expect(step(RESPOND, ORIGINAL, Type.ACK)).toBe(PARTOPEN);
    expect(step(PARTOPEN, REPLY, Type.DATA)).toBe(OPEN);
    expect(step(OPEN, ORIGINAL, Type.DATA)).toBe(OPEN);
    expect(step(OPEN, REPLY, Type.CLOSEREQ)).toBe(CLOSEREQ);
    expect(step(CLOSEREQ, ORIGINAL, Type.CLOSE)).toBe(CLOSING);
    expect(step(CLOSING, REPLY, Type.RESET)).toBe(TIMEWAIT);
    expect(step(OPEN, ORIGINAL, Type.SYNC)).toBe(Next.IGNORE);
  });

  test('a reset ends what was never answered', () => {
    expect(step(REQUEST, REPLY, Type.RESET, false)).toBe(Next.KILL);
  });

  test('whoever answered may open the connection anew, and is the client then', () => {
    expect(step(TIMEWAIT, REPLY, Type.REQUEST)).toBe(REQUEST | TURNED);
    expect(step(REQUEST | TURNED, ORIGINAL, Type.RESPONSE)).toBe(RESPOND | TURNED);
    expect(step(RESPOND | TURNED, REPLY, Type.ACK)).toBe(PARTOPEN | TURNED);
    expect(followerOf({ proto: DCCP }).timeout(OPEN | TURNED, true, 0)).toBe(43_200);
  });

  test.each<[string, string, Partial<Headers>]>([
    ['a header that is not whole', '03e80050 03000000 000000', {}],
    ['an offset into the header', packet(0, 2), {}],
    ['an offset behind the packet', packet(0, 4), {}],
    ['a type that is reserved', packet(10), {}],
  ])('dccp_error(): %s is refused', (_, bytes, more) => {
    expect(followerOf({ proto: DCCP }).next(headers(bytes, more), NONE, ORIGINAL, false)).toBe(Next.INVALID);
  });

  test('no answer opens one', () => {
    expect(step(NONE, ORIGINAL, Type.RESPONSE, false)).toBe(Next.INVALID);
  });

  test('dccp_timeout[]', () => {
    const { timeout } = followerOf({ proto: DCCP });
    expect([1, 2, 3, 4, 5, 6, 7].map((state) => timeout(state, true, 0))).toEqual([240, 480, 480, 43200, 64, 64, 240]);
  });
});

describe('UDP-Lite: udplite_error()', () => {
  const lite = (coverage: string, checksum = '1234', behind = '0000', more: Partial<Headers> = {}): number =>
    followerOf({ proto: UDPLITE }).next(
      headers(`03e80050 ${coverage} ${checksum} ${behind}`, more),
      0,
      ORIGINAL,
      false,
    );

  test('its coverage is nothing, or the header and no more than there is', () => {
    expect(['0000', '0008', '000a'].map((coverage) => lite(coverage))).toEqual([SEEN, SEEN, SEEN]);
    expect(['0001', '0007', '000b'].map((coverage) => lite(coverage))).toEqual(new Array(3).fill(Next.INVALID));
    expect(lite('000b', '1234', '0000', { fragment: Fragment.FIRST })).toBe(SEEN);
  });

  test('it has a checksum and a header', () => {
    expect(lite('0008', '0000')).toBe(Next.INVALID);
    expect(lite('0008', '1234', '', { wireEnd: 7 })).toBe(Next.INVALID);
    expect(lite('0001', '0000', '', { end: 7 })).toBe(SEEN);
  });

  test('is kept as UDP is', () => {
    const { timeout } = followerOf({ proto: UDPLITE });
    expect([timeout(SEEN, false, 99), timeout(SEEN, true, 2), timeout(SEEN, true, 3)]).toEqual([30, 30, 120]);
  });
});

describe('protocols without states', () => {
  test('GRE is kept for half a minute, answered for three; others for ten', () => {
    const [gre, other] = [followerOf({ proto: GRE }), followerOf({ proto: OSPF })];
    expect([gre.timeout(SEEN, false, 0), gre.timeout(SEEN, true, 0)]).toEqual([30, 180]);
    expect([other.timeout(SEEN, false, 0), other.timeout(SEEN, true, 0)]).toEqual([600, 600]);
    expect([gre, other].map((follower) => follower.next(headers(''), 0, ORIGINAL, false))).toEqual([SEEN, SEEN]);
  });

  test('ICMP belongs to its own family', () => {
    const next = (proto: number, family: 4 | 6, type: string): number =>
      followerOf({ proto }).next(headers(`${type}000000`, { family }), 0, ORIGINAL, false);
    expect([next(ICMP, 4, '08'), next(ICMP, 6, '08')]).toEqual([SEEN, Next.INVALID]);
    expect([next(ICMPV6, 6, '80'), next(ICMPV6, 4, '80')]).toEqual([SEEN, Next.INVALID]);
    expect([next(ICMP, 4, '00'), next(ICMPV6, 6, '81')]).toEqual([Next.INVALID, Next.INVALID]);
    expect(followerOf({ proto: ICMP }).timeout(SEEN, true, 0)).toBe(30);
  });
});

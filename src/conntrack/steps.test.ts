import { describe, expect, it } from 'vitest';
import { Direction } from '../packet/index.ts';
import { Kind, transitionOf } from './steps.ts';
import { tcpKind } from './tcp.ts';

const [FIN, SYN, RST, PSH, ACK, URG] = [0x01, 0x02, 0x04, 0x08, 0x10, 0x20];
/** include/uapi/linux/netfilter/nf_conntrack_tcp.h: TCP_CONNTRACK_… */
const [SYN_SENT, SYN_RECV, ESTABLISHED, FIN_WAIT, TIME_WAIT, CLOSE] = [1, 2, 3, 4, 7, 8];
const { ORIGINAL, REPLY } = Direction;

/** A step that does not hang on the connection's age. */
const step = (state: number, seconds: number, assured = false) => {
  const always = { timeout: seconds * 1e9, assured };
  return { state, young: always, old: always };
};

describe('how a packet opens a connection', () => {
  const opening = (kind: number) => transitionOf(kind, 0, ORIGINAL, false);

  it.each([
    ['SYN', SYN, step(SYN_SENT, 120)],
    // nf_conntrack_tcp_loose: picked up in the middle, and not acknowledged yet.
    ['ACK', ACK, step(ESTABLISHED, 300)],
    ['ACK with data', ACK | PSH, step(ESTABLISHED, 300)],
    ['ACK with urgent data', ACK | URG, step(ESTABLISHED, 300)],
  ])('TCP with %s', (_, flags, opened) => {
    expect(opening(tcpKind(flags))).toEqual(opened);
  });

  it.each([
    ['an answer', SYN | ACK],
    ['a reset', RST],
    ['an end', FIN | ACK],
  ])('TCP with %s opens none', (_, flags) => {
    expect(opening(tcpKind(flags))).toBeNull();
  });

  it.each([
    ['no flags at all', 0],
    ['flags that exclude each other', SYN | FIN],
  ])('TCP with %s is refused', (_, flags) => {
    expect(tcpKind(flags)).toBe(-1);
    expect(opening(Kind.NONE)).toBeNull();
  });

  it('UDP, for 30 seconds until it is answered', () => {
    expect(opening(Kind.UDP)).toEqual(step(1, 30));
  });

  it('an echo does, and no answer to one', () => {
    expect([opening(Kind.QUESTION), opening(Kind.ANSWER)]).toEqual([step(1, 30), null]);
  });
});

/** net/netfilter/nf_conntrack_proto_tcp.c: tcp_conntracks[][][], tcp_timeouts[]. */
describe('how a connection goes on', () => {
  it.each([
    ['SYN/ACK answers', tcpKind(SYN | ACK), SYN_SENT, REPLY, false, step(SYN_RECV, 60)],
    ['ACK establishes', tcpKind(ACK), SYN_RECV, ORIGINAL, true, step(ESTABLISHED, 432_000, true)],
    [
      'the first answer of one picked up does not assure it',
      tcpKind(ACK),
      ESTABLISHED,
      REPLY,
      false,
      step(ESTABLISHED, 300),
    ],
    ['what follows it does', tcpKind(ACK), ESTABLISHED, ORIGINAL, true, step(ESTABLISHED, 432_000, true)],
    ['FIN ends one side', tcpKind(FIN | ACK), ESTABLISHED, ORIGINAL, true, step(FIN_WAIT, 120)],
    ['a reset of one that was answered', tcpKind(RST), ESTABLISHED, REPLY, true, step(CLOSE, 10)],
    ['UDP that is not answered stays as it is', Kind.UDP, 1, ORIGINAL, false, step(1, 30)],
    ['an echo is never assured', Kind.QUESTION, 1, ORIGINAL, true, step(1, 30)],
  ])('%s', (_, kind, state, direction, replied, expected) => {
    expect(transitionOf(kind, state, direction, replied)).toEqual(expected);
  });

  it('UDP is a stream, and assured, once it is answered and older', () => {
    const young = { timeout: 30e9, assured: false };
    const old = { timeout: 120e9, assured: true };
    expect(transitionOf(Kind.UDP, 1, REPLY, true)).toEqual({ state: 1, young, old });
  });

  it.each([
    ['a reset of one that was never answered ends it', tcpKind(RST), ESTABLISHED, false],
    ['a SYN after its end opens it anew', tcpKind(SYN), TIME_WAIT, true],
  ])('more than a step: %s', (_, kind, state, replied) => {
    expect(transitionOf(kind, state, ORIGINAL, replied)).toBeNull();
  });
});

import { describe, expect, it } from 'vitest';
import { IPPROTO } from '../packet/index.ts';
import { openingOf } from './opening.ts';

const [FIN, SYN, RST, PSH, ACK, URG] = [0x01, 0x02, 0x04, 0x08, 0x10, 0x20];
/** net/netfilter/nf_conntrack_proto_tcp.c: TCP_CONNTRACK_SYN_SENT, TCP_CONNTRACK_ESTABLISHED. */
const [SYN_SENT, ESTABLISHED] = [1, 3];

describe('how a connection opens', () => {
  it.each([
    ['SYN', SYN, { state: SYN_SENT, timeout: 120e9 }],
    // nf_conntrack_tcp_loose: picked up in the middle, and not acknowledged yet.
    ['ACK', ACK, { state: ESTABLISHED, timeout: 300e9 }],
    ['ACK with data', ACK | PSH, { state: ESTABLISHED, timeout: 300e9 }],
    ['ACK with urgent data', ACK | URG, { state: ESTABLISHED, timeout: 300e9 }],
  ])('TCP with %s', (_, flags, opening) => {
    expect(openingOf(IPPROTO.TCP, flags)).toEqual(opening);
  });

  it.each([
    ['an answer', SYN | ACK],
    ['a reset', RST],
    ['no flags at all', 0],
    ['an end', FIN | ACK],
    ['flags that exclude each other', SYN | FIN],
  ])('TCP with %s opens none', (_, flags) => {
    expect(openingOf(IPPROTO.TCP, flags)).toBeNull();
  });

  it('UDP, for 30 seconds until it is answered', () => {
    expect(openingOf(IPPROTO.UDP, 0)).toEqual({ state: 1, timeout: 30e9 });
  });
});

import { describe, expect, test } from 'vitest';
import { EGRESS, ethernet, hex, ipv4, packetOf, ports } from '../../test/frames.ts';
import { Input, inputNames } from './inputs.ts';
import { readsLinear } from './linear.ts';
import { Linear, type Packet } from './packet.ts';

const [ETH, IP, UDP] = [14, 20, 8];
const PAYLOAD = ETH + IP + UDP;
/** 20 bytes behind the IP header, of which 8 are UDP's. */
const DATAGRAM = ethernet('0800', ipv4('192.0.2.1', '192.0.2.9', 17, ports(1000, 53)));
const packet = (bytes = DATAGRAM): Packet => packetOf(bytes, EGRESS);

/** Whether the byte can be read, and what that rests on. */
function read(p: Packet, at: number, length = 1): [boolean, string[]] {
  p.rests = 0;
  return [readsLinear(p, p.at + at, length), inputNames(p.rests)];
}

describe('quirk 71: ematches see the linear part of a packet only', () => {
  test('headers up to the end of the IP header are there', () => {
    expect(read(packet(), 0, ETH + IP)).toEqual([true, []]);
  });

  test('the transport header is, with most drivers; the payload is as it happens', () => {
    const p = packet();
    expect(read(p, ETH + IP, UDP)).toEqual([true, ['linear']]);
    expect(p.rests).toBe(Input.LINEAR_HEADER);
    expect(read(p, PAYLOAD)).toEqual([true, ['linear']]);
    expect(p.rests).toBe(Input.LINEAR);
  });

  test('what is behind the packet is not there, whatever is linear', () => {
    expect(read(packet(), PAYLOAD, 13)).toEqual([false, []]);
  });

  test('bytes that the capture left out are not known', () => {
    const p = packet();
    p.end -= 4;
    expect(read(p, PAYLOAD, 12)).toEqual([false, ['captured bytes']]);
  });

  test('padding behind a datagram without payload lies where its header lies', () => {
    const empty = DATAGRAM.slice();
    empty.set(hex('001c'), ETH + 2);
    const p = packet(empty);
    read(p, PAYLOAD);
    expect(p.rests).toBe(Input.LINEAR_HEADER);
  });

  test('a layout that was given is exact', () => {
    const p = packet();
    p.given |= Input.LINEAR | Input.LINEAR_HEADER;
    expect(read(p, PAYLOAD)).toEqual([true, []]);
    p.linear = Linear.HEADERS;
    expect(read(p, PAYLOAD)).toEqual([false, []]);
    expect(read(p, ETH + IP, UDP)).toEqual([true, []]);
  });
});

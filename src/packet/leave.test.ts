import { describe, expect, test } from 'vitest';
import {
  EGRESS,
  EGRESS_INBAND,
  envOf,
  ethernet,
  frameOf,
  hex,
  INGRESS,
  ipv4,
  packetOf,
  ports,
} from '../../test/frames.ts';
import { Frame } from '../capture/index.ts';
import { createPacket } from '../env.ts';
import { leave } from './leave.ts';
import { enter } from './link.ts';

const IP = ipv4('10.0.0.1', '192.0.2.9', 17, ports(1, 2));
const PLAIN = ethernet('0800', IP);
const TAGGED = ethernet('8100', `6064 0800 ${IP}`);
const DOUBLE = ethernet('88a8', `00c8 8100 0064 0800 ${IP}`);
const RAW = 101;
const SLL = 113;

function left(bytes: Uint8Array, device = EGRESS, linkType = 1): { frame: Frame; bytes: Uint8Array; wire: number } {
  const frame = new Frame();
  const wire = leave(packetOf(bytes, device, envOf(), linkType), frame, 'egress');
  return { frame, bytes: frame.data.subarray(frame.at, frame.end), wire };
}

describe('a packet that leaves', () => {
  test.each([
    ['without a tag', PLAIN],
    ['with a tag', TAGGED],
    ['with two', DOUBLE],
  ])('is the frame that came, %s, from every hook', (_, bytes) => {
    for (const device of [EGRESS, EGRESS_INBAND, INGRESS]) {
      const found = left(bytes, device);
      expect(found.bytes).toEqual(bytes);
      expect(found.frame).toMatchObject({ linkType: 1, length: bytes.length });
      expect(found.wire).toBe(bytes.length);
    }
  });

  test('keeps its time, and its length on the wire where the capture was cut', () => {
    const p = createPacket(envOf());
    const came = frameOf(TAGGED);
    Object.assign(came, { length: 1518, seconds: 5, nanoseconds: 7 });
    enter(came, p, INGRESS);
    const frame = new Frame();
    expect(leave(p, frame, 'egress')).toBe(1518);
    expect(frame).toMatchObject({ length: 1518, seconds: 5, nanoseconds: 7 });
    expect(frame.end - frame.at).toBe(TAGGED.length);
  });

  test('shows what actions changed', () => {
    const p = packetOf(TAGGED, INGRESS);
    p.own();
    p.data[p.addresses] = 0x04;
    p.vlanTci = 5;
    const frame = new Frame();
    leave(p, frame, 'egress');
    expect(frame.data).toEqual(hex(`040000000002 020000000001 8100 0005 0800 ${IP}`));
  });

  test('without an Ethernet header is a cooked one, under its protocol', () => {
    const { bytes, frame, wire } = left(hex(IP), EGRESS, RAW);
    expect(bytes).toEqual(hex(`0004 fffe 0000 0000000000000000 0800 ${IP}`));
    expect(frame).toMatchObject({ linkType: SLL, length: bytes.length });
    expect(wire).toBe(hex(IP).length);
  });

  test('has a cooked packet’s tag back where libpcap puts it', () => {
    const cooked = hex(`0000 fffe 0000 0000000000000000 8100 0064 0800 ${IP}`);
    const frame = new Frame();
    const p = packetOf(cooked, INGRESS, envOf(), SLL);
    expect(leave(p, frame, 'ingress')).toBe(4 + hex(IP).length);
    expect(frame.data).toEqual(cooked);
  });
});

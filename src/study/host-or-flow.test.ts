import { describe, expect, it } from 'vitest';
import { dissected, packetOf } from '../../test/frames.ts';
import { Ct, describeFrame } from '../packet/index.ts';
import { type By, HOST_OR_FLOW_WORDS, readHostOrFlow, subjectText } from './host-or-flow.ts';

const ARP = Uint8Array.from([...Array<number>(12).fill(2), 0x08, 0x06, ...Array<number>(28).fill(0)]);

function nameOf(by: By, text: string, ct: Ct | null = null): string {
  const frame = describeFrame(text);
  const packet = packetOf(frame);
  packet.ct = ct;
  const row = new Int32Array(HOST_OR_FLOW_WORDS);
  expect(readHostOrFlow(by, packet, dissected(frame), row)).toBe(true);
  return subjectText(by, row);
}

describe('who a packet belongs to', () => {
  it.each([
    ['host', 'tcp 192.0.2.1:1000 > 198.51.100.2:80', '192.0.2.1'],
    ['dst', 'tcp 192.0.2.1:1000 > 198.51.100.2:80', '198.51.100.2'],
    ['flow', 'tcp 192.0.2.1:1000 > 198.51.100.2:80', 'tcp 192.0.2.1:1000 > 198.51.100.2:80'],
    ['host', 'udp [2001:db8::1]:53 > [2001:db8::2]:53', '2001:db8::1'],
    ['dst', 'udp [2001:db8::1]:53 > [2001:db8::2]:53', '2001:db8::2'],
    ['flow', 'udp [2001:db8::1]:53 > [2001:db8::2]:53', 'udp [2001:db8::1]:53 > [2001:db8::2]:53'],
    ['flow', 'gre 192.0.2.1 > 198.51.100.2', 'gre 192.0.2.1 > 198.51.100.2'],
  ] as const)('is told by name: %s of %s', (by, packet, name) => {
    expect(nameOf(by, packet)).toBe(name);
  });

  it('is the sender before NAT where the connection is known, but the flow that was seen', () => {
    const ct = new Ct();
    ct.src[0] = 0x0a000001;
    ct.dst[0] = 0x0a000002;
    const seen = 'tcp 192.0.2.1:1000 > 198.51.100.2:80';
    expect(['host', 'dst', 'flow'].map((by) => nameOf(by as By, seen, ct))).toEqual(['10.0.0.1', '10.0.0.2', seen]);
  });

  it('is nobody without an IP address', () => {
    expect(readHostOrFlow('host', packetOf(ARP), dissected(ARP), new Int32Array(HOST_OR_FLOW_WORDS))).toBe(false);
  });
});

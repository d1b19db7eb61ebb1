import { describe, expect, it } from 'vitest';
import { explain } from '../api/index.ts';

const SPEC = 'hash keys src,dst,proto,proto-src,proto-dst,mark,vlan-tag,rxhash divisor 16';

/** The bytes of each key of a packet: `[at, length]`. */
async function bytesOf(packet: string | Uint8Array): Promise<Record<string, readonly (readonly number[])[]>> {
  const { filters } = await explain(packet, { filters: [SPEC] });
  return Object.fromEntries(
    (filters[0]?.keys ?? []).map(({ name, bytes }) => [name, bytes.map(({ at, length }) => [at, length])]),
  );
}

describe('the bytes that a key holds', () => {
  // RFC 791, RFC 793: behind an Ethernet header of 14 bytes.
  it('stand in the headers of IPv4 and TCP', async () => {
    expect(await bytesOf('tcp 10.0.0.7:5151 > 192.0.2.1:443')).toEqual({
      ...{ src: [[26, 4]], dst: [[30, 4]], proto: [[23, 1]], 'proto-src': [[34, 2]], 'proto-dst': [[36, 2]] },
      ...{ mark: [], 'vlan-tag': [], rxhash: [] },
    });
  });

  // RFC 8200: an address of IPv6 is folded into one word, of which all its bytes are part.
  it('stand in the headers of IPv6 and UDP', async () => {
    expect(await bytesOf('udp [2001:db8::1]:53 > [2001:db8::2]:53')).toMatchObject({
      ...{ src: [[22, 16]], dst: [[38, 16]], proto: [[20, 1]], 'proto-src': [[54, 2]], 'proto-dst': [[56, 2]] },
    });
  });

  it('of ICMP are none but the protocol, whose number is one bit away from none', async () => {
    const frame = Uint8Array.from([
      ...[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0],
      ...[0x45, 0, 0, 28, 0, 0, 0, 0, 64, 1, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2],
      ...[8, 0, 0, 0, 0, 1, 0, 1],
    ]);
    expect(await bytesOf(frame)).toMatchObject({ proto: [[23, 1]], 'proto-src': [], 'proto-dst': [] });
  });
});

describe('the headers of a packet', () => {
  it('cover the frame, with the link header and the tag that the device took out', async () => {
    const frame = Uint8Array.from([
      ...[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x81, 0, 0, 5, 8, 0],
      ...[0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2],
      ...[0, 80, 0, 81, 0, 0, 0, 0, 0, 0, 0, 0, 0x50, 2, 0, 0, 0, 0, 0, 0],
    ]);
    const { spans } = await explain(frame, { filters: [SPEC] });
    expect(spans.map(({ layer, at, length }) => [layer, at, length])).toEqual([
      ['link', 0, 18],
      ['tag', 12, 4],
      ['network', 18, 20],
      ['transport', 38, 20],
    ]);
  });
});

import { describe, expect, test } from 'vitest';
import { EGRESS, ethernet, INGRESS, packetOf } from '../../test/frames.ts';
import { byteAt, isReadable, Layer, layerStart } from './bytes.ts';
import type { Packet } from './packet.ts';

/** `count` bytes of a layer from `offset` on, as hex. */
function read(p: Packet, layer: number, offset: number, count: number): string {
  const start = layerStart(p, layer) + offset;
  return Array.from({ length: count }, (_, i) =>
    byteAt(p, start + i)
      .toString(16)
      .padStart(2, '0'),
  ).join('');
}

describe('the packet’s bytes', () => {
  test('a tag that was taken out is in no layer, and the addresses stand before the type', () => {
    const p = packetOf(ethernet('8100', '00050800 4500002a'), INGRESS);
    expect(read(p, Layer.LINK, 0, 16)).toBe('02000000000202000000000108004500');
    expect(read(p, Layer.NETWORK, -4, 6)).toBe('000108004500');
  });

  test('end at the first byte before and behind the frame', () => {
    const p = packetOf(ethernet('0800', '45000000'), EGRESS);
    const link = layerStart(p, Layer.LINK);
    expect(isReadable(p, link, 18)).toBe(true);
    expect(isReadable(p, link, 19)).toBe(false);
    expect(isReadable(p, link - 1, 1)).toBe(false);
    expect(isReadable(p, link + 18, 0)).toBe(true);
    expect(isReadable(p, link + 19, 0)).toBe(false);
  });

  test('a header that was never set is nowhere', () => {
    const p = packetOf(ethernet('0806', '00'.repeat(28)), EGRESS);
    expect(isReadable(p, layerStart(p, Layer.TRANSPORT), 0)).toBe(false);
    expect(isReadable(p, layerStart(p, 3), 0)).toBe(false);
  });
});

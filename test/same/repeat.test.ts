import { expect, it } from 'vitest';
import { smallCaptures } from '../fuzz/captures.ts';
import { ownFrames } from '../fuzz/corpus.ts';
import { partsOf, repeated } from './repeat.ts';
import { packetsIn } from './sources.ts';

const LEAST = 3 << 20;
const FRAMES = ownFrames(400);
const [PCAP = new Uint8Array(0), , PCAPNG = new Uint8Array(0)] = smallCaptures(FRAMES);

it.each([
  ['pcap', PCAP],
  ['pcapng', PCAPNG],
])('makes a %s longer, and leaves what is cut at its end', (_, whole) => {
  const parts = partsOf(whole.subarray(0, whole.length - 5));
  if (parts === null) throw new Error('no packets');
  const { piece, times } = repeated(parts, LEAST);
  const content = Buffer.concat([parts.head, ...new Array(times).fill(piece), parts.tail]);
  expect(content.length).toBeGreaterThanOrEqual(LEAST);
  const once = packetsIn({ name: '', bytes: content, content: whole.subarray(0, whole.length - 5), isDamaged: false });
  const copies = (piece.length / parts.body.length) * times;
  expect(once).toBe(FRAMES.length - 1);
  expect(packetsIn({ name: '', bytes: content, content, isDamaged: false })).toBe(copies * once);
});

it('does not make longer what has no packet', () => {
  expect(partsOf(PCAP.subarray(0, 24))).toBeNull();
  expect(partsOf(new Uint8Array(100))).toBeNull();
});

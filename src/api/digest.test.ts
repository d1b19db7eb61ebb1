import { expect, it } from 'vitest';
import { Digests, digestOfText } from './digest.ts';

/** The digest of a table with these lines. */
function ofLines(lines: readonly string[]) {
  const digests = new Digests();
  expect([...digests.ofLines('table', lines)]).toEqual(lines);
  return digests.inputs;
}

it('of a table is that of its text, as long as that has no more than 4096 bytes', () => {
  expect(ofLines(['10.0.0.1', 'ä'])).toEqual([digestOfText('table', '10.0.0.1\nä\n')]);
  expect(ofLines([])).toEqual([]);
});

it('of a long table hashes its first 4096 bytes, and counts all of them', () => {
  const lines = Array.from({ length: 1000 }, (_, i) => (i % 2 === 0 ? `10.0.0.${i}` : 'ä€😀'));
  const text = `${lines.join('\n')}\n`;
  const [found] = ofLines(lines);
  expect(found?.bytes).toBe(Buffer.byteLength(text));
  const changed = lines.with(999, '😀€ä');
  expect(ofLines(changed)).toEqual([found]);
  expect(ofLines(lines.with(0, '10.0.0.9'))[0]?.xxh64).not.toBe(found?.xxh64);
});

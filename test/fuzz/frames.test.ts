import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LINK_TYPES } from '../../src/packet/index.ts';
import { hex } from '../frames.ts';
import { ownFrames } from './corpus.ts';
import { trial } from './generate.ts';
import { DEVICES, Observer } from './observe.ts';
import { Random } from './random.ts';
import { REGRESSIONS } from './regressions.ts';

const linkTypes = fc.constantFrom(...LINK_TYPES.map((row) => row.number), 147);

describe('whatever a frame holds, every era makes 32-bit numbers of it and looks at no byte outside', () => {
  test('random bytes', () => {
    const observer = new Observer();
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 160 }),
        linkTypes,
        fc.constantFrom(...DEVICES),
        fc.nat(3000),
        (bytes, linkType, device, more) => observer.observe({ linkType, bytes }, device, bytes.length + more),
      ),
      { seed: 1, numRuns: 2000 },
    );
  });

  test('real frames, mutated, and chains of headers', () => {
    const corpus = ownFrames();
    expect(corpus.length).toBeGreaterThan(5000);
    const random = new Random(1);
    const observer = new Observer();
    for (let i = 0; i < 10_000; i++) {
      const tried = trial(random, corpus);
      const wire = tried.bytes.length + (random.oneIn(3) ? random.below(2000) : 0);
      observer.observe(tried, random.pick(DEVICES), wire);
    }
  });

  test('a real frame cut at every byte', () => {
    const observer = new Observer();
    for (const { linkType, bytes } of ownFrames(200)) {
      for (let length = 0; length <= Math.min(bytes.length, 120); length++) {
        const cut = { linkType, bytes: bytes.subarray(0, length) };
        for (const device of DEVICES) observer.observe(cut, device, bytes.length);
      }
    }
  });
});

describe('frames that are kept', () => {
  for (const row of REGRESSIONS) {
    if (!('frame' in row)) continue;
    test(row.name, () => {
      const observer = new Observer();
      const tried = { linkType: row.linkType, bytes: hex(row.frame) };
      for (const device of DEVICES) expect(() => observer.observe(tried, device, row.wire)).not.toThrow();
    });
  }
});

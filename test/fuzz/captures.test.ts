import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hex } from '../frames.ts';
import { brokenCapture, readTwice, smallCaptures } from './captures.ts';
import { framesOf, OWN_CAPTURES, ownFrames, projectFile } from './corpus.ts';
import { Random } from './random.ts';
import { REGRESSIONS } from './regressions.ts';

const FRAMES = ownFrames()
  .filter(({ linkType }) => linkType === 1)
  .slice(0, 5);

describe('whatever a capture file holds, it ends in frames and an end, or in a FormatError', () => {
  test('random bytes behind a magic number', () => {
    const magics = fc.constantFrom('a1b2c3d4', 'd4c3b2a1', '4d3cb2a1', '34cdb2a1', '0a0d0d0a', '');
    fc.assert(
      fc.property(magics, fc.uint8Array({ maxLength: 200 }), (magic, rest) =>
        readTwice(new Random(rest.length), Uint8Array.from([...hex(magic), ...rest])),
      ),
      { seed: 1, numRuns: 2000 },
    );
  });

  test('small files, mutated', () => {
    const random = new Random(2);
    const captures = smallCaptures(FRAMES);
    for (let i = 0; i < 3000; i++) readTwice(random, brokenCapture(random, random.pick(captures)));
  });

  test('small files cut at every byte', () => {
    const random = new Random(3);
    for (const file of smallCaptures(FRAMES)) {
      for (let length = 0; length <= file.length; length++) readTwice(random, file.subarray(0, length));
    }
  });

  test('our own captures, read in any pieces', () => {
    for (const path of OWN_CAPTURES) readTwice(new Random(4), projectFile(path));
  });
});

test('what is written is read back', () => {
  for (const file of smallCaptures(FRAMES)) expect(framesOf(file)).toEqual(FRAMES);
});

describe('files that are kept', () => {
  for (const row of REGRESSIONS) {
    if (!('capture' in row)) continue;
    test(row.name, () => readTwice(new Random(1), hex(row.capture)));
  }
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { invert, Tuple } from './tuple.ts';

const half = fc.integer({ min: 0, max: 0xffff });
const word = fc.integer({ min: -0x80000000, max: 0x7fffffff });
const words = fc.tuple(word, word, word, word);

const anyTuple = fc
  .record({
    proto: fc.integer({ min: 0, max: 255 }),
    src: words,
    dst: words,
    srcAll: half,
    dstAll: half,
    v6: fc.boolean(),
  })
  .map(({ proto, src, dst, srcAll, dstAll, v6 }) => {
    const tuple = new Tuple();
    tuple.family = v6 ? 6 : 4;
    tuple.proto = proto;
    tuple.src.set(src);
    tuple.dst.set(dst);
    tuple.srcAll = srcAll;
    tuple.dstAll = dstAll;
    return tuple;
  });

describe('invert', () => {
  test('twice gives the tuple back', () => {
    fc.assert(
      fc.property(anyTuple, (tuple) => {
        const there = new Tuple();
        const back = new Tuple();
        if (invert(tuple, there)) {
          expect(invert(there, back)).toBe(true);
          expect(back).toEqual(tuple);
        }
      }),
    );
  });

  test('an ICMP question becomes its answer: same id, same code, other type', () => {
    const answers = new Map<number, number>();
    for (let type = 0; type < 256; type++) {
      const tuple = new Tuple();
      tuple.proto = 1;
      tuple.srcAll = 0x1234;
      tuple.dstAll = (type << 8) | 7;
      const inverse = new Tuple();
      if (!invert(tuple, inverse)) continue;
      expect(inverse.srcAll).toBe(0x1234);
      expect(inverse.dstAll & 0xff).toBe(7);
      answers.set(type, inverse.dstAll >>> 8);
    }
    // RFC 792: echo 8/0, time stamp 13/14, information 15/16; RFC 950: address mask 17/18
    expect([...answers].sort((a, b) => a[0] - b[0])).toEqual([
      [0, 8],
      [8, 0],
      [13, 14],
      [14, 13],
      [15, 16],
      [16, 15],
      [17, 18],
      [18, 17],
    ]);
  });

  test('ICMPv6 knows echo (RFC 4443) and node information (RFC 4620)', () => {
    const known = [];
    for (let type = 0; type < 256; type++) {
      const tuple = new Tuple();
      tuple.proto = 58;
      tuple.dstAll = type << 8;
      const inverse = new Tuple();
      if (invert(tuple, inverse)) known.push([type, inverse.dstAll >>> 8]);
    }
    expect(known).toEqual([
      [128, 129],
      [129, 128],
      [139, 140],
      [140, 139],
    ]);
  });
});

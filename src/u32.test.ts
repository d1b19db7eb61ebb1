import { describe, expect, test } from 'vitest';
import {
  be16,
  be32,
  classidText,
  classText,
  le16,
  le32,
  popcount,
  rol,
  swab16,
  swab32,
  tcH,
  tcMajor,
  tcMinor,
  word,
} from './u32.ts';

const BYTES = Uint8Array.of(0x80, 0x01, 0x02, 0xff);

describe('readers', () => {
  test('take bytes in either order; 32-bit words are signed', () => {
    expect(be16(BYTES, 0)).toBe(0x8001);
    expect(le16(BYTES, 0)).toBe(0x0180);
    expect(be32(BYTES, 0)).toBe(0x800102ff | 0);
    expect(le32(BYTES, 0)).toBe(0xff020180 | 0);
    expect(word(Int32Array.of(7, -1), 1)).toBe(-1);
  });
});

describe('bits', () => {
  test('rotate, swap and count', () => {
    expect(rol(0x80000001, 4) >>> 0).toBe(0x00000018);
    expect(swab16(0x0800)).toBe(0x0008);
    expect(swab32(0x01020384) >>> 0).toBe(0x84030201);
    expect(popcount(0)).toBe(0);
    expect(popcount(-1)).toBe(32);
    expect(popcount(0x80000001)).toBe(2);
  });
});

describe('class ids', () => {
  test('are two 16-bit halves, unsigned', () => {
    expect(tcH(0xffff, 1)).toBe(0xffff0001);
    expect(tcH(1, 0x12345)).toBe(0x00012345);
    expect(tcMajor(0xffff0001)).toBe(0xffff);
    expect(tcMinor(0xffff0001)).toBe(1);
  });

  test.each([
    [0xffffffff, 'root'],
    [0, 'none'],
    [5, ':5'],
    [0x00010000, '1:'],
    [0x0001002a, '1:2a'],
  ])('%d is printed by tc as %s', (classid, text) => {
    expect(classidText(classid)).toBe(text);
  });

  test('of packets always show both halves', () => {
    expect(classText(0x00010000)).toBe('1:0');
    expect(classText(0xffff002a)).toBe('ffff:2a');
  });
});

import { describe, expect, it } from 'vitest';
import { type Arithmetic, Mode } from '../sched/flow/index.ts';
import { reachableMinors } from './classes.ts';

const HASH: Arithmetic = {
  mode: Mode.HASH,
  nkeys: 1,
  mask: 0xffffffff,
  xor: 0,
  rshift: 0,
  addend: 0,
  divisor: 0,
  baseclass: 0x10001,
  hashrnd: 0,
};
const MAP: Arithmetic = { ...HASH, mode: Mode.MAP };

describe('the minor numbers that a filter can give', () => {
  it('are one for each remainder from the base class on', () => {
    expect(reachableMinors({ ...HASH, divisor: 3 })).toEqual([1, 2, 3]);
    expect(reachableMinors({ ...HASH, divisor: 3, baseclass: 0x10010 })).toEqual([0x10, 0x11, 0x12]);
  });

  it('go round to 0, the qdisc, behind ffff', () => {
    expect(reachableMinors({ ...HASH, divisor: 3, baseclass: 0x1fffe })).toEqual([0, 0xfffe, 0xffff]);
  });

  it('are all of them without a divisor, or with one beyond 16 bits', () => {
    expect(reachableMinors(HASH)).toHaveLength(65536);
    expect(reachableMinors(MAP)).toHaveLength(65536);
    expect(reachableMinors({ ...HASH, divisor: 0x20001 })).toHaveLength(65536);
  });

  it('are those of the bits that mask and shift leave, for a map', () => {
    // 0xf0 >> 4 is 0…15, of which mask 0x50 leaves bits 0 and 2: 0, 1, 4, 5; plus 2, plus base class 1.
    expect(reachableMinors({ ...MAP, mask: 0x50, rshift: 4, addend: 2 })).toEqual([3, 4, 7, 8]);
    // "or 0x8" is mask ~8, xor 8: bit 3 is always set.
    expect(reachableMinors({ ...MAP, mask: 0x01, xor: 0x08 })).toEqual([9, 10]);
  });

  it('take a negative addend and a divisor as unsigned words', () => {
    // -1 + 0 is 4294967295, and 4294967295 mod 10 is 5; -1 + 1 is 0.
    expect(reachableMinors({ ...MAP, mask: 1, addend: 0xffffffff, divisor: 10 })).toEqual([1, 6]);
    expect(reachableMinors({ ...MAP, divisor: 8 })).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(reachableMinors({ ...MAP, divisor: 5 })).toEqual([1, 2, 3, 4, 5]);
  });
});

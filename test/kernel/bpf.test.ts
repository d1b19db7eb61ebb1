import { describe, expect, test } from 'vitest';
import { BpfWriter } from './bpf.ts';

const hex = (program: Buffer): string[] => program.toString('hex').match(/.{16}/g) ?? [];

describe('a BPF program', () => {
  test('returns 0 with two instructions', () => {
    expect(hex(new BpfWriter().exit().done())).toEqual(['b700000000000000', '9500000000000000']);
  });

  test('loads and stores name both registers, the offset and the size', () => {
    const w = new BpfWriter().load(4, 1, 9, 28).store(8, 10, -8, 1).load(2, 3, 6, 0x102).store(1, 7, 0, 2);
    expect(hex(w.done())).toEqual(['61911c0000000000', '7b1af8ff00000000', '6963020100000000', '7327000000000000']);
  });

  test('a jump counts the instructions between, from the one behind it', () => {
    const w = new BpfWriter().jumpIfZero(0, 'out').set(1, 5).add(1, -1).label('out').exit();
    expect(hex(w.done())[0]).toBe('1500020000000000');
  });

  test('a map is named by its number, in an instruction of two words', () => {
    const words = hex(new BpfWriter().lookup(2, 8).done());
    expect(words.slice(0, 2)).toEqual(['1811000002000000', '0000000000000000']);
    expect(words.at(-1)).toBe('8500000001000000');
  });

  test('a label that is nowhere is an error', () => {
    expect(() => new BpfWriter().jumpIfZero(0, 'nowhere').done()).toThrow('no label nowhere');
  });
});

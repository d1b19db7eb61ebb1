import { describe, expect, test } from 'vitest';
import { Btf } from './btf.ts';

/** A BTF blob: types as 32-bit words; `strings` without the empty one that comes first. */
function blob(types: readonly number[], strings: readonly string[], first = '\0'): Buffer {
  const text = Buffer.from(first + strings.map((each) => `${each}\0`).join(''));
  const words = Buffer.alloc(4 * types.length);
  for (const [i, word] of types.entries()) words.writeUInt32LE(word >>> 0, 4 * i);
  const header = Buffer.alloc(24);
  header.writeUInt16LE(0xeb9f, 0);
  header[2] = 1;
  header.writeUInt32LE(24, 4);
  header.writeUInt32LE(words.length, 12);
  header.writeUInt32LE(words.length, 16);
  header.writeUInt32LE(text.length, 20);
  return Buffer.concat([header, words, text]);
}

const info = (kind: number, count = 0, flag = 0): number => (flag << 31) | (kind << 24) | count;

/** struct s { int a; union { int b; }; int c : 3; } — and the function f, whose prototype comes first. */
const STRINGS = ['int', 's', 'a', 'b', 'c', 'f'];
const at = (name: string): number =>
  1 + STRINGS.slice(0, STRINGS.indexOf(name)).reduce((sum, each) => sum + each.length + 1, 0);
const TYPES = [
  ...[at('int'), info(1), 4, 32],
  ...[0, info(5, 1), 4, at('b'), 1, 0],
  ...[at('s'), info(4, 3, 1), 12, at('a'), 1, 0, 0, 2, 32, at('c'), 1, (3 << 24) | 65],
  ...[0, info(13, 1), 1, 0, 1],
  ...[at('f'), info(12), 4],
];

describe('BTF', () => {
  const btf = new Btf(blob(TYPES, STRINGS));

  test('a member is found by name, in an unnamed union too', () => {
    expect(btf.offset('s', 'a')).toBe(0);
    expect(btf.offset('s', 'b')).toBe(4);
    expect(btf.sizeOf('s')).toBe(12);
  });

  test('a bit field has its width, and no offset in bytes', () => {
    expect(btf.find('s', 'c')).toEqual({ bit: 65, width: 3 });
    expect(() => btf.offset('s', 'c')).toThrow('no member c');
  });

  test('what is not there is said', () => {
    expect(btf.find('s', 'd')).toBeNull();
    expect(() => btf.sizeOf('t')).toThrow('no struct t');
    expect(() => btf.functionId('g')).toThrow('no function g');
    expect(() => new Btf(Buffer.from('not BTF, certainly not'))).toThrow('not BTF');
  });

  test('types are counted from 1, those of a module from where the kernel ends, and its names go on likewise', () => {
    expect(btf.functionId('f')).toBe(5);
    const base = STRINGS.reduce((sum, each) => sum + each.length + 1, 1);
    const module = new Btf(blob([base, info(12), 4], ['g'], ''), btf);
    expect(module.functionId('g')).toBe(6);
    expect(module.offset('s', 'b')).toBe(4);
  });
});

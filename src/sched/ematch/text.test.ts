import { describe, expect, test } from 'vitest';
import { AROUND, printedOf, recordedPacket, refusalOf, treeOf } from '../../../test/ematches.ts';
import { EGRESS, envOf, ethernet, hex, INGRESS, packetOf } from '../../../test/frames.ts';
import { Errno } from '../../errors.ts';
import { AttrWriter } from '../../netlink/index.ts';
import { compileMatch, dumpMatch } from './index.ts';

interface Search {
  readonly algo?: string;
  readonly from?: readonly [layer: number, offset: number];
  readonly to?: readonly [layer: number, offset: number];
  readonly pattern: Uint8Array | string;
  readonly length?: number;
}

/** struct tcf_em_text and the pattern. */
function textOf({ algo = 'kmp', from = [1, 0], to = [1, 100], pattern, length }: Search): Uint8Array {
  const bytes = typeof pattern === 'string' ? new TextEncoder().encode(pattern) : pattern;
  const w = new AttrWriter();
  w.bytes(new TextEncoder().encode(algo.padEnd(16, '\0')));
  w.u16(from[1]);
  w.u16(to[1]);
  w.u16(length ?? bytes.length);
  w.u8(from[0] | (to[0] << 4));
  w.u8(0);
  w.bytes(bytes);
  return w.done();
}

const HELLO = packetOf(
  ethernet('0800', `4500${'00'.repeat(18)}${Buffer.from('xx hello abababac').toString('hex')}`),
  EGRESS,
);

function found(search: Search, p = HELLO): boolean {
  return compileMatch(treeOf([5, textOf(search)]), AROUND, envOf()).match(p);
}

/** net/core/skbuff.c: skb_find_text() of Linux 6.1; positions 20 … 36 of the network layer hold the text. */
describe('text', () => {
  test.each(['kmp', 'bm'])('%s finds bytes that begin in the range', (algo) => {
    expect(found({ algo, pattern: 'hello' })).toBe(true);
    expect(found({ algo, pattern: 'hallo' })).toBe(false);
    expect(found({ algo, pattern: 'ababac' })).toBe(true);
    expect(found({ algo, pattern: 'hello', from: [1, 23] })).toBe(true);
    expect(found({ algo, pattern: 'hello', from: [1, 24] })).toBe(false);
    expect(found({ algo, pattern: 'hello', to: [1, 23] })).toBe(true);
    expect(found({ algo, pattern: 'hello', to: [1, 22] })).toBe(false);
  });

  test('nothing before the start of data is searched', () => {
    const p = packetOf(ethernet('0800', `4500${'00'.repeat(40)}`), INGRESS);
    expect(found({ pattern: hex('0200'), from: [0, 0], to: [1, 10] }, p)).toBe(false);
    expect(found({ pattern: hex('0200'), from: [0, 0], to: [1, 10] }, recordedPacket())).toBe(true);
  });

  test('a transport header that was never set is behind all bytes', () => {
    const p = packetOf(ethernet('0806', '00'.repeat(40)), EGRESS);
    expect(found({ pattern: hex('0000'), from: [2, 0], to: [2, 10] }, p)).toBe(false);
    expect(found({ pattern: hex('0000'), from: [1, 0], to: [2, 10] }, p)).toBe(true);
  });

  /** Tokens of the machine: {type, recurrence, value}; lib/ts_fsm.c. */
  test('fsm runs tokens over the bytes', () => {
    const token = (type: number, recur: number, char = '\0') => [type, 0, recur, char.charCodeAt(0)];
    const search = (...tokens: number[][]) =>
      found({ algo: 'fsm', from: [1, 20], pattern: Uint8Array.from(tokens.flat()) });
    const [specific, any, alpha, digit] = [0, 1, 5, 2];
    const [single, multi, head] = [0, 3, 4];
    expect(search(token(specific, single, 'x'), token(specific, single, 'x'), token(any, multi))).toBe(true);
    expect(search(token(specific, single, 'h'), token(any, multi))).toBe(false);
    expect(search(token(any, head), token(specific, single, 'h'), token(alpha, multi))).toBe(true);
    expect(search(token(any, head), token(digit, single), token(any, multi))).toBe(false);
    expect(search(token(any, head), token(specific, single, 'a'), token(specific, single, 'c'))).toBe(true);
    expect(search(token(any, head), token(specific, single, 'h'), token(specific, single, 'e'))).toBe(false);
  });

  test.each<[string, Search, number]>([
    ['an empty pattern', { pattern: '' }, Errno.EINVAL],
    ['a pattern longer than its data', { pattern: 'abc', length: 4 }, Errno.EINVAL],
    ['layers backwards', { pattern: 'a', from: [2, 0], to: [1, 0] }, Errno.EINVAL],
    ['offsets backwards', { pattern: 'a', from: [1, 5], to: [1, 4] }, Errno.EINVAL],
    ['an unknown algorithm', { pattern: 'a', algo: 'nosuch' }, Errno.ENOENT],
    ['a name without an end', { pattern: 'a', algo: 'k'.repeat(16) }, Errno.EINVAL],
    ['half a token', { pattern: 'abc', algo: 'fsm' }, Errno.EINVAL],
    ['a token type that there is not', { pattern: hex('0e000000'), algo: 'fsm' }, Errno.EINVAL],
    ['a head that is all there is', { pattern: hex('01000400'), algo: 'fsm' }, Errno.EINVAL],
  ])('%s is refused', (_, search, errno) => {
    expect(() => found(search)).toThrow(expect.objectContaining({ errno }));
  });

  test('tc has no words for it', () => {
    expect(refusalOf('text(kmp "hello" from link to network)')).toBe('Unknown ematch "text"');
    expect(printedOf(treeOf([5, textOf({ pattern: 'hello' })]))).toBe('[unknown ematch 5]');
  });

  test('a dump shows the pattern, and the classes of a machine in place of types', () => {
    const plain = treeOf([5, textOf({ pattern: 'hell' })]);
    expect(dumpMatch(plain)).toEqual(plain);
    const machine = (tokens: string) => treeOf([5, textOf({ algo: 'fsm', pattern: hex(tokens) })]);
    expect(dumpMatch(machine('05000000 01000300'))).toEqual(machine('03000000 00020300'));
  });
});

import { describe, expect, test } from 'vitest';
import { exactnessOf, Input, inputNames, missingOf, missingText, Reader } from './inputs.ts';

describe('what results rest on', () => {
  test('a result is as sure as the least sure of its inputs', () => {
    expect(exactnessOf(0)).toBe('exact');
    expect(exactnessOf(Input.MARK | Input.SEED)).toBe('assumed');
    expect(exactnessOf(Input.MARK | Input.RANDOM)).toBe('unknowable');
  });

  test('every input has a name', () => {
    for (const bit of Object.values(Input)) expect(inputNames(bit)).toHaveLength(1);
  });

  test('packets count once for each input, however much of it they rest on', () => {
    const counts = new Map([
      [Input.MARK, 3],
      [Input.MARK | Input.LINEAR, 2],
      [Input.LINEAR_HEADER | Input.LINEAR, 1],
      [Input.LINEAR_HEADER, 4],
    ]);
    expect(missingOf(counts)).toEqual([
      { input: 'linear', packets: 7, option: '--set linear=1' },
      { input: 'mark', packets: 5, option: '--set mark=' },
    ]);
  });

  test('the text names who read it and the option that gives it', () => {
    const readBy = new Int32Array(7);
    readBy[Reader.FW] = Input.MARK;
    readBy[Reader.FLOWER] = Input.IIF;
    const mark = { input: 'mark', packets: 4879, option: '--set mark=' };
    expect(missingText(mark, readBy)).toBe(
      '4879 packets: fw filters met mark 0; tell marks with --set mark= or --meta',
    );
    const random = { input: 'random', packets: 1, option: null };
    expect(missingText(random, readBy)).toBe(
      '1 packet: flow filters met random numbers of the kernel; no option gives it',
    );
  });
});

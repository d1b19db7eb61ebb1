import { describe, expect, test } from 'vitest';
import { joinMessages } from '../../src/netlink/index.ts';
import { type Pair, runOurs, verdict } from './compare.ts';
import { lineOf, RealTc } from './real-tc.ts';
import { tryLines } from './try.ts';

/** A real tc that does as ours did, but for `change`. */
function pairOf(text: string, change: (pair: Pair) => Partial<Pair['theirs']> = () => ({})): Pair {
  const line = lineOf(text);
  const ours = runOurs(line);
  const theirs = {
    exit: ours.exit,
    stdout: '',
    stderr: ours.stderr,
    sent: ours.sent.map((one) => joinMessages([one])),
  };
  const pair = { line, ours, theirs };
  return { ...pair, theirs: { ...theirs, ...change(pair) } };
}

const turned = (sent: readonly Uint8Array[], at: number): Uint8Array[] =>
  sent.map((bytes) => bytes.with(at, (bytes[at] ?? 0) ^ 1));

describe('ours beside another tc', () => {
  const FLOW = 'filter add dev d0 parent 1: flow hash keys src divisor 16';
  const SIMPLE = 'actions add action simple sdata abc';

  test('the same is no difference', () => {
    for (const text of [FLOW, SIMPLE, 'qdisc add dev d0 root', 'filter show dev d0', 'nonsense']) {
      expect(verdict(pairOf(text))).toBeNull();
    }
  });

  test('another status, a byte, a request less', () => {
    const differs = (change: (pair: Pair) => Partial<Pair['theirs']>) => verdict(pairOf(FLOW, change));
    expect(differs(() => ({ exit: 1 }))).toHaveProperty('difference');
    expect(differs(() => ({ sent: [] }))).toHaveProperty('difference');
    expect(differs(({ theirs }) => ({ sent: turned(theirs.sent, 60) }))).toHaveProperty('difference');
  });

  test('what tc has in memory behind a text counts for nothing, the text does', () => {
    const text = pairOf(SIMPLE).theirs.sent[0]?.findIndex((byte, i, all) => byte === 0x61 && all[i + 1] === 0x62) ?? -1;
    const at = (place: number) => verdict(pairOf(SIMPLE, ({ theirs }) => ({ sent: turned(theirs.sent, place) })));
    expect(at(text + 10)).toBeNull();
    expect(at(text + 1)).toHaveProperty('difference');
  });

  test('a justified kind has its name', () => {
    const typed = pairOf('qdisc add dev d0 root netem delay', () => ({ exit: 1, sent: [] }));
    expect(verdict(typed)).toEqual({ justified: 'not modelled' });
  });
});

const real = RealTc.open();

describe.skipIf(typeof real === 'string')(`the real tc${typeof real === 'string' ? ` (skipped: ${real})` : ''}`, () => {
  test('takes and refuses as ours, and sends the same', () => {
    if (typeof real === 'string') return;
    const { lines, accepted, differences } = tryLines(real, 1, 100);
    real.close();
    expect({ lines, differences }).toEqual({ lines: 100, differences: [] });
    expect(accepted).toBeGreaterThan(10);
  });
});

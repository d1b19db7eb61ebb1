import { describe, expect, test } from 'vitest';
import type { ChainCase } from '../chains.ts';
import type { SentFrame, TriedFilter } from '../classify.ts';
import { shrinkChain, simplerLines } from './chain-shrink.ts';
import { shorterSessions, shrinkSession } from './control.ts';
import { shrink, simplerFilters } from './shrink.ts';

const frame: SentFrame = { bytes: Buffer.alloc(300, 7), mark: 5, priority: 6, owner: 1 };
const filter: TriedFilter = { protocol: 'ip', options: 'hash keys src,dst,mark divisor 77 baseclass 1:2' };

describe('a pair that differs is made small', () => {
  test('down to the byte and the word that matter', async () => {
    const differs = (f: SentFrame, { options }: TriedFilter): boolean => f.bytes.includes(7) && /dst/.test(options);
    const small = await shrink({ frame, filter }, async (filters, frames) =>
      frames.flatMap((each, i) => filters.flatMap((one, j) => (differs(each, one) ? [{ frame: i, filter: j }] : []))),
    );
    expect(small.filter.options).toBe('map key dst');
    expect(small.frame.bytes.length).toBeLessThan(24);
    expect(small.frame.bytes.filter((byte) => byte === 7).length).toBeLessThan(6);
  });

  test('one that does not differ again stays as it is', async () => {
    expect(await shrink({ frame, filter }, async () => [])).toEqual({ frame, filter });
  });

  test('a simpler filter has an option or a key less, one key alone, or every protocol', () => {
    const words = simplerFilters(filter).map(({ protocol, options }) => `${protocol}: ${options}`);
    expect(words).toContain('all: hash keys src,dst,mark divisor 77 baseclass 1:2');
    expect(words).toContain('ip: map key mark');
    expect(words).toContain('ip: hash keys src,dst,mark baseclass 1:2');
    expect(words).toContain('ip: hash keys src,mark divisor 77 baseclass 1:2');
    expect(words).not.toContain('ip: hash keys src,dst,mark divisor 77 baseclass 1:2');
  });
});

describe('a setup that differs is made small', () => {
  const filters = [
    "chain 0 pref 1 protocol ip handle 1 flow hash keys src,dst match 'meta(vlan eq 1)' divisor 7 action drop",
    'chain 0 pref 2 protocol all handle 1 flow map key mark action skbedit mark 3 pipe action goto chain 2',
    'chain 2 pref 1 protocol all handle 1 matchall action vlan pop pipe action pass',
  ];
  const setup: ChainCase = { hook: 'egress', filters, frames: Array.from({ length: 40 }, () => frame) };

  test('down to the filter, the action and the frame that matter', async () => {
    const differs = ({ filters: asked, frames }: ChainCase): number | null =>
      asked.some((line) => /skbedit mark 3/.test(line)) && frames.some(({ bytes }) => bytes.includes(7)) ? 1 : null;
    const small = await shrinkChain(setup, async (cases) => cases.map(differs));
    expect(small.filters).toEqual([
      'chain 0 pref 2 protocol all handle 1 flow map key mark action skbedit mark 3 pipe',
    ]);
    expect(small.frames).toHaveLength(1);
    expect(small.frames[0]?.bytes.length).toBeLessThan(24);
  });

  test('a simpler filter has an action or its ematch less, every protocol, or the plainest key', () => {
    const [first = ''] = filters;
    expect(simplerLines(first)).toEqual([
      first.replace(' action drop', ''),
      first.replace(" match 'meta(vlan eq 1)'", ''),
      'chain 0 pref 1 protocol ip handle 1 flow map key mark action drop',
    ]);
  });
});

describe('a session that differs is made small', () => {
  test('down to the two requests that it takes', async () => {
    const session = Array.from({ length: 40 }, (_, i) => Uint8Array.of(i));
    const small = await shrinkSession(session, async (sessions) =>
      sessions.flatMap((each, number) => {
        const first = each.findIndex(([byte]) => byte === 3);
        const then = each.findIndex(([byte], i) => i > first && byte === 31);
        return first >= 0 && then >= 0 ? [{ session: number, datagram: then, kernel: '', ours: '' }] : [];
      }),
    );
    expect(small.map(([byte]) => byte)).toEqual([3, 31]);
  });

  test('shorter ones are shorter', () => {
    const session = [1, 2, 3, 4, 5];
    for (const shorter of shorterSessions(session)) expect(shorter.length).toBeLessThan(session.length);
    expect(shorterSessions(session)).toContainEqual([1, 3, 4, 5]);
  });
});

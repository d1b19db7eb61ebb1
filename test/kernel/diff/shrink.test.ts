import { describe, expect, test } from 'vitest';
import type { SentFrame, TriedFilter } from '../classify.ts';
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

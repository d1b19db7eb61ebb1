import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { lines } from './report.ts';
import { checkTracker } from './tracker.ts';

const records = fileURLToPath(new URL('./records/conntrack', import.meta.url));

describe.skipIf(!existsSync(records))('our own connection tracking, fed what a real router forwarded', () => {
  test('gives every packet the direction and the tuple that the kernel gave it', () => {
    const report = checkTracker(records);
    expect(report.differ, lines('tracker', report).join('\n')).toBe(0);
    expect(report.checked).toBeGreaterThan(1400);
    expect(report.tuples).toBeGreaterThan(500);
  });
});

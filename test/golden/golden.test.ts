import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { FAMILIES } from './families.ts';
import { lines } from './report.ts';

const records = fileURLToPath(new URL('./records', import.meta.url));

describe('what a real kernel did, we do', () => {
  for (const { name, check } of FAMILIES) {
    if (check === null || !existsSync(path.join(records, name))) continue;
    test(`${name}: no record differs`, () => {
      const report = check(path.join(records, name));
      expect(report.checked).toBeGreaterThan(name === 'regress' ? 0 : 100);
      expect(report.differ, lines(name, report).join('\n')).toBe(0);
    });
  }
});

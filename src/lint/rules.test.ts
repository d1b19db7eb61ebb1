import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { simulateScript } from '../api/index.ts';
import { type CheckedFinding, check, checkSimulated, RULES } from './index.ts';
import type { Page } from './rules/page.ts';

/** FT017 needs to know how many hosts there are. */
const hosts = (code: string): number | null => (code === 'FT017' ? 30 : null);

const names = readdirSync(join(import.meta.dirname, 'rules'))
  .filter((file) => !file.endsWith('.test.ts'))
  .map((file) => file.replace(/\.ts$/, ''));

/** The page in the file of a rule, whose name begins with the rule's code. */
async function pageOf(code: string): Promise<Page> {
  const name = names.find((name) => name.split('-')[0] === code.toLowerCase()) ?? code;
  const { PAGE } = (await import(`./rules/${name}.ts`)) as { PAGE: Page };
  return PAGE;
}

const pages = await Promise.all(RULES.map(async ({ code }) => ({ code, page: await pageOf(code) })));

/** A shell script with its first line is simulated, as the command does it; all others are judged as they stand. */
async function found(script: readonly string[], code: string): Promise<readonly CheckedFinding[]> {
  const text = script.join('\n');
  const besides = { hosts: hosts(code) };
  if (!text.startsWith('#!')) return check(text, besides).findings;
  return checkSimulated(await simulateScript({ text }), besides).findings;
}

interface Place {
  readonly code: string;
  readonly severity: string;
  readonly place: string;
}

/** What is found, with the line and the word that each finding is at. */
async function places(script: readonly string[], code: string): Promise<readonly Place[]> {
  return (await found(script, code)).map(({ code, severity, line, column, length }) => {
    const word = script[line - 1]?.slice(column - 1, column - 1 + length);
    return { code, severity, place: `line ${line}: ${word}` };
  });
}

describe('every rule', () => {
  test('has a row in the list, and an example of each kind', () => {
    const codes = names.filter((name) => /^ft\d/.test(name)).map((name) => name.split('-')[0]?.toUpperCase());
    expect(codes).toEqual(RULES.map(({ code }) => code).filter((code) => code.startsWith('FT')));
    expect(pages.filter(({ page: { found, clean } }) => found.length === 0 || clean.length === 0)).toEqual([]);
  });

  for (const { code, page } of pages) {
    for (const { script, line, word } of page.found) {
      test(`${code} is found at line ${line} of its example, at ${word}`, async () => {
        expect(await places(script, code)).toContainEqual(
          expect.objectContaining({ code, place: `line ${line}: ${word}` }),
        );
      });
    }
    for (const { script, why } of page.clean) {
      test(`${code} is not found, nor anything but advice, where it only looks like it: ${why}`, async () => {
        const others = (await places(script, code)).filter((one) => one.code === code || one.severity !== 'advice');
        expect(others).toEqual([]);
      });
    }
  }

  test('that says how the command would be right finds nothing there once that is done', async () => {
    let fixes = 0;
    for (const { code, page } of pages) {
      for (const { script } of page.found) {
        for (const finding of await found(script, code)) {
          if (finding.code !== code || finding.fix === null) continue;
          fixes++;
          const mended = script.map((line, i) => (i === finding.line - 1 ? (finding.fix ?? '') : line));
          const left = (await found(mended, code)).map(({ code, message }) => `${code} ${message}`);
          expect(left, finding.fix).not.toContain(`${code} ${finding.message}`);
        }
      }
    }
    expect(fixes).toBeGreaterThanOrEqual(11);
  });
});

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { check, RULES } from '../../src/lint/index.ts';

const FOLDER = join(import.meta.dirname, '../../docs/findings');
const page = (code: string): string => readFileSync(join(FOLDER, `${code}.md`), 'utf8');

describe('the pages of docs/findings', () => {
  test('are one for each finding, and no other', () => {
    const pages = readdirSync(FOLDER).filter((name) => name !== 'README.md');
    expect(pages.sort()).toEqual(RULES.map(({ code }) => `${code}.md`).sort());
  });

  test('have a row each in the list of all findings', () => {
    const rows = [...readFileSync(join(FOLDER, 'README.md'), 'utf8').matchAll(/^\| \[(\w+)\]\(\1\.md\) \| (\w+) \|/gm)];
    expect(rows.map(([, code, severity]) => [code, severity])).toEqual(
      RULES.map(({ code, severity }) => [code, severity]),
    );
  });

  for (const { code } of RULES) {
    test(`${code} has a heading, an example, what happens and the mend`, () => {
      expect(page(code)).toMatch(
        new RegExp(
          `^# ${code}: .+\\n\\n\`\`\`\\n[^]+?\\n\`\`\`\\n\\n\\*\\*What happens\\.\\*\\* [^]+\\*\\*The mend\\.\\*\\* .+\\n$`,
        ),
      );
    });
  }

  test('have an example that tc understands, or that is about what it does not', () => {
    const odd = RULES.map(({ code }) => code).filter((code) => {
      const [, example = ''] = page(code).split('```\n');
      const found = check(example).findings.map((finding) => finding.code);
      return found.includes('SYNTAX') && code !== 'SYNTAX';
    });
    expect(odd).toEqual([]);
  });
});

import type { Rule } from './finding.ts';
import { RULES } from './rules/index.ts';
import type { CleanExample, FoundExample, Page } from './rules/page.ts';
import { PAGES } from './rules/pages.ts';

/** The page of a code in Markdown; '': there is no such code. */
export function pageOf(code: string): string {
  const rule = RULES.find((one) => one.code === code);
  const page = PAGES[code];
  return rule === undefined || page === undefined ? '' : pageText(rule, page);
}

/** A page in Markdown, as docs/findings has it. */
export function pageText({ code, title }: Pick<Rule, 'code' | 'title'>, page: Page): string {
  const { happens, mend, found, clean } = page;
  return [
    `# ${code}: ${title}`,
    '',
    ...found.flatMap(foundText),
    `**What happens.** ${happens.join(' ')}`,
    '',
    `**The mend.** ${mend.join(' ')}`,
    '',
    ...clean.flatMap(cleanText),
  ].join('\n');
}

const fenced = (lines: readonly string[]): string[] => ['```', ...lines, '```', ''];
const foundText = ({ script, line, word }: FoundExample): string[] => [
  ...fenced(script),
  `Found at line ${line}: \`${word}\`.`,
  '',
];
const cleanText = ({ script, why }: CleanExample): string[] => [
  `**Nothing is found here.** ${why}`,
  '',
  ...fenced(script),
];

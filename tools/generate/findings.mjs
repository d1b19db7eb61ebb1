// Writes docs/findings from the rules of src/lint/rules: a page for each, and the list of all.
// With --check it says whether the files are up to date. Needs a build.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))));
const folder = path.join(root, 'docs/findings');
const { RULES } = await import(new URL('../../dist/src/lint/index.js', import.meta.url).href);
const names = readdirSync(path.join(root, 'src/lint/rules'))
  .filter((file) => !file.endsWith('.test.ts'))
  .map((file) => file.replace(/\.ts$/, ''));

/** The page in the file of a rule, whose name begins with the rule's code. */
async function pageOf({ code }) {
  const name = names.find((one) => one.split('-')[0] === code.toLowerCase());
  const { PAGE } = await import(new URL(`../../dist/src/lint/rules/${name}.js`, import.meta.url).href);
  return PAGE;
}

const fenced = (lines) => ['```', ...lines, '```', ''];
const found = ({ script, line, word }) => [...fenced(script), `Found at line ${line}: \`${word}\`.`, ''];
const clean = ({ script, why }) => [`**Nothing is found here.** ${why}`, '', ...fenced(script)];

function pageText({ code, title }, { happens, mend, found: bad, clean: good }) {
  return [
    '<!-- Made by tools/generate/findings.mjs from src/lint/rules; do not edit. -->',
    `# ${code}: ${title}`,
    '',
    ...bad.flatMap(found),
    `**What happens.** ${happens.join(' ')}`,
    '',
    `**The mend.** ${mend.join(' ')}`,
    '',
    ...good.flatMap(clean),
  ].join('\n');
}

const LIST = `<!-- Made by tools/generate/findings.mjs from src/lint/rules; do not edit. -->
# Findings of \`cls-flow check\`

Severity is the usual one; it may be lower where less is lost. Records (fate-NNN) are what Linux 6.1.192 did.
A comment \`# cls-flow: ignore FT011\` silences its own line, or the next one if it stands alone.

| code | severity | what |
| --- | --- | --- |
`;

const rows = RULES.map(({ code, severity, title }) => `| [${code}](${code}.md) | ${severity} | ${title} |\n`);
const pages = await Promise.all(RULES.map(async (rule) => [`${rule.code}.md`, pageText(rule, await pageOf(rule))]));
const files = new Map([...pages, ['README.md', LIST + rows.join('')]]);
const others = readdirSync(folder).filter((name) => !files.has(name));

/** As it is in the folder; null: it is not there. */
function present(name) {
  try {
    return readFileSync(path.join(folder, name), 'utf8').replaceAll('\r\n', '\n');
  } catch {
    return null;
  }
}

if (process.argv.includes('--check')) {
  const stale = [...others, ...[...files].filter(([name, text]) => present(name) !== text).map(([name]) => name)];
  for (const name of stale)
    console.error(`docs/findings/${name} is not what tools/generate/findings.mjs makes: run it`);
  process.exitCode = stale.length === 0 ? 0 : 1;
} else {
  for (const name of others) rmSync(path.join(folder, name));
  for (const [name, text] of files) writeFileSync(path.join(folder, name), text);
}

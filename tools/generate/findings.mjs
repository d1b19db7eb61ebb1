// Writes docs/findings from the rules of src/lint/rules: a page for each, and the list of all; and the list of the pages,
// src/lint/rules/pages.ts. With --check it says whether the files are up to date. Needs a build.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))));
const load = (file) => import(new URL(`../../dist/src/lint/${file}.js`, import.meta.url).href);
const { RULES } = await load('index');
const { pageText } = await load('page-text');
const names = readdirSync(path.join(root, 'src/lint/rules'))
  .filter((file) => !file.endsWith('.test.ts'))
  .map((file) => file.replace(/\.ts$/, ''));

/** The file of a rule, whose name begins with the rule's code. */
const nameOf = ({ code }) => names.find((one) => one.split('-')[0] === code.toLowerCase());

const INTERFACE = "import type { Page } from './page.ts';\n";
const source = (line) => /'(.*)'/.exec(line)[1];
const IMPORTS = [
  ...RULES.map((rule) => `import { PAGE as ${rule.code} } from './${nameOf(rule)}.ts';\n`),
  INTERFACE,
].sort((a, b) => (source(a) < source(b) ? -1 : 1));

/** The pages by code: what SARIF and docs/findings are made of. */
const LISTED = `// Made by tools/generate/findings.mjs from the rules beside it; do not edit.
${IMPORTS.join('')}
export const PAGES: Readonly<Record<string, Page>> = {
${RULES.map(({ code }) => `  ${code},\n`).join('')}};
`;

const LIST = `<!-- Made by tools/generate/findings.mjs from src/lint/rules; do not edit. -->
# Findings of \`cls-flow check\`

Severity is the usual one; it may be lower where less is lost. Records (fate-NNN) are what Linux 6.1.192 did.
A comment \`# cls-flow: ignore FT011\` silences its own line, or the next one if it stands alone.

For a whole run, \`--ignore FT016\` leaves findings out and \`--only FT001\` looks for these alone. A \`cls-flow.json\` in the working
folder (or \`--config FILE\`) says how bad the findings of a code count, or that they are off
([schema](../schema/cls-flow.schema.json)); \`--only\` finds what is off there too:

\`\`\`
{ "rules": { "FT015": "off", "FT017": "error" } }
\`\`\`

\`SYNTAX\` and \`REFUSED\` cannot be switched off, and \`--only\` keeps them: what stands on a line that was refused is judged
without it, so a run that hides them would mean nothing. They may be made \`advice\`, and a comment silences one line.

| code | severity | what |
| --- | --- | --- |
`;

const rows = RULES.map(({ code, severity, title }) => `| [${code}](${code}.md) | ${severity} | ${title} |\n`);
const HEAD = '<!-- Made by tools/generate/findings.mjs from src/lint/rules; do not edit. -->\n';

async function pageFile(rule) {
  const { PAGE } = await load(`rules/${nameOf(rule)}`);
  return [`docs/findings/${rule.code}.md`, HEAD + pageText(rule, PAGE)];
}

const files = new Map([
  ...(await Promise.all(RULES.map(pageFile))),
  ['docs/findings/README.md', LIST + rows.join('')],
  ['src/lint/rules/pages.ts', LISTED],
]);
const others = readdirSync(path.join(root, 'docs/findings'))
  .map((name) => `docs/findings/${name}`)
  .filter((name) => !files.has(name));

/** As it is in the tree; null: it is not there. */
function present(name) {
  try {
    return readFileSync(path.join(root, name), 'utf8').replaceAll('\r\n', '\n');
  } catch {
    return null;
  }
}

if (process.argv.includes('--check')) {
  const stale = [...others, ...[...files].filter(([name, text]) => present(name) !== text).map(([name]) => name)];
  for (const name of stale) console.error(`${name} is not what tools/generate/findings.mjs makes: run it`);
  process.exitCode = stale.length === 0 ? 0 : 1;
} else {
  for (const name of others) rmSync(path.join(root, name));
  for (const [name, text] of files) writeFileSync(path.join(root, name), text);
}

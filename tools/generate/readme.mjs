// Writes the list of commands in README.md from what the program knows about itself; with --check says whether it is that.
// Needs a build.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))));
const { COMMANDS } = await import(new URL('../../dist/node/cli/commands/index.js', import.meta.url).href);
const file = path.join(root, 'README.md');
const LIST = /(?<=<!-- tools\/generate\/readme\.mjs -->\n\n).*?(?=\n\n)/s;

const list = ['| command | what it does |', '| --- | --- |']
  .concat(COMMANDS.map(({ name, summary }) => `| \`${name}\` | ${summary.replaceAll('|', '\\|')} |`))
  .join('\n');

const written = readFileSync(file, 'utf8').replaceAll('\r\n', '\n');
const right = written.replace(LIST, () => list);
if (!process.argv.includes('--check')) writeFileSync(file, right);
else if (!LIST.test(written) || written !== right) {
  console.error('the list of commands in README.md is not what tools/generate/readme.mjs makes: run it');
  process.exitCode = 1;
}

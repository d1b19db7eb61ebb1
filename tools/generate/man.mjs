// Writes man/cls-flow.1 from what the program knows about itself; with --check says whether the file is that.
// Needs a build.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))));
const { COMMANDS } = await import(new URL('../../dist/node/cli/commands/index.js', import.meta.url).href);
const { ENVIRONMENT } = await import(new URL('../../dist/node/cli/commands/environment.js', import.meta.url).href);
const { createProgram } = await import(new URL('../../dist/node/cli/program.js', import.meta.url).href);
const file = path.join(root, 'man/cls-flow.1');

const roff = (text) =>
  text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('…', '\\&...')
    .replace(/^\./gm, '\\&.');

/** One option: what is typed in bold, what it does below. */
function optionText(option, help) {
  const typed = roff(option.flags).replace(/<(.+)>/, '\\fI$1\\fR');
  return `.TP\n\\fB${typed.replace(' \\fI', '\\fR \\fI')}\\fR\n${roff(help.optionDescription(option))}`;
}

function commandText(command) {
  const help = command.createHelp();
  const usage = help.commandUsage(command).replace(/^cls-flow /, '');
  const options = [...grouped(help.visibleOptions(command))].flatMap(([heading, rows]) => [
    ...(heading ? [`.PP\n${roff(heading)}`] : []),
    ...rows.map((option) => optionText(option, help)),
  ]);
  const args = command.registeredArguments.map(
    (arg) => `.TP\n\\fI${roff(arg.name())}\\fR\n${roff(help.argumentDescription(arg))}`,
  );
  return [`.SS ${roff(usage)}`, `${roff(help.commandDescription(command))}.`, ...args, ...options].join('\n');
}

/** `cls-flow NAME` in bold, and what follows it. */
function synopsis(command) {
  const usage = command.createHelp().commandUsage(command);
  const name = `cls-flow ${command.name()}`;
  return `\\fB${roff(name)}\\fR ${roff(usage.slice(name.length).trim())}`;
}

/** Each code once, with all its meanings and the commands that give it one. */
function exitStatus() {
  const codes = new Map();
  for (const { name, exits } of COMMANDS) {
    for (const [code, meaning] of exits) {
      const meanings = codes.get(code) ?? new Map();
      codes.set(code, meanings.set(meaning, [...(meanings.get(meaning) ?? []), name]));
    }
  }
  return [...codes]
    .sort(([a], [b]) => a - b)
    .map(([code, meanings]) => {
      const lines = [...meanings].map(([meaning, names]) => roff(`${names.join(', ')}: ${meaning}`));
      return `.TP\n.B ${code}\n${lines.join('\n.br\n')}`;
    });
}

function grouped(options) {
  const groups = new Map();
  for (const option of options) {
    const heading = option.helpGroupHeading ?? '';
    groups.set(heading, [...(groups.get(heading) ?? []), option]);
  }
  return groups;
}

function page() {
  const program = createProgram('', async () => {});
  const examples = COMMANDS.flatMap((command) => command.examples ?? []);
  return [
    '.\\" Made by tools/generate/man.mjs; do not edit.',
    '.TH CLS\\-FLOW 1 "" "cls\\-flow" "User commands"',
    '.SH NAME',
    'cls\\-flow \\- which class the Linux flow classifier gives each packet of a capture',
    '.SH SYNOPSIS',
    ...program.commands.flatMap((command, at) => [...(at === 0 ? [] : ['.br']), synopsis(command)]),
    '.SH DESCRIPTION',
    roff(program.description()),
    'A filter is written as behind the word \\(lqflow\\(rq of',
    '.BR tc (8).',
    'Each is attached for all protocols with handle 0x1, at preference 1, 2 and so on.',
    'What a capture cannot tell is taken from the options, or assumed and said so.',
    '.SH COMMANDS',
    ...program.commands.map(commandText),
    '.SH EXIT STATUS',
    ...exitStatus(),
    '.SH ENVIRONMENT',
    ...ENVIRONMENT.map(([name, meaning]) => `.TP\n.B ${name}\n${roff(meaning)}`),
    '.SH EXAMPLES',
    '.nf',
    ...examples.map(roff),
    '.fi',
    '.SH SEE ALSO',
    '.BR tc (8),',
    '.BR tc\\-flow (8)',
    '',
  ].join('\n');
}

if (process.argv.includes('--check')) {
  const same = readFileSync(file, 'utf8').replaceAll('\r\n', '\n') === page();
  if (!same) console.error('man/cls-flow.1 is not what tools/generate/man.mjs makes: run it');
  process.exitCode = same ? 0 : 1;
} else {
  writeFileSync(file, page());
}

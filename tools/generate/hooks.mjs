// Writes docs/hooks.md from the table in src/packet/hooks.ts and what the rows of actions say that they set. With --check it
// says whether the file is up to date. Needs a build.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const load = (room) => import(new URL(`../../dist/src/${room}/index.js`, import.meta.url).href);
const { HOOK_ROWS, HOOKS } = await load('packet');
const { ACTIONS } = await load('sched/action');
const file = fileURLToPath(new URL('../../docs/hooks.md', import.meta.url));

const NAMES = {
  ingress: 'ingress (also of clsact)',
  ifbOfIngress: 'ifb fed from ingress',
  clsactEgress: 'egress hook of clsact',
  egress: 'egress: root qdisc and below',
  ifbOfEgress: 'ifb fed from egress',
};
const WORDS = {
  frame: 'from the frame',
  device: 'the same of all packets of a device',
  set: 'may be set',
  none: 'not yet, or no more',
};

const code = (names) => names.map((name) => `\`${name}\``).join(', ');
const line = (cells) => `| ${cells.join(' | ')} |\n`;

/** Actions that are not modelled may do anything, and are not named. */
function actionsText(inputs) {
  const kinds = ACTIONS.filter(({ sets = 0 }) => sets > 0 && (sets & inputs) !== 0).map(({ kind }) => kind);
  return kinds.length === 0 ? '' : ` Actions that set it: ${code(kinds)}.`;
}

const rows = Object.values(HOOK_ROWS);
const text = `<!-- Made by tools/generate/hooks.mjs from src/packet/hooks.ts; do not edit. -->
# What is known at which hook

A filter finds what the kernel has set by then. \`check\`, the exactness of results and this page go by one table.

${line(['what', 'names', ...HOOKS.map((hook) => NAMES[hook])])}${line(['---', '---', ...HOOKS.map(() => '---')])}${rows
  .map(({ what, names, at }) => line([what, code(names), ...HOOKS.map((hook) => WORDS[at[hook]])]))
  .join('')}
*From the frame*: a capture holds it. *May be set*: no capture tells, so results are assumed unless an option gives it.
*Not yet, or no more*: the value is 0, or the key falls back on the headers; filters that ask for it are a finding
([FT009](findings/FT009.md), [FT010](findings/FT010.md), [FT041](findings/FT041.md)).

Packets that a veth or \`lo\` hands over within one machine are an exception: they may come in with a mark and a socket.

${rows.map(({ what, why, inputs }) => `- **${what}**: ${why}${actionsText(inputs)}\n`).join('')}`;

if (process.argv.includes('--check')) {
  if (readFileSync(file, 'utf8').replaceAll('\r\n', '\n') !== text) {
    console.error('docs/hooks.md is not what tools/generate/hooks.mjs makes: run it');
    process.exitCode = 1;
  }
} else writeFileSync(file, text);

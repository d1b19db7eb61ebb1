// Writes what the command line and the schemas repeat of the core's rows: node/cli/choices.ts, which loads nothing, and
// the eras in docs/schema. With --check says whether the files are that. Needs a build.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))));
const load = (file) => import(new URL(`../../dist/src/${file}.js`, import.meta.url).href);
const { ERAS } = await load('era');
const { QDISCS } = await load('sched/qdisc/index');

const CHOICES = [
  ['ERA_NAMES', 'Kernels whose rules can be followed.', Object.keys(ERAS)],
  ['TARGET_KINDS', 'Qdiscs that can take hosts which a filter spreads.', kinds(({ targets }) => targets !== null)],
  ['CLASS_KINDS', 'Qdiscs whose classes users make.', kinds(({ classes }) => classes !== null)],
];

function kinds(test) {
  return QDISCS.filter(test).map(({ kind }) => kind);
}

const quoted = (names, quote) => names.map((name) => `${quote}${name}${quote}`).join(', ');

function choices() {
  const lines = CHOICES.flatMap(([name, meaning, names]) => [
    '',
    `/** ${meaning} */`,
    `export const ${name}: readonly string[] = [${quoted(names, "'")}];`,
  ]);
  return [
    '// Made by tools/generate/choices.mjs from the rows of the core; do not edit.',
    '// `--help` and completion list these and load nothing of the core.',
    ...lines,
    '',
  ].join('\n');
}

const schemas = path.join(root, 'docs/schema');
/** Every list of the schemas that names the oldest era is one of eras. */
const schema = (text) => text.replace(/"enum": \[[^\]]*"seed"\]/g, (list) => (isEras(list) ? eras() : list));
const isEras = (list) => list.includes('"6.1"');
const eras = () => `"enum": [${quoted(Object.keys(ERAS), '"')}]`;

const FILES = [
  [path.join(root, 'node/cli/choices.ts'), choices],
  ...readdirSync(schemas).map((name) => [path.join(schemas, name), schema]),
];

function read(file) {
  try {
    return readFileSync(file, 'utf8').replaceAll('\r\n', '\n');
  } catch {
    return '';
  }
}

for (const [file, make] of FILES) {
  const old = read(file);
  const made = make(old);
  if (made === old) continue;
  if (process.argv.includes('--check')) {
    console.error(`${path.relative(root, file)} is not what tools/generate/choices.mjs makes: npm run generate`);
    process.exitCode = 1;
  } else writeFileSync(file, made);
}

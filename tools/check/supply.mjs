// Where the package's parts come from: every entry of the lock has a hash, names no host and has a licence that we may use;
// what is installed is what the lock says; nothing needs a script at installation; each dependency has its reason; SBOM,
// NOTICES and the list of contents are what tools/generate/supply.mjs makes of them.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { bundled, SUPPLY } from '../generate/supply.mjs';
import { ROOT, report } from './sources.mjs';

/** Go with GPL-2.0-or-later in one program. */
const SHIPPED = ['MIT', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD'];
/** Programs that we run and ship nothing of. */
const TOOLS = [...SHIPPED, 'Apache-2.0', 'MPL-2.0'];

/** Looks for its prebuilt binary, which a package of its own brings, and compiles where there is none: not needed. */
const OPTIONAL_SCRIPTS = ['node_modules/koffi'];
const AT_INSTALLATION = ['preinstall', 'install', 'postinstall', 'prepare'];

const REASONS = 'docs/adr/005-dependencies.md';

const read = (file) => readFileSync(path.join(ROOT, file), 'utf8').replaceAll('\r\n', '\n');
const json = (file) => JSON.parse(read(file));

/** An SPDX expression without brackets: one side of OR is enough, of AND all are needed. */
const isAllowed = (expression, allowed) =>
  expression.split(' OR ').some((side) => side.split(' AND ').every((id) => allowed.includes(id)));

function licence(folder, { dev = false, license }, isBundled) {
  if (license === undefined) return [`package-lock.json: ${folder} has no licence`];
  const allowed = dev && !isBundled ? TOOLS : SHIPPED;
  return isAllowed(license, allowed) ? [] : [`package-lock.json: ${folder}: licence ${license} is not in the list`];
}

function locked(folder, entry) {
  const findings = [];
  if (entry.integrity === undefined) findings.push(`package-lock.json: ${folder} has no hash`);
  if (entry.resolved !== undefined) findings.push(`package-lock.json: ${folder} names a host`);
  if (entry.hasInstallScript && !OPTIONAL_SCRIPTS.includes(folder))
    findings.push(`package-lock.json: ${folder} runs a script at installation`);
  return findings;
}

/** Those for other platforms are not installed. */
function installed(folder, { version, license }) {
  if (!existsSync(path.join(ROOT, folder))) return [];
  const there = json(`${folder}/package.json`);
  const same = there.version === version && there.license === license;
  return same ? [] : [`${folder}: ${there.version} (${there.license}), the lock has ${version} (${license})`];
}

function own(about) {
  const scripts = AT_INSTALLATION.filter((name) => about.scripts[name] !== undefined);
  const settings = read('.npmrc')
    .split('\n')
    .filter((line) => /registry\s*=|_auth|token/i.test(line));
  return [
    ...scripts.map((name) => `package.json: script ${name} runs at installation`),
    ...(existsSync(path.join(ROOT, 'binding.gyp')) ? ['binding.gyp: npm would compile at installation'] : []),
    ...settings.map((line) => `.npmrc: ${line}: belongs to a machine`),
  ];
}

function reasons({ dependencies, devDependencies, optionalDependencies }) {
  const needed = Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies });
  const rows = [...read(REASONS).matchAll(/^\| `([^`]+)`/gm)].map((match) => match[1]);
  return [
    ...needed.filter((name) => !rows.includes(name)).map((name) => `${REASONS}: no row for ${name}`),
    ...rows.filter((name) => !needed.includes(name)).map((name) => `${REASONS}: ${name} is not in package.json`),
  ];
}

const made = [...SUPPLY].filter(([name, make]) => !existsSync(path.join(ROOT, name)) || read(name) !== make());
const { '': _, ...entries } = json('package-lock.json').packages;
const inBundle = new Set(bundled());
const unknown = Object.keys(json('node_modules/.package-lock.json').packages).filter((folder) => !(folder in entries));

const findings = [
  ...Object.entries(entries).flatMap(([folder, entry]) => [
    ...locked(folder, entry),
    ...licence(folder, entry, inBundle.has(folder)),
    ...installed(folder, entry),
  ]),
  ...unknown.map((folder) => `${folder}: is not in the lock`),
  ...own(json('package.json')),
  ...reasons(json('package.json')),
  ...made.map(([name]) => `${name}: out of date: npm run generate`),
];
const licences = [...new Set(Object.values(entries).map((entry) => entry.license))].sort();
report(
  findings,
  `supply: ${Object.keys(entries).length} packages, ${inBundle.size} of them in the bundle; ${licences.join(', ')}`,
);

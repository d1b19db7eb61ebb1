// Writes what others want to know of the package: sbom.cdx.json (what it needs and what its files hold), NOTICES (the
// licences of what they hold) and docs/package.txt (what is shipped). tools/check/supply.mjs says whether they are
// that. Needs a build. The same on every machine: from the lock, the bundle and licence files, with no time and no host.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT } from '../check/sources.mjs';
import { npm, packed } from '../npm.mjs';

const read = (file) => readFileSync(path.join(ROOT, file), 'utf8').replaceAll('\r\n', '\n');

/** Files of ours and the packages whose code they hold, by their folders in node_modules, as tools/bundle.mjs found them. */
const holders = () =>
  Object.entries(JSON.parse(read('dist/node/cli/bundle.packages.json'))).filter(([, held]) => held.length > 0);

/** All of these packages. */
export const bundled = () => [...new Set(holders().flatMap(([, held]) => held))].sort();

const nameOf = (folder) => JSON.parse(read(`${folder}/package.json`)).name;

const idOf = (folder) => {
  const { name, version } = JSON.parse(read(`${folder}/package.json`));
  return `${name}@${version}`;
};

/** Without what changes from run to run and from one npm to the next. */
function component({ type, name, version, scope, purl, hashes, licenses, 'bom-ref': ref }, files) {
  const properties = files.length > 0 ? files.map((value) => ({ name: 'cls-flow:bundled', value })) : undefined;
  return { type, 'bom-ref': ref, name, version, scope, hashes, licenses, purl, properties };
}

/** CycloneDX: what an installed package needs or may use, and what the bundle holds. */
function bom() {
  const all = JSON.parse(npm('sbom', '--sbom-format', 'cyclonedx', '--package-lock-only', '--loglevel=error'));
  const held = holders().map(([file, folders]) => [file, folders.map(idOf)]);
  const filesWith = (ref) => held.filter(([, refs]) => refs.includes(ref)).map(([file]) => file);
  const isDevelopment = ({ properties }) => properties.some(({ name }) => name === 'cdx:npm:package:development');
  const listed = all.components.filter((one) => !isDevelopment(one) || filesWith(one['bom-ref']).length > 0);
  const { name } = JSON.parse(read('package.json'));
  const own = component({ ...all.metadata.component, name, type: 'application', scope: undefined }, []);
  const refs = new Set([own['bom-ref'], ...listed.map((one) => one['bom-ref'])]);
  const text = {
    ...{ bomFormat: 'CycloneDX', specVersion: all.specVersion, version: 1, metadata: { component: own } },
    components: listed.map((one) => component(one, filesWith(one['bom-ref']))),
    dependencies: all.dependencies
      .filter(({ ref }) => refs.has(ref))
      .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((other) => refs.has(other)) })),
  };
  return `${JSON.stringify(text, null, 2)}\n`;
}

function licenceTexts(folder) {
  const files = readdirSync(path.join(ROOT, folder)).filter((name) => /^(?:licen[cs]e|copying|notice)/i.test(name));
  if (files.length === 0) throw new Error(`${folder}: no file with its licence`);
  return files.sort().map((name) =>
    read(`${folder}/${name}`)
      .replace(/[ \t]+$/gm, '')
      .trim(),
  );
}

function notices() {
  const parts = bundled().map((folder) => {
    const { name, version, license } = JSON.parse(read(`${folder}/package.json`));
    const head = `${name} ${version} (${license})`;
    return `\n${head}\n${'='.repeat(head.length)}\n\n${licenceTexts(folder).join('\n\n')}\n`;
  });
  const lines = holders().map(([file, held]) => `${file}: ${held.map(nameOf).join(', ')}\n`);
  return `These files hold code of packages.\n\n${lines.join('')}${parts.join('')}`;
}

/** What is built of a source file that is shipped too. */
const BUILT = ['.d.ts', '.js'];

function contents() {
  const files = new Set(packed().files.map((file) => file.path));
  const lines = [];
  for (const file of [...files].sort()) {
    const built = /\.ts$/.test(file) ? BUILT.map((end) => `dist/${file.replace(/\.ts$/, end)}`) : [];
    const isWhole = built.length > 0 && built.every((name) => files.has(name));
    for (const name of isWhole ? built : []) files.delete(name);
    lines.push([file, isWhole]);
  }
  const kept = lines.filter(([file]) => files.has(file)).map(([file, isWhole]) => (isWhole ? `${file} + dist` : file));
  const head = `What the package holds. "+ dist": with ${BUILT.join(', ')} of the same name in dist.`;
  return `${[head, '', ...kept].join('\n')}\n`;
}

/** Each file's name and what makes its text; the last lists the others. */
export const SUPPLY = new Map([
  ['sbom.cdx.json', bom],
  ['NOTICES', notices],
  ['docs/package.txt', contents],
]);

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, make] of SUPPLY) writeFileSync(path.join(ROOT, name), make());
}

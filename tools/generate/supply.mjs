// Writes what others want to know of the package: sbom.cdx.json (what it needs and what its bundle holds), NOTICES (the
// licences of what the bundle holds) and docs/package.txt (what is shipped). tools/check/supply.mjs says whether they are
// that. Needs a build. The same on every machine: from the lock, the bundle and licence files, with no time and no host.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT } from '../check/sources.mjs';
import { npm, packed } from '../npm.mjs';

const read = (file) => readFileSync(path.join(ROOT, file), 'utf8').replaceAll('\r\n', '\n');
const BUNDLE = 'dist/node/cli/bundle.cjs';

/** The packages whose code the bundle holds, by their folders in node_modules, as tools/bundle.mjs found them. */
export const bundled = () => JSON.parse(read('dist/node/cli/bundle.packages.json'));

const idOf = (folder) => {
  const { name, version } = JSON.parse(read(`${folder}/package.json`));
  return `${name}@${version}`;
};

/** Without what changes from run to run and from one npm to the next. */
function component({ type, name, version, scope, purl, hashes, licenses, 'bom-ref': ref }, isBundled) {
  const properties = isBundled ? [{ name: 'cls-flow:bundled', value: BUNDLE }] : undefined;
  return { type, 'bom-ref': ref, name, version, scope, hashes, licenses, purl, properties };
}

/** CycloneDX: what an installed package needs or may use, and what the bundle holds. */
function bom() {
  const all = JSON.parse(npm('sbom', '--sbom-format', 'cyclonedx', '--package-lock-only', '--loglevel=error'));
  const inside = new Set(bundled().map(idOf));
  const isDevelopment = ({ properties }) => properties.some(({ name }) => name === 'cdx:npm:package:development');
  const listed = all.components.filter((one) => !isDevelopment(one) || inside.has(one['bom-ref']));
  const { name } = JSON.parse(read('package.json'));
  const own = component({ ...all.metadata.component, name, type: 'application', scope: undefined }, false);
  const refs = new Set([own['bom-ref'], ...listed.map((one) => one['bom-ref'])]);
  const text = {
    ...{ bomFormat: 'CycloneDX', specVersion: all.specVersion, version: 1, metadata: { component: own } },
    components: listed.map((one) => component(one, inside.has(one['bom-ref']))),
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
  return `The command line, ${BUNDLE}, holds code of these packages.\n${parts.join('')}`;
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

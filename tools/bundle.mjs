// Makes the command line one file, dist/node/cli/bundle.cjs, and V8's code cache of it: node/cli/start.cts loads both.
// Before that, modules of the core that use a package get it into their own file: who installs the core needs no other.
import { execFileSync } from 'node:child_process';
import { chmodSync, readdirSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const folder = path.join(root, 'dist/node/cli');

const installed = realpathSync(path.join(root, 'node_modules'));

/** The folder of the package that a module is of, in node_modules; null: it is our own. */
function packageOf(id) {
  // What rolldown itself adds.
  if (id.startsWith('\0rolldown/')) return 'node_modules/rolldown';
  const within = path.relative(installed, id).split(path.sep).join('/');
  if (within.startsWith('../')) return null;
  const [folder] = /^(?:.*\/node_modules\/)?(?:@[^/]+\/)?[^/]+/.exec(within);
  return `node_modules/${folder}`;
}

/** The packages whose code a file holds. */
function packagesOf({ modules }) {
  const held = Object.entries(modules).filter(([, { renderedLength }]) => renderedLength > 0);
  return [...new Set(held.map(([id]) => packageOf(id)).filter((folder) => folder !== null))].sort();
}

/** Of NOTICES and the SBOM (tools/generate/supply.mjs): each file and its packages. */
const packages = {};

/** Modules of the core that import the code of a package. */
const holders = readdirSync(path.join(root, 'src'), { recursive: true })
  .map((name) => `src/${name.split(path.sep).join('/')}`)
  .filter((name) => /(?<!\.test)\.ts$/.test(name))
  .filter((name) => /^import (?!type )[^;]*?from '[^.]/m.test(readFileSync(path.join(root, name), 'utf8')));

/** What is our own stays where it is. */
const ownStays = {
  name: 'own-stays',
  resolveId: (id, importer) =>
    id.startsWith('.') && packageOf(importer) === null ? { id: id.replace(/\.ts$/, '.js'), external: true } : null,
};

for (const name of holders) {
  const built = `dist/${name.replace(/\.ts$/, '.js')}`;
  const bundle = await rolldown({ input: path.join(root, name), platform: 'neutral', plugins: [ownStays] });
  const { output } = await bundle.write({ file: path.join(root, built), minify: true, codeSplitting: false });
  await bundle.close();
  packages[built] = packagesOf(output[0]);
}

/** What a shell script needs is loaded with the first of them, from where the library has it. */
const shellLater = {
  name: 'shell-later',
  resolveId: (id, importer, { kind }) => {
    const file = kind === 'dynamic-import' ? path.join(path.dirname(importer), id) : '';
    if (!file.startsWith(path.join(root, 'dist/src/shell/'))) return null;
    return { id: path.relative(folder, file).split(path.sep).join('/'), external: true };
  },
};

const bundle = await rolldown({
  input: path.join(folder, 'main.js'),
  platform: 'node',
  // Optional, and native.
  external: ['koffi'],
  plugins: [shellLater],
  // zstddec decodes its WebAssembly with fetch where there is one: in Node that takes 60 ms to load.
  transform: { define: { fetch: 'undefined' } },
});
const file = path.join(folder, 'bundle.cjs');
const cache = `${file}.cache`;
// Whatever fails below, no cache of an earlier bundle stays.
rmSync(cache, { force: true });
const { output } = await bundle.write({ file, format: 'cjs', minify: true, codeSplitting: false });

packages['dist/node/cli/bundle.cjs'] = packagesOf(output[0]);
writeFileSync(path.join(folder, 'bundle.packages.json'), `${JSON.stringify(packages)}\n`);

/** In one file every command's imports come first, and these parts of Node take 20 ms to load: they wait for their first use. */
const LAZY = /require\("(node:(?:child_process|crypto|module|os|readline|timers\/promises|v8|worker_threads|zlib))"\)/g;
const lazy = 'const $lazy=(name)=>new Proxy({},{get:(_,key)=>require(name)[key]});';
/** Of shellLater. A script with a code cache has no import(): start.cts gives it its own. */
const LATER = /\bimport\(["`](\.\.\/\.\.\/src\/shell\/[^"`]+)["`]\)/g;
/** One byte a character, and as many in V8: start.cts reads it as Latin-1. All others stand in strings. */
const escaped = (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
const code = readFileSync(file, 'utf8')
  .replace(LAZY, '$$lazy("$1")')
  .replace(LATER, '$$import("$1")')
  .replace(/[\u0080-\uffff]/g, escaped);
// It would fail when somebody needs it.
if (/(?<!\$)\bimport\s*\(/.test(code)) throw new Error('bundle.cjs: an import() that start.cts does not do for it');
writeFileSync(file, `(function(require,module,exports,__filename,__dirname,$import){${lazy}${code}\n})`);

/** With the words that most filters have. */
const FILTERS = ['map key dst match cmp(u32 at 12 layer 1 mask 0xff eq 1) divisor 16 action drop', 'hash keys src,dst'];

/** Runs the main job once; what was compiled for it is what the cache holds. */
const record = `
  const { writeFileSync } = require('node:fs');
  const [start, cache, ...args] = process.argv.slice(1);
  process.argv.splice(1, process.argv.length, start, ...args);
  const script = require(start);
  process.on('exit', () => writeFileSync(cache, script.createCachedData()));
`;
execFileSync(
  process.execPath,
  [
    ...['-e', record, path.join(folder, 'start.cjs'), `${cache}.new`],
    ...[
      'classify',
      path.join(root, 'examples/household.pcapng'),
      '--format',
      'json',
      '--filter',
      FILTERS[0],
      '--filter',
      FILTERS[1],
    ],
  ],
  { stdio: ['ignore', 'ignore', 'inherit'] },
);

// npm makes a command executable when it links it. A build makes the file anew, so a link would find it without.
chmodSync(path.join(folder, 'start.cjs'), 0o755);

// start.cts uses a cache that it finds twice, in front of just the bundle that is there.
const data = readFileSync(`${cache}.new`);
writeFileSync(`${cache}.new`, Buffer.concat([data, data, readFileSync(file)]));
renameSync(`${cache}.new`, cache);

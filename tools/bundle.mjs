// Makes the command line one file, dist/node/cli/bundle.cjs, and V8's code cache of it: node/cli/start.cts loads both.
import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const folder = path.join(root, 'dist/node/cli');

const bundle = await rolldown({
  input: path.join(folder, 'main.js'),
  platform: 'node',
  // Optional, and native.
  external: ['koffi'],
  // zstddec decodes its WebAssembly with fetch where there is one: in Node that takes 60 ms to load.
  transform: { define: { fetch: 'undefined' } },
});
const file = path.join(folder, 'bundle.cjs');
const cache = `${file}.cache`;
// Whatever fails below, no cache of an earlier bundle stays.
rmSync(cache, { force: true });
const { output } = await bundle.write({ file, format: 'cjs', minify: true, codeSplitting: false });

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

// Of NOTICES and the SBOM (tools/generate/supply.mjs).
const held = Object.entries(output[0].modules).filter(([, { renderedLength }]) => renderedLength > 0);
const packages = [...new Set(held.map(([id]) => packageOf(id)).filter((folder) => folder !== null))].sort();
writeFileSync(path.join(folder, 'bundle.packages.json'), `${JSON.stringify(packages)}\n`);

/** In one file every command's imports come first, and these parts of Node take 20 ms to load: they wait for their first use. */
const LAZY = /require\("(node:(?:child_process|crypto|module|os|readline|timers\/promises|v8|worker_threads|zlib))"\)/g;
const lazy = 'const $lazy=(name)=>new Proxy({},{get:(_,key)=>require(name)[key]});';
/** One byte a character, and as many in V8: start.cts reads it as Latin-1. All others stand in strings. */
const escaped = (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
const code = readFileSync(file, 'utf8')
  .replace(LAZY, '$$lazy("$1")')
  .replace(/[\u0080-\uffff]/g, escaped);
writeFileSync(file, `(function(require,module,exports,__filename,__dirname){${lazy}${code}\n})`);

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

// The one thing every `npm start` and `npm test` runs first: the right Node, the dependencies, the build.
// Only Node built-ins; everything it says goes to stderr, so that standard output stays a pipe's.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`cls-flow needs Node 20.19 or newer; this is ${process.versions.node}.`);
  process.exit(1);
}

/** Runs `work` unless the files it depends on are as they were when it last succeeded. */
function onceFor(stampName, files, isThere, work) {
  const hash = createHash('sha256').update(process.version);
  for (const file of files)
    hash
      .update(file)
      .update('\0')
      .update(readFileSync(path.join(root, file)));
  const digest = hash.digest('hex');
  const stamp = path.join(root, '.cache', stampName);
  if (isThere() && existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return;
  work();
  mkdirSync(path.dirname(stamp), { recursive: true });
  writeFileSync(stamp, digest);
}

function sources(folder) {
  return readdirSync(path.join(root, folder), { withFileTypes: true, recursive: true })
    .filter(
      (entry) => entry.isFile() && /(\.c?ts|tsconfig\.json)$/.test(entry.name) && !entry.name.endsWith('.test.ts'),
    )
    .map((entry) => path.relative(root, path.join(entry.parentPath ?? entry.path, entry.name)))
    .sort();
}

const say = { cwd: root, stdio: ['ignore', process.stderr, process.stderr] };
// npm is a script of its own on Windows; asking for the running npm's own file works everywhere.
const npmCli = process.env.npm_execpath;
const npm = (...args) =>
  npmCli
    ? execFileSync(process.execPath, [npmCli, ...args], say)
    : execFileSync('npm', args, { ...say, shell: process.platform === 'win32' });

try {
  onceFor(
    'installed',
    ['package.json', 'package-lock.json'],
    () => existsSync(path.join(root, 'node_modules/typescript/package.json')),
    () => npm('ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'),
  );
  onceFor(
    'built',
    [
      'tsconfig.base.json',
      'tsconfig.json',
      ...['src', 'node', 'test', 'bench', 'examples'].flatMap(sources),
      'tools/bundle.mjs',
      // The bundle holds packages.
      'package-lock.json',
    ],
    () => existsSync(path.join(root, 'dist/node/cli/bundle.cjs')),
    () => {
      rmSync(path.join(root, 'dist'), { recursive: true, force: true });
      execFileSync(process.execPath, [path.join(root, 'node_modules/typescript/bin/tsc'), '-b'], say);
      execFileSync(process.execPath, [path.join(root, 'tools/bundle.mjs')], say);
    },
  );
} catch (error) {
  if (error.status === undefined) console.error(String(error.message));
  process.exit(1);
}

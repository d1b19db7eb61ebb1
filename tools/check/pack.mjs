// What `npm pack` would ship: below two megabytes, with everything that `exports` and `bin` name, and no tests.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT, report } from './sources.mjs';

const LIMIT = 2_000_000;
const npm = process.env.npm_execpath;
const args = ['pack', '--dry-run', '--json', '--ignore-scripts', '--loglevel=error'];
const options = { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 1 << 26 };
const output = npm
  ? execFileSync(process.execPath, [npm, ...args], options)
  : execFileSync('npm', args, { ...options, shell: process.platform === 'win32' });
const [pack] = JSON.parse(output);
const { exports, bin } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));

const shipped = new Set(pack.files.map((file) => file.path));
const named = [
  ...Object.values(exports).flatMap((entry) => (typeof entry === 'string' ? [entry] : Object.values(entry))),
  ...Object.values(bin),
]
  .filter((entry) => typeof entry === 'string')
  .map((entry) => entry.replace(/^\.\//, ''));
const findings = [
  ...(pack.size < LIMIT ? [] : [`pack: ${pack.size} bytes, expected less than ${LIMIT}`]),
  ...named
    .filter((entry) => !shipped.has(entry))
    .map((entry) => `pack: package.json names ${entry}, which is not shipped`),
  ...[...shipped].filter((file) => /\.test\.|^dist\/(test|bench)\//.test(file)).map((file) => `pack: ships ${file}`),
];
report(findings, `pack: ${pack.size} bytes, ${pack.files.length} files`);

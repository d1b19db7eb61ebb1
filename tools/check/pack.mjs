// What `npm pack` would ship: below three megabytes, with everything that `exports` and `bin` name, and no tests.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { packed } from '../npm.mjs';
import { ROOT, report } from './sources.mjs';

/** Two for the rest, half a one for reading shell scripts, and the other half for rules of NAT and marks, hosts and advice. */
const LIMIT = 3_000_000;
const pack = packed();
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

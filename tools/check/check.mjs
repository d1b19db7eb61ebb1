// `npm run check`: everything that CI runs, one step after the other, each with its time; a summary at the end.
// --without-tests leaves out the tests, for those who have just run `npm test`; --kernel asks a real kernel too, as CI does.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { ROOT } from './sources.mjs';

const module = (file) => path.join('node_modules', file);
const tsc = module('typescript/bin/tsc');
// Frames, capture files and messages are tried by the reliability step, which runs the same loops.
const IN_RELIABILITY = ['--seconds', '0', '--messages', '0'];
const FUZZ_PAIRS = '1000000';
const FUZZ_FILES = '200';

/** Name, and the arguments for node. */
const STEPS = [
  ['build', ['tools/bootstrap.mjs']],
  ['types', [tsc, '-b']],
  ['types of tests', [tsc, '-p', 'tsconfig.tests.json']],
  ['rooms', ['tools/check/rooms.mjs']],
  ['kinds', ['tools/check/kinds.mjs']],
  ['quirks', ['tools/check/quirks.mjs']],
  ['cites', ['tools/check/cites.mjs']],
  ['lint', [module('@biomejs/biome/bin/biome'), 'ci', '--colors=off', '.']],
  ['tests', [module('vitest/vitest.mjs'), 'run']],
  ['golden', ['dist/test/golden/main.js']],
  ['fuzz', ['dist/test/fuzz/main.js', ...IN_RELIABILITY, '--pairs', FUZZ_PAIRS, '--files', FUZZ_FILES]],
  ['reliability', ['dist/test/reliability/main.js']],
  ['limits', ['dist/test/limits/main.js']],
  ['pack', ['tools/check/pack.mjs']],
  ['package types', ['tools/check/types.mjs']],
  ['shake', ['tools/check/shake.mjs']],
  ['supply', ['tools/check/supply.mjs']],
  ['privacy', ['tools/check/privacy.mjs']],
  ['additions', ['tools/check/additions.mjs']],
  ['kernel', ['tools/check/kernel.mjs', ...process.argv.filter((word) => word === '--kernel')]],
];

const withoutTests = process.argv.includes('--without-tests');
const results = [];
for (const [name, args] of STEPS) {
  if (withoutTests && name === 'tests') continue;
  console.log(`\n— ${name}`);
  const began = performance.now();
  const { status } = spawnSync(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] });
  results.push({ name, seconds: (performance.now() - began) / 1000, passed: status === 0 });
}

console.log('');
for (const { name, seconds, passed } of results) {
  console.log(`${passed ? 'ok    ' : 'FAILED'} ${name.padEnd(16)}${seconds.toFixed(1).padStart(6)} s`);
}
const failed = results.filter(({ passed }) => !passed).map(({ name }) => name);
console.log(failed.length === 0 ? 'check: everything passed' : `check: failed: ${failed.join(', ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;

// `npm run mutants [room …]`: errors are planted in the code, one after another, and some test must fail for each. Prints for
// each room what share was found, and each mutant that lived and that reviewed.json does not explain. Exit 1 below the bar,
// or where one lived unexplained.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ROOT } from '../check/sources.mjs';
import { installed } from './install.mjs';
import { ROOMS } from './rooms.mjs';

const BAR = 90;
const FOLDER = path.join(ROOT, '.cache/measure');
/** By file: what was mutated, into what, and why no test can tell or need not. */
const REVIEWED = JSON.parse(readFileSync(path.join(ROOT, 'tools/measure/reviewed.json'), 'utf8'));

const wanted = process.argv.slice(2);
const rooms = wanted.length === 0 ? ROOMS : ROOMS.filter(({ name }) => wanted.includes(name));
const modules = installed();
const results = rooms.map(measured);

for (const { name, found, all, reviewed, unexplained } of results) {
  for (const line of unexplained) console.log(line);
  const share = ((100 * found) / all).toFixed(1);
  console.log(`${name.padEnd(8)} ${found} of ${all} found (${share} %), ${reviewed} lived and are explained`);
}
const failed = results.some(({ found, all, unexplained }) => unexplained.length > 0 || found / all < BAR / 100);
process.exitCode = failed ? 1 : 0;
if (rooms.length === ROOMS.length) writeFileSync(path.join(FOLDER, 'mutants.json'), JSON.stringify(results));

/** Mutates one room. */
function measured(room) {
  const report = path.join(FOLDER, `mutants-${room.name}.json`);
  run(room, report);
  const { files } = JSON.parse(readFileSync(report, 'utf8'));
  const mutants = Object.entries(files).flatMap(([file, { source, mutants }]) =>
    mutants
      .filter((mutant) => !isDemanded(source, mutant))
      .map((mutant) => ({ ...mutant, file, code: codeOf(source, mutant.location) })),
  );
  const lived = mutants.filter(({ status }) => status === 'Survived' || status === 'NoCoverage');
  const unexplained = lived.filter((mutant) => !isReviewed(mutant)).map(lineOf);
  const all = mutants.filter(({ status }) => status !== 'CompileError' && status !== 'Ignored').length;
  return { name: room.name, all, found: all - lived.length, reviewed: lived.length - unexplained.length, unexplained };
}

function run({ name, door, mutate, tests }, report) {
  const config = path.join(FOLDER, `mutants-${name}-config.json`);
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(config, JSON.stringify(options(mutate, report)));
  const stryker = path.join(modules, '@stryker-mutator/core/bin/stryker.js');
  const env = { ...process.env, MUTANTS_DOOR: door, MUTANTS_TESTS: tests.join(' ') };
  const { status } = spawnSync(process.execPath, [stryker, 'run', config], { cwd: ROOT, env, stdio: 'inherit' });
  if (status !== 0) throw new Error(`Stryker ended with ${status} in room ${name}`);
}

function options(mutate, report) {
  return {
    mutate: [...mutate, '!**/*.test.ts'],
    testRunner: 'vitest',
    plugins: ['@stryker-mutator/vitest-runner'],
    vitest: { configFile: 'tools/measure/mutants.config.mjs', related: false },
    coverageAnalysis: 'perTest',
    concurrency: os.availableParallelism(),
    reporters: ['json', 'dots'],
    jsonReporter: { fileName: path.relative(ROOT, report) },
    // A busy machine is slow to start a thread: a mutant that only seems to hang would count as found.
    timeoutMS: 15_000,
    tempDirName: '.cache/measure/sandbox',
    cleanTempDir: 'always',
    ignorePatterns: ['.cache', 'dist', 'docs', 'coverage', 'bench', 'man'],
    // It would be rewritten for the sandbox, with a compiler interface that TypeScript 7 has no more.
    tsconfigFile: 'none',
    allowConsoleColors: false,
  };
}

/** `?? ''` that no test runs: what the compiler demands where an element is always there (noUncheckedIndexedAccess). */
function isDemanded(source, { status, location: { start } }) {
  const before = source.split('\n')[start.line - 1].slice(0, start.column - 1);
  return status === 'NoCoverage' && /\?\?\s*$/.test(before);
}

/** The mutated piece of the source, its blanks run together. */
function codeOf(source, { start, end }) {
  const lines = source.split('\n').slice(start.line - 1, end.line);
  lines.push(lines.pop().slice(0, end.column - 1));
  lines[0] = lines[0].slice(start.column - 1);
  return oneLine(lines.join('\n'));
}

function oneLine(text) {
  return text.replaceAll(/\s+/g, ' ').trim();
}

function isReviewed({ file, code, replacement }) {
  return (REVIEWED[file] ?? []).some((row) => row.code === code && row.mutant === oneLine(replacement));
}

function lineOf({ file, location, code, replacement, status }) {
  const where = `${file}:${location.start.line}:${location.start.column}`;
  return `${where}: lived${status === 'NoCoverage' ? ' (no test runs it)' : ''}: ${code}  →  ${oneLine(replacement)}`;
}

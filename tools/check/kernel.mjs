// The step `kernel`: one of the kernels, another with each commit, answers random questions, and
// two planted errors must be found. Where it cannot be booted that is said in one line, and is no failure.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from './sources.mjs';

/** Counts, not minutes: with the same seed every machine asks the same questions. */
const QUESTIONS = ['--pairs', '1000000', '--messages', '10000', '--seed', '1'];
const PLANTED = 2;
/** Boot, questions and all: beyond it something hangs. */
const MOST_SECONDS = 300;

const built = (file) => path.join(ROOT, 'dist/test/kernel', file);
const load = (file) => import(pathToFileURL(built(file)).href);

/** How many commits there are; 0 where that cannot be told. */
function commits() {
  const { stdout } = spawnSync('git', ['rev-list', '--count', 'HEAD'], { cwd: ROOT, encoding: 'utf8' });
  return Number.parseInt(stdout ?? '', 10) || 0;
}

function run(file, args) {
  const options = { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'], timeout: MOST_SECONDS * 1000 };
  const { status, error } = spawnSync(process.execPath, [built(file), ...args], options);
  if (error) console.log(`${file}: ${error.message}`);
  return status === 0;
}

/** Two of the planted errors, others with each commit: their numbers count from 1. */
function chosen(planted, commit) {
  return Array.from({ length: PLANTED }, (_, i) => String(1 + ((PLANTED * commit + i) % planted.length)));
}

async function main() {
  const { CannotRun, INSTALL, installPrograms, KERNELS, unpackKernel } = await load('packages.js');
  if (process.env.CI !== 'true' && !process.argv.includes('--kernel')) {
    console.log(`skipped: only with CI=true or --kernel; needs, as root on Debian: ${INSTALL}`);
    return true;
  }
  const commit = commits();
  const { name } = KERNELS[commit % KERNELS.length];
  try {
    installPrograms(console.log);
    unpackKernel(name, console.log);
  } catch (error) {
    if (!(error instanceof CannotRun)) throw error;
    console.log(`skipped: ${error.message}; needs, as root on Debian: ${INSTALL}`);
    return true;
  }
  if (!run('diff/main.js', ['--kernel', name, ...QUESTIONS])) return false;
  const { PLANTED: planted } = await load('diff/planted.js');
  return run('diff/plant.js', ['--kernel', name, ...chosen(planted, commit)]);
}

process.exitCode = (await main()) ? 0 : 1;

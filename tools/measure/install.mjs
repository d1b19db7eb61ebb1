// What measures the tests is large and few need it: it is no dependency of the project. It is installed below .cache when
// somebody measures, by a lockfile of its own, without install scripts; vitest is the project's own.
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../check/sources.mjs';

const FOLDER = path.join(ROOT, '.cache/measure');
const FILES = ['package-lock.json', 'package.json', '.npmrc'];

const here = (file) => path.join(ROOT, 'tools/measure', file);
const there = (file) => path.join(FOLDER, file);
const same = (file) => existsSync(there(file)) && readFileSync(here(file)).equals(readFileSync(there(file)));

/** The folder that the packages are in. */
export function installed() {
  const modules = there('node_modules');
  if (existsSync(path.join(modules, '.package-lock.json')) && FILES.every(same)) return modules;
  mkdirSync(FOLDER, { recursive: true });
  for (const file of FILES) copyFileSync(here(file), there(file));
  // Peers are the project's: they are found in the folder above.
  execFileSync('npm', ['ci', '--ignore-scripts', '--legacy-peer-deps', '--loglevel=error'], {
    cwd: FOLDER,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  return modules;
}

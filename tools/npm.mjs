// What npm says of the project. It is a script of its own on Windows; to run the running npm's own file works everywhere.
import { execFileSync } from 'node:child_process';
import { ROOT } from './check/sources.mjs';

const file = process.env.npm_execpath;

/** What npm prints. */
export function npm(...args) {
  const options = { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 1 << 26 };
  return file
    ? execFileSync(process.execPath, [file, ...args], options)
    : execFileSync('npm', args, { ...options, shell: process.platform === 'win32' });
}

/** What `npm pack` would ship: `size` in bytes, and `files` with their `path`s. */
export function packed() {
  return JSON.parse(npm('pack', '--dry-run', '--json', '--ignore-scripts', '--loglevel=error'))[0];
}

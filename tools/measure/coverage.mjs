// `npm run coverage`: which branches of the core its tests take, a line for each room, and the branches that none takes of
// the rooms named. Exit 1 where a room is below the bar.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from '../check/sources.mjs';
import { addChildren } from './children.mjs';
import { installed } from './install.mjs';

const BAR = 95;
const FOLDER = path.join(ROOT, '.cache/measure');
const wanted = process.argv.slice(2);

/** Tests that start the bundle as it is, or break its calls: they tell nothing of the core that others do not. */
const LEFT_OUT = ['test/cli/start.test.ts', 'test/cli/errno.test.ts', 'test/docs/**'];

const modules = installed();
const children = path.join(FOLDER, 'children');
rmSync(children, { recursive: true, force: true });
mkdirSync(children, { recursive: true });
run();
const files = JSON.parse(readFileSync(path.join(FOLDER, 'coverage/coverage-final.json'), 'utf8'));
await addChildren(new Map(Object.entries(files)), children, modules);
rmSync(children, { recursive: true });

const rooms = new Map();
for (const file of Object.values(files)) count(file);
const results = [...rooms].map(([name, figures]) => ({ name, ...figures })).sort((a, b) => (a.name < b.name ? -1 : 1));
for (const { name, taken, all } of [...results, total()]) {
  console.log(`${name.padEnd(16)} ${taken} of ${all} branches taken (${share({ taken, all }).toFixed(1)} %)`);
}
writeFileSync(path.join(FOLDER, 'coverage.json'), JSON.stringify(results));
if (results.some((room) => share(room) < BAR)) process.exitCode = 1;

function run() {
  const env = {
    ...process.env,
    COVERAGE_V8: pathToFileURL(path.join(modules, '@vitest/coverage-v8/dist/index.js')).href,
    CHILD_COVERAGE: children,
  };
  const vitest = path.join(ROOT, 'node_modules/vitest/vitest.mjs');
  const words = ['run', '--root', '.', '--config', 'tools/measure/coverage.config.mjs'];
  const leftOut = LEFT_OUT.flatMap((file) => ['--exclude', file]);
  const { status } = spawnSync(process.execPath, [vitest, ...words, ...leftOut], { cwd: ROOT, env, stdio: 'inherit' });
  if (status !== 0) throw new Error('a test failed, or vitest did');
}

/** `src/sched/flow/key.ts` is in the room sched/flow, `src/run.ts` in the core's own files. */
function roomOf(file) {
  const parts = path.relative(path.join(ROOT, 'src'), file).split(path.sep).slice(0, -1);
  return parts.slice(0, parts[0] === 'sched' ? 2 : 1).join('/') || '(files)';
}

function count({ path: file, branchMap, b }) {
  const name = roomOf(file);
  const room = rooms.get(name) ?? { taken: 0, all: 0 };
  const lines = readFileSync(file, 'utf8').split('\n');
  for (const [id, counts] of Object.entries(b)) {
    for (const [way, times] of counts.entries()) {
      const at = placeOf(branchMap[id], way);
      if (isDemanded(lines[at.line - 1], at.column)) continue;
      room.all++;
      if (times > 0) room.taken++;
      else if (wanted.includes(name)) {
        console.log(
          `${path.relative(ROOT, file)}:${at.line}:${at.column + 1}: ${branchMap[id].type}: no test goes way ${way + 1}`,
        );
      }
    }
  }
  rooms.set(name, room);
}

function placeOf({ loc, locations }, way) {
  return locations[way]?.start?.line === undefined ? loc.start : locations[way].start;
}

/**
 * `words[i] ?? 0`: what the compiler demands where an element is always there (noUncheckedIndexedAccess). It is no branch of
 * the program's.
 */
function isDemanded(line, column) {
  return /\]\s*\?\?\s*$/.test(line.slice(0, column)) && /^(?:-?\d+n?|''|""|\[\]|\{\})/.test(line.slice(column));
}

function total() {
  const sum = { name: 'core', taken: 0, all: 0 };
  for (const { taken, all } of rooms.values()) {
    sum.taken += taken;
    sum.all += all;
  }
  return sum;
}

function share({ taken, all }) {
  return all === 0 ? 100 : (100 * taken) / all;
}

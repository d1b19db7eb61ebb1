// `npm run coverage`: which branches of the core its tests take, a line for each room, and the branches that none takes of
// the rooms named. Exit 1 where a room is below the bar.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from '../check/sources.mjs';
import { installed } from './install.mjs';

const BAR = 95;
const FOLDER = path.join(ROOT, '.cache/measure');
const wanted = process.argv.slice(2);

run();
const files = Object.values(JSON.parse(readFileSync(path.join(FOLDER, 'coverage/coverage-final.json'), 'utf8')));
const rooms = new Map();
for (const file of files) count(file);
const results = [...rooms].map(([name, figures]) => ({ name, ...figures })).sort((a, b) => (a.name < b.name ? -1 : 1));
for (const { name, taken, all } of [...results, total()]) {
  console.log(`${name.padEnd(16)} ${taken} of ${all} branches taken (${share({ taken, all }).toFixed(1)} %)`);
}
writeFileSync(path.join(FOLDER, 'coverage.json'), JSON.stringify(results));
if (results.some((room) => share(room) < BAR)) process.exitCode = 1;

function run() {
  const provider = path.join(installed(), '@vitest/coverage-v8/dist/index.js');
  const { status } = spawnSync(
    process.execPath,
    [
      path.join(ROOT, 'node_modules/vitest/vitest.mjs'),
      'run',
      '--root',
      '.',
      '--config',
      'tools/measure/coverage.config.mjs',
    ],
    { cwd: ROOT, env: { ...process.env, COVERAGE_V8: pathToFileURL(provider).href }, stdio: 'inherit' },
  );
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
  for (const [id, counts] of Object.entries(b)) {
    for (const [way, times] of counts.entries()) {
      room.all++;
      if (times > 0) room.taken++;
      else if (wanted.includes(name)) console.log(lineOf(file, branchMap[id], way));
    }
  }
  rooms.set(name, room);
}

function lineOf(file, { type, loc, locations }, way) {
  const { start } = locations[way]?.start?.line === undefined ? loc : locations[way];
  return `${path.relative(ROOT, file)}:${start.line}:${start.column + 1}: ${type}, way ${way + 1}: no test takes it`;
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

// Adds what the command line's own processes ran to the branches that vitest counted.
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseAstAsync } from 'vitest/node';
import { ROOT } from '../check/sources.mjs';

const BUILT = path.join(ROOT, 'dist/src');

/**
 * `files`: what vitest counted, by source file. The processes ran the compiler's output: it has the same branches in the same
 * order, so the n-th of one is the n-th of the other.
 */
export async function addChildren(files, folder, modules) {
  const { convert } = await import(pathToFileURL(path.join(modules, 'ast-v8-to-istanbul/dist/index.mjs')).href);
  const { mergeProcessCovs } = createRequire(path.join(modules, 'x'))('@bcoe/v8-coverage');
  for (const { url, functions } of merged(folder, mergeProcessCovs)) {
    const built = fileURLToPath(url);
    const counted = files.get(path.join(ROOT, 'src', path.relative(BUILT, built).replace(/\.js$/, '.ts')));
    if (counted === undefined) continue;
    const code = readFileSync(built, 'utf8');
    const converted = await convert({ code, ast: parseAstAsync(code), coverage: { url, functions } });
    for (const child of Object.values(converted)) add(counted, child);
  }
}

/** All processes as one. They are many, and each tells of every module: they are merged as they are read. */
function merged(folder, mergeProcessCovs) {
  let all = { result: [] };
  for (const name of readdirSync(folder)) {
    const { result } = JSON.parse(readFileSync(path.join(folder, name), 'utf8'));
    const ours = result.filter(({ url }) => url.startsWith(pathToFileURL(BUILT).href));
    all = mergeProcessCovs([all, { result: ours }]);
  }
  return all.result;
}

function add(counted, child) {
  const shape = ({ branchMap }) => Object.values(branchMap).map(({ type, locations }) => `${type} ${locations.length}`);
  if (shape(counted).join() !== shape(child).join())
    throw new Error(`${counted.path}: its branches are not those of dist`);
  const theirs = Object.values(child.b);
  for (const [i, id] of Object.keys(counted.b).entries()) {
    counted.b[id] = counted.b[id].map((times, way) => times + (theirs[i]?.[way] ?? 0));
  }
}

// What one function of the library costs a page: bundled alone, minified, gzip -9. A door's rules must not keep rooms that
// nobody uses, and a module that does something on import would stay in every bundle.
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { rolldown } from 'rolldown';
import { ROOT, report } from './sources.mjs';

/**
 * Bytes at most of what is loaded at first, and of that with all that is loaded later. Set a little above what it is, so
 * that what is added is seen. Half of what classify loads later reads shell scripts, and is loaded with the first of them.
 */
const LIMITS = {
  check: { first: 162_000, all: 162_000 },
  classify: { first: 159_500, all: 193_000 },
  openCapture: { first: 5_000, all: 5_000 },
};

const DOOR = path.join(ROOT, 'dist/src/doors/main.js');
const ENTRY = '\0entry';

/** Sizes of the chunks of a bundle with this export alone; the first is what a page loads at first. */
async function sizesOf(name) {
  const bundle = await rolldown({
    input: ENTRY,
    platform: 'browser',
    plugins: [
      {
        name: 'entry',
        resolveId: (id) => (id === ENTRY ? id : null),
        load: (id) => (id === ENTRY ? `export { ${name} } from ${JSON.stringify(DOOR)};` : null),
      },
    ],
  });
  const { output } = await bundle.generate({ format: 'es', minify: true });
  await bundle.close();
  const chunks = output.filter(({ type }) => type === 'chunk');
  const isFirst = statically(chunks);
  const sizeOf = (some) => some.reduce((sum, { code }) => sum + gzipSync(code, { level: 9 }).length, 0);
  return { first: sizeOf(chunks.filter(isFirst)), all: sizeOf(chunks) };
}

/** Whether a chunk is the entry or is imported by it, by way of others too. */
function statically(chunks) {
  const byName = new Map(chunks.map((chunk) => [chunk.fileName, chunk]));
  const reached = new Set();
  const visit = (chunk) => {
    if (chunk === undefined || reached.has(chunk)) return;
    reached.add(chunk);
    for (const name of chunk.imports) visit(byName.get(name));
  };
  visit(chunks.find(({ isEntry }) => isEntry));
  return (chunk) => reached.has(chunk);
}

const findings = [];
const told = [];
for (const [name, limits] of Object.entries(LIMITS)) {
  const sizes = await sizesOf(name);
  told.push(`${name} ${sizes.first}${sizes.all > sizes.first ? ` (${sizes.all} with what is loaded later)` : ''}`);
  for (const [which, limit] of Object.entries(limits)) {
    if (sizes[which] > limit) findings.push(`shake: ${name}: ${sizes[which]} bytes (${which}), at most ${limit}`);
  }
}
report(findings, `shake: bytes of gzip: ${told.join(', ')}`);

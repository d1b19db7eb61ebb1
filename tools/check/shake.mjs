// What one function of the library costs a page: bundled alone, minified, gzip -9. A door's rules must not keep rooms that
// nobody uses, and a module that does something on import would stay in every bundle.
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { rolldown } from 'rolldown';
import { ROOT, report } from './sources.mjs';

/**
 * Bytes at most of what is loaded at first, of that with all that is loaded later, and of that with the simulated shell,
 * which is loaded with a shell script alone. Set a little above what it is, so that what is added is seen. check holds 9 kB
 * that read what tc prints: it answers at once, so they cannot be loaded later. What the shell shares with classify
 * stands in chunks of its own, which takes half a kB more. The way from the capture to the hook and the counts by host took 11 kB,
 * a script's rules of NAT and marks 15 kB more, loaded with a script.
 */
const LIMITS = {
  check: { first: 175_000, all: 175_000 },
  classify: { first: 173_500, all: 233_500, 'with the shell': 387_000 },
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
  const sizeOf = (some) => some.reduce((sum, { code }) => sum + gzipSync(code, { level: 9 }).length, 0);
  const later = chunks.filter((chunk) => !isOfShell(chunk));
  return { first: sizeOf(chunks.filter(statically(chunks))), all: sizeOf(later), 'with the shell': sizeOf(chunks) };
}

const SHELL = path.join(ROOT, 'dist/src/shell/');
/** The shell is only imported by import(): what stands in one chunk with it is loaded for it. */
const isOfShell = ({ modules }) => Object.keys(modules).some((id) => id.startsWith(SHELL));

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
  const more = [];
  if (sizes.all > sizes.first) more.push(`${sizes.all} with what is loaded later`);
  if (sizes['with the shell'] > sizes.all) more.push(`${sizes['with the shell']} with the shell`);
  told.push(`${name} ${sizes.first}${more.length > 0 ? ` (${more.join(', ')})` : ''}`);
  for (const [which, limit] of Object.entries(limits)) {
    if (sizes[which] > limit) findings.push(`shake: ${name}: ${sizes[which]} bytes (${which}), at most ${limit}`);
  }
}
report(findings, `shake: bytes of gzip: ${told.join(', ')}`);

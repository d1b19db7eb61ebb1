import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { UnpackedKernel } from '../packages.ts';
import { ROOT } from '../root.ts';
import { type Family, json } from './files.ts';

/** The family with a note of what its records come from: `provenance.json`. */
export function withProvenance(family: Family, about: UnpackedKernel, seed: number): Family {
  const provenance = {
    kernel: { version: about.version, package: about.package, release: about.release },
    iproute2: execFileSync('/sbin/tc', ['-V'], { encoding: 'utf8' }).trim(),
    date: new Date().toISOString().slice(0, 10),
    seed,
    generator: generator(),
    computed: family.computed ?? "nothing: everything is the kernel's or tc's",
  };
  return { ...family, files: { ...family.files, 'provenance.json': json(provenance) } };
}

/** A hash that changes with every source that has a say in the cases or in how the kernel is asked. */
function generator(): string {
  const hash = createHash('sha256');
  for (const entry of readdirSync(SOURCES, { recursive: true, withFileTypes: true }).sort(byPath)) {
    const file = pathOf(entry);
    if (!entry.isFile() || file.endsWith('.test.ts')) continue;
    hash.update(`${path.relative(ROOT, file)}\0`).update(readFileSync(file));
  }
  return hash.digest('hex');
}

const SOURCES = path.join(ROOT, 'test/kernel');
const pathOf = (entry: { parentPath: string; name: string }): string => path.join(entry.parentPath, entry.name);
const byPath = (a: Parameters<typeof pathOf>[0], b: typeof a): number => (pathOf(a) < pathOf(b) ? -1 : 1);

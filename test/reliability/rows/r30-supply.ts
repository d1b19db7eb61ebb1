import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from '../../kernel/root.ts';
import { program } from '../program.ts';
import type { Found, Row, Trial } from '../row.ts';

type Program = Parameters<typeof program>[0];

const CHECKS: readonly Program[] = [['tools/check/supply.mjs'], ['tools/check/privacy.mjs']];
/** What the bootstrap does, of what is shipped. */
const BUILD: readonly Program[] = [['node_modules/typescript/bin/tsc', '-b', 'node'], ['tools/bundle.mjs']];

/** The sources, in a folder with a name of its own; nothing that was built. */
function copyOfSources(): string {
  const copy = mkdtempSync(path.join(tmpdir(), 'cls-flow-second-build-'));
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  for (const file of execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).split('\0').filter(Boolean)) {
    mkdirSync(path.dirname(path.join(copy, file)), { recursive: true });
    cpSync(path.join(ROOT, file), path.join(copy, file));
  }
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(copy, 'node_modules'), 'junction');
  return copy;
}

/** `npm pack` of a checkout: the tarball's hash, and the files in it. */
interface Packed {
  readonly integrity: string;
  readonly files: readonly string[];
}

async function pack(root: string): Promise<Packed> {
  const { packed } = await import(pathToFileURL(path.join(root, 'tools/npm.mjs')).href);
  const { integrity, files }: { integrity: string; files: { path: string }[] } = packed();
  return { integrity, files: files.map((file) => file.path) };
}

const hash = (root: string, file: string): string => {
  try {
    return createHash('sha256')
      .update(readFileSync(path.join(root, file)))
      .digest('hex');
  } catch {
    return 'not there';
  }
};

/** The files that differ between two builds, and the tarball. */
async function differences(copy: string): Promise<{ readonly count: number; readonly failures: readonly string[] }> {
  const [here, there] = [await pack(ROOT), await pack(copy)];
  const files = [...new Set([...here.files, ...there.files])];
  const differ = files.filter((file) => hash(ROOT, file) !== hash(copy, file));
  const tarball = here.integrity === there.integrity ? [] : ['the tarballs of two builds differ'];
  return { count: files.length, failures: [...tarball, ...differ.map((file) => `two builds differ: ${file}`)] };
}

/** What the programs print that fail. */
async function failing(programs: readonly Program[], root: string, { say }: Trial): Promise<string[]> {
  const failures: string[] = [];
  for (const words of programs) {
    const { status, lines } = await program(words, say, root);
    if (status !== 0) failures.push(`${words[0]} failed`, ...lines);
  }
  return failures;
}

async function run(trial: Trial): Promise<Found> {
  const copy = copyOfSources();
  try {
    const done = await Promise.all([failing(CHECKS, ROOT, trial), failing(BUILD, copy, trial)]);
    const { count, failures } = await differences(copy);
    const all = [...done.flat(), ...failures];
    return {
      figure: `lock, licences, SBOM, notices, contents and words checked; ${count} files from two builds in two folders; ${all.length} failed`,
      failures: all,
      short: 'provenance is for when it is published',
    };
  } finally {
    rmSync(copy, { recursive: true });
  }
}

export const R30: Row = {
  id: 'R30',
  test: 'where the package comes from: lock, licences, SBOM, notices, contents; two builds; words of a network',
  bar: 'no dependency of the core, no script at installation, the same bytes from two builds, provenance',
  inCi: true,
  run,
};

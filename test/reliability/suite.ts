import { program } from './program.ts';

/** What vitest said of some files. */
export interface Suite {
  readonly passed: number;
  readonly skipped: number;
  /** Names of tests. */
  readonly failures: readonly string[];
}

const VITEST = 'node_modules/vitest/vitest.mjs';

/** Runs files of tests, named from the root of the checkout. TAP, as vitest's JSON report goes where CI looks for all tests. */
export async function suite(...files: readonly string[]): Promise<Suite> {
  const { status, lines } = await program([VITEST, 'run', '--reporter=tap-flat', ...files], () => {});
  const results = lines.filter((line) => /^(?:not )?ok \d+ - /.test(line));
  const skipped = results.filter((line) => / # (?:SKIP|TODO)\b/.test(line)).length;
  const failures = results.filter((line) => line.startsWith('not ok'));
  // A file that cannot be loaded has no tests.
  if (status !== 0 && failures.length === 0) failures.push(`vitest failed: ${files.join(' ')}`);
  return { passed: results.length - skipped - failures.length, skipped, failures };
}

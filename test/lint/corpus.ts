import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { check } from '../../src/lint/index.ts';
import { ROOT } from '../kernel/root.ts';

const FOLDER = join(ROOT, 'test/lint/corpus');
/** Hosts for the rows that need to know how many there are. */
const HOSTS = 30;

/** One script of the corpus, what is known to be wrong with it, and what was found. Codes, sorted. */
export interface Judged {
  readonly script: string;
  readonly expected: readonly string[];
  readonly found: readonly string[];
  /** The same with `--hosts 30`. */
  readonly expectedWithHosts: readonly string[];
  readonly foundWithHosts: readonly string[];
}

const codes = (cell = '-'): string[] => (cell === '-' ? [] : cell.split(',').sort());

/** Codes of the findings that fail a check: warnings and errors. */
function found(text: string, hosts: number | null): string[] {
  const { findings } = check(text, { hosts });
  return [...new Set(findings.filter(({ severity }) => severity !== 'advice').map(({ code }) => code))].sort();
}

/** Judges every script of the corpus. */
export function judge(): Judged[] {
  const rows = readFileSync(join(FOLDER, 'findings.tsv'), 'utf8').split('\n');
  return rows
    .filter((row) => /^U\d/.test(row))
    .map((row) => {
      const [script = '', expected, more] = row.split('\t');
      const text = gunzipSync(readFileSync(join(FOLDER, `${script}.tc.gz`))).toString('utf8');
      return {
        script,
        expected: codes(expected),
        found: found(text, null),
        expectedWithHosts: [...codes(expected), ...codes(more)].sort(),
        foundWithHosts: found(text, HOSTS),
      };
    });
}

/** Every script there is, judged or not. */
export function scripts(): string[] {
  return readdirSync(FOLDER).flatMap((name) => /^(\w+)\.tc\.gz$/.exec(name)?.[1] ?? []);
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { ROOT } from '../kernel/root.ts';
import { FOLDER, type ShellRun } from './runs.ts';

/** What the real bash did with the snippets and scripts: by group and title, the calls in their order. */
export const EXPECTED = join(FOLDER, 'expected.json');

let records: Record<string, string[] | undefined> | null = null;

/** The calls that a run must make. Those of public scripts are known without bash: their tc commands are the corpus. */
export function expectedOf(run: ShellRun): readonly string[] {
  if (run.group === 'public') return corpus(run.name.replace('.sh', ''));
  records ??= JSON.parse(readFileSync(EXPECTED, 'utf8')) as NonNullable<typeof records>;
  const calls = records[keyOf(run)];
  if (calls === undefined) throw new Error(`${run.title} was not recorded: npm run shell:record`);
  return calls;
}

export const keyOf = ({ group, title }: ShellRun): string => `${group}/${title}`;

/** What is compared of a run's calls: of public scripts the corpus holds tc's alone. */
export const comparedOf = ({ group }: ShellRun, lines: readonly string[]): readonly string[] =>
  group === 'public' ? lines.filter((line) => line.startsWith('tc ')) : lines;

function corpus(name: string): string[] {
  const text = gunzipSync(readFileSync(join(ROOT, 'test/lint/corpus', `${name}.tc.gz`))).toString('utf8');
  return text.split('\n').filter((line) => line.startsWith('tc '));
}

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../kernel/root.ts';

/** One run of a script. */
export interface ShellRun {
  /** Name and arguments. */
  readonly title: string;
  readonly group: Group;
  readonly name: string;
  readonly text: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export const GROUPS = ['snippets', 'scripts', 'public'] as const;
export type Group = (typeof GROUPS)[number];

export const FOLDER = join(ROOT, 'test/shell');

/** The runs of a folder's scripts: one for each of their lines `# args: …`, or one without arguments. */
export function runsOf(group: Group): ShellRun[] {
  const names = readdirSync(join(FOLDER, group)).filter((name) => name.endsWith('.sh'));
  return names.sort().flatMap((name) => {
    const text = readFileSync(join(FOLDER, group, name), 'utf8');
    const env = Object.fromEntries(valuesOf(text, 'env').map((value) => value.split(/=(.*)/s).slice(0, 2)));
    const arguments_ = valuesOf(text, 'args');
    return (arguments_.length === 0 ? [''] : arguments_).map((line) => ({
      title: `${name} ${line}`.trimEnd(),
      group,
      name,
      text,
      args: line === '' ? [] : line.split(' '),
      env,
    }));
  });
}

/** What stands behind `# NAME: ` at the beginning of lines. */
const valuesOf = (text: string, name: string): string[] =>
  [...text.matchAll(new RegExp(`^# ${name}: (.*)$`, 'gm'))].map(([, value = '']) => value);

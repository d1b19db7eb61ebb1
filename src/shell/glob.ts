import { isPattern, matcher, unquotedPattern } from './pattern.ts';
import type { ShellFiles } from './tool.ts';

/** Paths that match a pattern, sorted; none where nothing matches. */
export function pathsMatching(pattern: string, files: ShellFiles): string[] {
  const isAbsolute = pattern.startsWith('/');
  const steps = pattern.split('/').filter((step) => step !== '');
  let found = [isAbsolute ? '/' : ''];
  for (const [i, step] of steps.entries()) {
    const isLast = i === steps.length - 1;
    found = found.flatMap((folder) => entries(folder, step, isLast, files));
  }
  return found.sort();
}

function entries(folder: string, step: string, isLast: boolean, files: ShellFiles): string[] {
  const join = (name: string): string => (folder === '' ? name : `${folder.replace(/\/$/, '')}/${name}`);
  if (!isPattern(step)) {
    const path = join(unquotedPattern(step));
    return isLast && files.is(path).kind === null ? [] : [path];
  }
  const matches = matcher(step);
  const isShown = (name: string): boolean => step.startsWith('.') || !name.startsWith('.');
  return files
    .list(folder === '' ? '.' : folder)
    .filter((name) => isShown(name) && matches(name))
    .map(join);
}

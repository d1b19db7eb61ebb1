// What the checks look at: source files, and the reporting of what they find.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))));

/** Every file under the folders that `matches`: its path from the root, with slashes, and its text. */
export function filesOf(folders, matches) {
  return folders
    .flatMap((folder) => readdirSync(path.join(ROOT, folder), { withFileTypes: true, recursive: true }))
    .filter((entry) => entry.isFile() && matches(entry.name))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort()
    .map((file) => ({
      name: path.relative(ROOT, file).split(path.sep).join('/'),
      text: readFileSync(file, 'utf8'),
    }));
}

export const isTest = (name) => name.endsWith('.test.ts');
export const isSource = (name) => name.endsWith('.ts') && !isTest(name) && !name.endsWith('.d.ts');

/** Number of the line a position of the text is on, from 1. */
export function lineOf(text, position) {
  return text.slice(0, position).split('\n').length;
}

/** Prints the findings, or `ok`, and sets the exit code. */
export function report(findings, ok) {
  for (const finding of findings) console.log(finding);
  if (findings.length > 0) process.exitCode = 1;
  else console.log(ok);
}

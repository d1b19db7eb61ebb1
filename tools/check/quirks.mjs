// Each item `## N. …` of QUIRKS.md has a comment `quirk N` in the code and exactly one test `quirk NN: …`; and back.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { filesOf, isSource, isTest, lineOf, ROOT, report } from './sources.mjs';

const listed = [...readFileSync(path.join(ROOT, 'QUIRKS.md'), 'utf8').matchAll(/^## (\d+)\. /gm)].map((match) =>
  Number(match[1]),
);

/** Where each number stands in the files: number → places. */
function places(files, pattern) {
  const found = new Map();
  for (const { name, text } of files) {
    for (const match of text.matchAll(pattern)) {
      const number = Number(match[1]);
      found.set(number, [...(found.get(number) ?? []), `${name}:${lineOf(text, match.index)}`]);
    }
  }
  return found;
}

const comments = places(filesOf(['src', 'node'], isSource), /\bquirk (\d+)\b/gi);
const tests = places(filesOf(['src', 'node', 'test'], isTest), /['"`]quirk (\d\d): /g);

const findings = listed.flatMap((number, index) => {
  const wrong = [];
  if (number <= (listed[index - 1] ?? 0)) wrong.push(`QUIRKS.md: ${number} stands behind ${listed[index - 1]}`);
  if (!comments.has(number)) wrong.push(`quirk ${number}: no comment in the code`);
  const named = tests.get(number) ?? [];
  if (named.length !== 1) wrong.push(`quirk ${number}: ${named.length} tests of that name, not one ${named.join(' ')}`);
  return wrong;
});
for (const [number, where] of [...comments, ...tests]) {
  if (!listed.includes(number)) findings.push(`${where.join(' ')}: quirk ${number} is not in QUIRKS.md`);
}
report(findings, `quirks: ${listed.length} listed, each with its comment and its test`);

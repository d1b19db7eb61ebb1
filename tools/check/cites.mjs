// Each citation `net/sched/cls_flow.c: flow_classify()` in a comment names a function that cites.txt has for that file.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { filesOf, isSource, lineOf, ROOT, report } from './sources.mjs';

const known = new Map(
  readFileSync(path.join(ROOT, 'tools/check/cites.txt'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [file, names] = line.split(': ');
      return [file, new Set(names.split(' '))];
    }),
);

// A file of the kernel's or of iproute2's, and the functions named right behind it.
const CITATION = /\b((?:net|include|lib|tc|drivers|kernel|ip)\/[\w/-]+\.[ch]): ((?:\w+\([^()]*\)(?:, | and )?)+)/g;

const findings = [];
let citations = 0;
for (const { name, text } of filesOf(['src', 'node'], isSource)) {
  for (const match of text.matchAll(CITATION)) {
    const [, file, list] = match;
    for (const [, cited] of list.matchAll(/(\w+)\(/g)) {
      citations++;
      if (known.get(file)?.has(cited)) continue;
      findings.push(`${name}:${lineOf(text, match.index)}: ${file}: ${cited}() is not in tools/check/cites.txt`);
    }
  }
}
report(findings, `cites: ${citations} functions cited, all listed`);

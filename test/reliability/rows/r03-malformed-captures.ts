import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { projectPath } from '../../fuzz/corpus.ts';
import { walk } from '../../limits/walk.ts';
import type { Found, Row } from '../row.ts';

/** Beside the captures of a corpus stand readings and descriptions of them. */
const NO_CAPTURE = /\.(?:json|md|jsonl\.gz|txt|tsv)$/;

export const R3: Row = {
  id: 'R3',
  test: 'captures of public corpora, malformed ones too (CAPTURES=FOLDER; they are not part of the project)',
  bar: 'every one ends, the malformed ones with the verdict in test/reliability/verdicts.tsv, which was reviewed',
  inCi: true,
  async run(): Promise<Found> {
    const folder = process.env.CAPTURES ?? '';
    if (folder === '') {
      const skipped = 'no captures: CAPTURES=FOLDER npm run reliability -- --only R3';
      return { figure: '', failures: [], skipped };
    }
    const reviewed = verdicts();
    const failures: string[] = [];
    const count = { files: 0, reviewed: 0, frames: 0 };
    for (const path of filesIn(folder)) {
      const name = path.split('/').at(-1) ?? '';
      const { frames, end } = await walk(path);
      const verdict = `${frames} frames, ${end}`;
      const expected = reviewed.get(name);
      count.files++;
      count.frames += frames;
      if (expected !== undefined) count.reviewed++;
      if (expected === undefined ? end !== 'result' : expected !== verdict) {
        failures.push(`${name}: ${verdict}, ${expected === undefined ? 'not reviewed' : `reviewed: ${expected}`}`);
      }
    }
    const figure = `${count.files} captures, ${count.frames} frames; ${count.reviewed} of ${reviewed.size} reviewed verdicts, ${failures.length} differ`;
    return { figure, failures };
  },
};

/** File name → verdict. */
function verdicts(): Map<string, string> {
  const lines = readFileSync(projectPath('test/reliability/verdicts.tsv'), 'utf8').split('\n');
  const rows = lines.filter((line) => line !== '' && !line.startsWith('#')).map((line) => line.split('\t'));
  return new Map(rows.map(([name = '', verdict = '']) => [name, verdict]));
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => !NO_CAPTURE.test(path) && statSync(path).isFile())
    .sort();
}

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { document, type Figure, type Figures } from './document.ts';
import type { Found, LaterRow, Row, Scale, Trial } from './row.ts';
import { ROWS } from './rows/index.ts';

const USAGE = `usage: npm run reliability -- [--scale ci|night|release] [--seed N] [--minutes N] [--only R1,R2] [--write]
Runs the tests of docs/RELIABILITY.md. Without --only: all of them, at scale ci those that CI has time for.
--write keeps the figures in docs/RELIABILITY.md. Exit 1 if a test failed.`;

const root = new URL('../../../', import.meta.url);
const FIGURES = fileURLToPath(new URL('test/reliability/figures.json', root));
const NOTES = fileURLToPath(new URL('test/reliability/notes.md', root));
const DOCUMENT = fileURLToPath(new URL('docs/RELIABILITY.md', root));

interface Asked extends Trial {
  readonly only: readonly string[] | null;
  readonly write: boolean;
}

/** null: the command line is wrong. */
function asked(words: readonly string[]): Asked | null {
  try {
    const { values } = parseArgs({
      args: [...words],
      options: {
        scale: { type: 'string', default: 'ci' },
        seed: { type: 'string', default: '1' },
        minutes: { type: 'string' },
        only: { type: 'string' },
        write: { type: 'boolean', default: false },
      },
    });
    const { scale, write } = values;
    const numbers = [values.seed, values.minutes ?? '1'].map(Number);
    if (!isScale(scale) || numbers.some((number) => !(number >= 0))) return null;
    const only = values.only?.split(',') ?? null;
    if (only?.some((id) => !ROWS.some((row) => row.id === id))) return null;
    const [seed = 1, minutes] = numbers;
    return { scale, seed, minutes: values.minutes === undefined ? null : (minutes ?? null), only, write, say };
  } catch {
    return null;
  }
}

const isScale = (word: string): word is Scale => ['ci', 'night', 'release'].includes(word);
const say = (line: string): void => console.log(`  ${line}`);

async function main(words: readonly string[]): Promise<number> {
  const what = asked(words);
  if (what === null) {
    console.error(USAGE);
    return 2;
  }
  const figures: Record<string, Figure> = { ...read() };
  let failed = 0;
  for (const row of ROWS.filter((row) => isWanted(row, what))) {
    if ('later' in row) continue;
    const figure = await tried(row, what);
    if (figure === null) continue;
    if (figure.failed > 0) failed++;
    figures[row.id] = figure;
  }
  if (what.write) write(figures);
  console.log(`reliability: ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

function isWanted(row: Row | LaterRow, { only, scale }: Asked): boolean {
  if (only !== null) return only.includes(row.id);
  return scale !== 'ci' || ('inCi' in row && row.inCi);
}

/** Runs a row and prints what it found; null: it was skipped. */
async function tried(row: Row, what: Asked): Promise<Figure | null> {
  const began = performance.now();
  const found = await outcome(row, what);
  const seconds = Math.round((performance.now() - began) / 100) / 10;
  if (found.skipped !== undefined) {
    console.log(`${row.id.padEnd(4)} skipped: ${found.skipped}`);
    return null;
  }
  for (const failure of found.failures) console.error(failure);
  const { figure, short, failures } = found;
  console.log(`${row.id.padEnd(4)} ${failures.length === 0 ? 'ok' : 'FAILED'} ${figure} (${seconds} s)`);
  if (short !== undefined) console.log(`     below the bar: ${short}`);
  return {
    ...{ figure, scale: what.scale, seed: what.seed, seconds, date: new Date().toISOString().slice(0, 10) },
    ...{ node: process.version, failed: failures.length },
    ...(short === undefined ? {} : { short }),
  };
}

/** A row that throws has failed; the others are tried all the same. */
async function outcome(row: Row, trial: Trial): Promise<Found> {
  try {
    return await row.run(trial);
  } catch (error) {
    return { figure: 'ended early', failures: [error instanceof Error ? String(error.stack) : String(error)] };
  }
}

const read = (): Figures => (existsSync(FIGURES) ? JSON.parse(readFileSync(FIGURES, 'utf8')) : {});

function write(figures: Figures): void {
  writeFileSync(FIGURES, `${JSON.stringify(figures, null, 2)}\n`);
  writeFileSync(DOCUMENT, document(ROWS, figures, readFileSync(NOTES, 'utf8')));
}

process.exitCode = await main(process.argv.slice(2));

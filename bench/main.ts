import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { absence, type Contender, NODE } from './contender.ts';
import { FIGURES, type Figure } from './figures.ts';
import { GROWTH } from './growth.ts';
import { CommandFailed } from './measure.ts';
import { blankRow, document, FIGURE_HEAD, figureRow, growthHead, growthRow } from './results.ts';
import { JobsDiffer, weigh, weighAlone } from './weigh.ts';
import { provide } from './workload.ts';

const GROWTH_NAME = 'growth';
const NAMES = [...FIGURES.map(({ name }) => name), GROWTH_NAME];
const USAGE = `npm run bench [-- NAME …]
Measures speed and memory: all of it, written to bench/RESULTS.md, or the parts of these names:
${NAMES.join(' ')}.
Exit 1 if a bar is missed. Captures of 5 GB are made once, in .cache/bench.`;

const RESULTS = fileURLToPath(new URL('../../bench/RESULTS.md', import.meta.url));

async function main(words: readonly string[]): Promise<number> {
  if (words.some((word) => !NAMES.includes(word))) {
    console.error(USAGE);
    return 2;
  }
  const whole = words.length === 0;
  const chosen = FIGURES.filter(({ name }) => whole || words.includes(name));
  const { lines, missed } = await weighFigures(chosen);
  const growth = whole || words.includes(GROWTH_NAME) ? await weighGrowth() : '';
  if (whole) writeFileSync(RESULTS, document(lines, growth, await weighAlone(NODE)));
  return missed === 0 ? 0 : 1;
}

async function weighFigures(figures: readonly Figure[]): Promise<{ lines: string; missed: number }> {
  const lines: string[] = [];
  let missed = 0;
  if (figures.length > 0) tell(lines, FIGURE_HEAD);
  for (const figure of figures) {
    const { line, met } = await weighFigure(figure);
    tell(lines, line);
    if (!met) missed++;
  }
  return { lines: lines.join('\n'), missed };
}

/** What cannot be measured here misses no bar; a contender that fails does. */
async function weighFigure(figure: Figure): Promise<{ line: string; met: boolean }> {
  const contenders = [figure.measured, ...(figure.per === undefined ? [] : [figure.per])];
  const absent = contenders.map(absence).find((why) => why !== null);
  if (absent !== undefined) return { line: blankRow(figure, 'skipped', absent), met: true };
  for (const contender of contenders) await provideFor(contender);
  try {
    const weighed = await weigh(figure);
    return { line: figureRow(figure, weighed), met: weighed.met };
  } catch (error) {
    if (!(error instanceof CommandFailed || error instanceof JobsDiffer)) throw error;
    return { line: blankRow(figure, 'failed', error.message), met: false };
  }
}

async function weighGrowth(): Promise<string> {
  const lines: string[] = [];
  for (const { title, points } of GROWTH) {
    tell(lines, `${lines.length === 0 ? '' : '\n'}${growthHead(title)}`);
    for (const { label, contender } of points) {
      await provideFor(contender);
      tell(lines, growthRow(label, contender.workload?.packets ?? Number.NaN, await weighAlone(contender)));
    }
  }
  return lines.join('\n');
}

async function provideFor({ workload }: Contender): Promise<void> {
  if (workload !== null) await provide(workload);
}

/** Shows each line as soon as it is known. */
function tell(lines: string[], line: string): void {
  console.log(line);
  lines.push(line);
}

process.exitCode = await main(process.argv.slice(2));

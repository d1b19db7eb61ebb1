import type { LaterRow, Row, Scale } from './row.ts';

/** What a row came to when it was last run: an entry of figures.json. */
export interface Figure {
  readonly figure: string;
  readonly scale: Scale;
  readonly seed: number;
  readonly seconds: number;
  /** `2026-12-01`. */
  readonly date: string;
  /** `v20.20.2`. */
  readonly node: string;
  readonly failed: number;
  readonly short?: string;
}

export type Figures = Readonly<Record<string, Figure>>;

const HEAD = `# Reliability

What is tried against this project, how often, and what came of it. \`npm run reliability -- --scale ci|night|release\`
repeats it; \`--only R1,R2\` runs some rows, \`--minutes N\` gives a row that tries until a time is over that long, and
\`--write\` keeps the figures in this page. CI runs the smallest scale.

A bar is what a release should reach. A figure is what was reached, on the day it names.

| test | what is tried | bar | figure | when |
| --- | --- | --- | --- | --- |
`;

/** docs/RELIABILITY.md. */
export function document(rows: readonly (Row | LaterRow)[], figures: Figures, notes: string): string {
  return `${HEAD}${rows.map((row) => line(row, figures[row.id])).join('\n')}\n\n${notes}`;
}

function line(row: Row | LaterRow, found: Figure | undefined): string {
  const cells = [row.id, row.test, row.bar, ...figureCells(row, found)];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function figureCells(row: Row | LaterRow, found: Figure | undefined): readonly [figure: string, when: string] {
  if ('later' in row) return [`brought by ${row.later}`, ''];
  if (found === undefined) return ['not run yet', ''];
  const failed = found.failed === 0 ? '' : `**${found.failed} failed.** `;
  const short = found.short === undefined ? '' : ` **Below the bar:** ${found.short}`;
  return [
    `${failed}${found.figure}${short}`,
    `${found.date}, ${found.scale}, seed ${found.seed}, ${found.seconds} s, Node ${found.node.slice(1)}`,
  ];
}

import { cpus, totalmem } from 'node:os';
import { versionOf } from './contender.ts';
import type { Figure } from './figures.ts';
import { type Medians, TURNS, type Weighed } from './weigh.ts';

export const FIGURE_HEAD = rows([
  ['name', 'figure', 'bar', 'today', '', 'CPU s', 'CPU ratio', 'wall s', 'wall ratio', 'peak MB'],
  new Array<string>(10).fill('---'),
]);

export function figureRow(figure: Figure, { value, met, cost, per: other }: Weighed): string {
  const { name, claim, of, per } = figure;
  const both = (what: keyof Medians, digits: number): string =>
    [cost, ...(other === null ? [] : [other.cost])].map((one) => one[what].toFixed(digits)).join(' / ');
  const digits = of === 'peakMb' ? 0 : 3;
  return rows([
    [
      ...[name, claim, barText(figure), per === undefined ? value.toFixed(digits) : `${value.toFixed(2)}x`],
      ...[met ? 'met' : 'missed', both('cpu', 3), other?.cpu.toFixed(2) ?? ''],
      ...[both('wall', 3), other?.wall.toFixed(2) ?? '', both('peakMb', 0)],
    ],
  ]);
}

/** A figure without a value, and why. */
export const blankRow = (figure: Figure, word: string, why: string): string =>
  rows([[figure.name, figure.claim, barText(figure), '', `${word}: ${why}`, '', '', '', '', '']]);

function barText({ bar, per }: Figure): string {
  const text = 'atMost' in bar ? `≤ ${round(bar.atMost)}` : `≥ ${round(bar.atLeast)}`;
  return per === undefined ? text : `${text}x`;
}

const round = (value: number): string => String(Number(value.toPrecision(3)));

export const growthHead = (title: string): string =>
  rows([
    [title, 'CPU s', 'µs a packet', 'peak MB'],
    ['---', '---', '---', '---'],
  ]);

export const growthRow = (label: string, packets: number, { cpu, peakMb }: Medians): string =>
  rows([[label, cpu.toFixed(3), ((cpu / packets) * 1e6).toFixed(3), peakMb.toFixed(0)]]);

function rows(cells: readonly (readonly string[])[]): string {
  return cells.map((row) => `| ${row.join(' | ')} |`).join('\n');
}

/** bench/RESULTS.md: the tables, where and with what they were measured, and what Node alone costs there. */
export function document(figures: string, growth: string, node: Medians): string {
  const date = new Date().toISOString().slice(0, 10);
  return `# Bench

Written by \`npm run bench\`, ${date}, ${machine()}.
${versions()}.

Whole processes, start included; medians of ${TURNS} turns; of two contenders in turn (A B A B …) the median of the turns'
ratios. CPU is user and system time of all threads. The yardstick is [the same job in C](yardstick/yardstick.c): it
gives every class the same packets and bytes, or the figure fails. Workloads: [workload.ts](workload.ts). Node alone
(\`node -e 0\`) takes ${node.cpu.toFixed(3)} s of CPU here, which is in every figure of ours.

## Bars

${figures}

## Growth

${growth}
`;
}

function machine(): string {
  const all = cpus();
  return `${process.platform} ${process.arch}, ${all.length} cores (${all[0]?.model.trim()}), ${(totalmem() / 2 ** 30).toFixed(0)} GiB`;
}

function versions(): string {
  const others = ['cc', 'tcpdump', 'tshark'].map(versionOf).filter((version) => version !== null);
  return [`Node ${process.versions.node}`, ...others].join('; ');
}

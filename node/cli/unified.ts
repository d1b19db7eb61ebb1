import type { TextEdit } from '../../src/lint/index.ts';

/** Lines around a change that are shown with it. */
const AROUND = 3;

/** Lines from 0, the end behind the last, before and after. */
interface Block {
  readonly from: number;
  readonly to: number;
  readonly newFrom: number;
  readonly newTo: number;
}

/**
 * Changes that were made to a text as a unified diff, as `patch` takes it. The changes are known, so nothing is searched:
 * the time is linear, however many they are. `after`: the text with all of them made, the first place first.
 */
export function unified(name: string, before: string, after: string, changes: readonly TextEdit[]): string {
  const old = before.split('\n');
  const now = after.split('\n');
  const hunks = hunksOf(blocksOf(changes), old.length);
  const texts = hunks.map((blocks) => hunkText(blocks, old, now));
  return [`--- ${name}\n`, `+++ ${name}\n`, ...texts].join('');
}

/** The lines that change, the first ones first; changes of one line are one block. */
function blocksOf(changes: readonly TextEdit[]): Block[] {
  const blocks: Block[] = [];
  let moved = 0;
  for (const { line, endLine, text } of changes) {
    const grown = text.split('\n').length - 1 - (endLine - line);
    const last = blocks.at(-1);
    if (last !== undefined && line - 1 < last.to) {
      const to = Math.max(last.to, endLine);
      blocks[blocks.length - 1] = { ...last, to, newTo: to + moved + grown };
    } else blocks.push({ from: line - 1, to: endLine, newFrom: line - 1 + moved, newTo: endLine + moved + grown });
    moved += grown;
  }
  return blocks;
}

/** Blocks whose surroundings touch are shown together. */
function hunksOf(blocks: readonly Block[], count: number): Block[][] {
  const hunks: Block[][] = [];
  for (const block of blocks) {
    const last = hunks.at(-1)?.at(-1);
    if (last !== undefined && block.from - last.to <= 2 * AROUND && last.to < count) hunks.at(-1)?.push(block);
    else hunks.push([block]);
  }
  return hunks;
}

function hunkText(blocks: readonly Block[], old: readonly string[], now: readonly string[]): string {
  const [first] = blocks;
  const last = blocks.at(-1);
  if (first === undefined || last === undefined) return '';
  const from = Math.max(0, first.from - AROUND);
  const to = Math.min(lineCount(old), last.to + AROUND);
  const rows: string[] = [];
  let at = from;
  for (const block of blocks) {
    rows.push(...rowsOf(' ', old, at, block.from));
    rows.push(...rowsOf('-', old, block.from, block.to), ...rowsOf('+', now, block.newFrom, block.newTo));
    at = block.to;
  }
  rows.push(...rowsOf(' ', old, at, to));
  const newFrom = first.newFrom - (first.from - from);
  const newTo = last.newTo + (to - last.to);
  return `@@ -${rangeText(from, to)} +${rangeText(newFrom, newTo)} @@\n${rows.join('')}`;
}

const rangeText = (from: number, to: number): string => (to - from === 1 ? `${to}` : `${from + 1},${to - from}`);

/** What is behind the last newline is a line only if it is something. */
const lineCount = (lines: readonly string[]): number => (lines.at(-1) === '' ? lines.length - 1 : lines.length);

function rowsOf(sign: string, lines: readonly string[], from: number, to: number): string[] {
  return lines.slice(from, to).map((line, i) => {
    const isUnended = from + i === lines.length - 1;
    return `${sign}${line}\n${isUnended ? '\\ No newline at end of file\n' : ''}`;
  });
}

import { byteLength } from './bytes.ts';
import { inputsOf, noSuchFile, result } from './input.ts';
import { type Parsed, parseOptions } from './options.ts';
import type { TextTool } from './tool.ts';

const NAMES = { flags: 'lwcm', long: { lines: 'l', words: 'w', bytes: 'c', chars: 'm' } };

const COUNTS: Readonly<Record<string, (text: string) => number>> = {
  l: (text) => text.split('\n').length - 1,
  w: (text) => text.split(/[ \t\n\v\f\r]+/).filter((word) => word !== '').length,
  m: (text) => [...text].length,
  c: byteLength,
};

/** What is counted, in the order of the output. */
function kindsOf(parsed: Parsed): string[] {
  const given = Object.keys(COUNTS).filter((kind) => parsed.has(kind));
  return given.length === 0 ? ['l', 'w', 'c'] : given;
}

const PIPE_WIDTH = 7;

export const wc: TextTool = (call) => {
  const parsed = parseOptions(call.args, NAMES);
  const kinds = kindsOf(parsed);
  const { operands } = parsed;
  const { inputs, missing } = inputsOf(call, operands, noSuchFile);
  const rows = inputs.map(({ name, text }) => ({ name, counts: kinds.map((kind) => COUNTS[kind]?.(text) ?? 0) }));
  const bytes = inputs.reduce((sum, { text }) => sum + byteLength(text), 0);
  const isPipe = inputs.some(({ name }) => name === '-');
  const width = kinds.length === 1 && operands.length < 2 ? 1 : isPipe ? PIPE_WIDTH : String(bytes).length;
  const totals = kinds.map((_, at) => rows.reduce((sum, { counts }) => sum + (counts[at] ?? 0), 0));
  const all = operands.length > 1 ? [...rows, { name: 'total', counts: totals }] : rows;
  const lines = all.map(({ name, counts }) => {
    const numbers = counts.map((count) => String(count).padStart(width)).join(' ');
    return operands.length === 0 ? `${numbers}\n` : `${numbers} ${name}\n`;
  });
  return result(lines.join(''), missing);
};

import type { TextCall } from '../text-tools.ts';
import { linesOf, noSuchFile, textOfLines } from './input.ts';
import { parseOptions } from './options.ts';
import { printed, Refused, type TextTool, Unsupported } from './tool.ts';

const ESCAPED: Readonly<Record<string, string>> = { n: '\n', t: '\t', '\\': '\\', '0': '' };

/** Used one after the other. */
function delimitersOf(list: string): readonly string[] {
  if (/\\[^nt\\0]|\\$/.test(list)) throw new Unsupported(`the delimiters ${list}`);
  return list === ''
    ? ['']
    : [...list.matchAll(/\\(.)|[^\\]/gsu)].map(([all, escaped]) => ESCAPED[escaped ?? ''] ?? all);
}

function joined(parts: readonly string[], delimiters: readonly string[]): string {
  return parts.map((part, at) => (at === 0 ? part : (delimiters[(at - 1) % delimiters.length] ?? '') + part)).join('');
}

/** The next line of each column; several columns may take theirs from the standard input. */
function rowsOf(columns: readonly string[][]): string[][] {
  const rows: string[][] = [];
  while (columns.some((lines) => lines.length > 0)) rows.push(columns.map((lines) => lines.shift() ?? ''));
  return rows;
}

function columnsOf(call: TextCall, operands: readonly string[]): string[][] {
  const stdin = linesOf(call.stdin);
  return (operands.length === 0 ? ['-'] : operands).map((name) => {
    if (name === '-') return stdin;
    const text = call.read(name);
    if (text === undefined) throw new Refused(noSuchFile(name));
    return linesOf(text);
  });
}

export const paste: TextTool = (call) => {
  const parsed = parseOptions(call.args, { flags: 's', values: 'd', long: { serial: 's', delimiters: 'd' } });
  const delimiters = delimitersOf(parsed.value('d') ?? '\t');
  const columns = columnsOf(call, parsed.operands);
  if (!parsed.has('s')) return printed(textOfLines(rowsOf(columns).map((row) => joined(row, delimiters))));
  return printed(textOfLines(columns.map((lines) => joined(lines.splice(0), delimiters))));
};

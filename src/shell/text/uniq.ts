import { inputsOf, linesOf, noSuchFile, result, textOfLines } from './input.ts';
import { parseOptions } from './options.ts';
import { type TextTool, Unsupported } from './tool.ts';

const NAMES = { flags: 'cdui', long: { count: 'c', repeated: 'd', unique: 'u', 'ignore-case': 'i' } };

/** Lines that follow each other and are the same, and how many. */
function groupsOf(lines: readonly string[], ignoresCase: boolean): { line: string; count: number }[] {
  const keyOf = (line: string): string => (ignoresCase ? line.toUpperCase() : line);
  const groups: { line: string; count: number }[] = [];
  for (const line of lines) {
    const last = groups.at(-1);
    if (last !== undefined && keyOf(last.line) === keyOf(line)) last.count++;
    else groups.push({ line, count: 1 });
  }
  return groups;
}

export const uniq: TextTool = (call) => {
  const parsed = parseOptions(call.args, NAMES);
  if (parsed.operands.length > 1) throw new Unsupported('an output file');
  const { inputs, missing } = inputsOf(call, parsed.operands, noSuchFile);
  const kept = groupsOf(linesOf(inputs[0]?.text ?? ''), parsed.has('i')).filter(
    ({ count }) => !(parsed.has('d') && count === 1) && !(parsed.has('u') && count > 1),
  );
  const numbered = ({ line, count }: { line: string; count: number }): string =>
    parsed.has('c') ? `${String(count).padStart(7)} ${line}` : line;
  return result(textOfLines(kept.map(numbered)), missing);
};

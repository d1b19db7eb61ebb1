import type { TextCall, TextResult } from '../text-tools.ts';

/** What a program reads: files, or what comes in. */
export interface Input {
  readonly name: string;
  readonly text: string;
}

export interface Inputs {
  readonly inputs: readonly Input[];
  /** A line for each file that is not there. */
  readonly missing: string;
}

/** `complain`: what the program says of a file that is not there. */
export function inputsOf(call: TextCall, operands: readonly string[], complain: (name: string) => string): Inputs {
  const inputs: Input[] = [];
  let missing = '';
  for (const name of operands.length === 0 ? ['-'] : operands) {
    const text = name === '-' ? call.stdin : call.read(name);
    if (text === undefined) missing += `${call.name}: ${complain(name)}\n`;
    else inputs.push({ name, text });
  }
  return { inputs, missing };
}

export const noSuchFile = (name: string): string => `${name}: No such file or directory`;

/** The lines of a text, without their ends. A last line without one counts. */
export function linesOf(text: string): string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

export const textOfLines = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');

/** The output where it depends on the inputs alone, and a file that is missing gives this exit code. */
export function result(stdout: string, missing: string, exit = 1): TextResult {
  return { stdout, stderr: missing, exit: missing === '' ? 0 : exit };
}

import type { TextAnswer, TextCall, TextResult } from '../text-tools.ts';

/** One program. It throws `Unsupported` or `Refused` instead of an answer. */
export type TextTool = (call: TextCall) => TextResult;

/** This use of a program is not simulated. */
export class Unsupported extends Error {}

/** The program itself refuses. `message`: what it prints, without its name in front. */
export class Refused extends Error {
  readonly exit: number;
  /** What it printed before. */
  readonly stdout: string;

  constructor(message: string, exit = 1, stdout = '') {
    super(message);
    this.exit = exit;
    this.stdout = stdout;
  }
}

/** Characters of a text before a program that makes it is given up. */
export const LONGEST = 1 << 20;

/** A loop that doubles a text would fill the memory. */
export function limited(text: string): string {
  if (text.length > LONGEST) throw new Unsupported('so long a text');
  return text;
}

export const printed = (stdout: string, exit = 0): TextResult => ({ stdout, stderr: '', exit });

export function answerOf(tool: TextTool, call: TextCall): TextAnswer {
  try {
    return tool(call);
  } catch (error) {
    if (error instanceof Unsupported) return { unsupported: `${call.name}: ${error.message}` };
    if (error instanceof Refused)
      return { stdout: error.stdout, stderr: `${call.name}: ${error.message}\n`, exit: error.exit };
    // The stack, or the longest text that JavaScript has.
    if (error instanceof RangeError) return { unsupported: `${call.name}: nested too deep, or too much output` };
    throw error;
  }
}

import type { ToolAnswer } from '../tool.ts';

/** Done, and nothing printed. */
export const DONE: ToolAnswer = {};

export function printed(stdout: string, assumed?: string): ToolAnswer {
  return assumed === undefined ? { stdout } : { stdout, assumed };
}

export function refused(message: string, exit: number): ToolAnswer {
  return { stderr: `${message}\n`, exit };
}

export function unknown(why: string): ToolAnswer {
  return { unknown: why };
}

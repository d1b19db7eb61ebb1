/** A program that works on text and on nothing else: awk, sed, grep, cut, tr, sort, … */
export interface TextTools {
  /** True: `run` knows it. */
  has(name: string): boolean;
  run(call: TextCall): Promise<TextAnswer>;
  /** The whole and the parts that an extended regular expression of POSIX finds; null: nothing; undefined: not simulated. */
  match(expression: string, text: string, isCaseless: boolean): readonly string[] | null | undefined;
}

/** One call of such a program. */
export interface TextCall {
  readonly name: string;
  readonly args: readonly string[];
  readonly stdin: string;
  /** What it may read: undefined where there is no such file. */
  readonly read: (path: string) => string | undefined;
  /** Told of the steps that a program with loops of its own took. */
  readonly spend?: (steps: number) => void;
}

/** What the program gives, or why this use of it is not simulated (then nothing is known of its output). */
export type TextAnswer = TextResult | { readonly unsupported: string };

export interface TextResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly exit: number;
}

/** Loaded when a script calls the first of them. */
export async function loadTextTools(): Promise<TextTools> {
  return (await import('./text/tools.ts')).textTools();
}

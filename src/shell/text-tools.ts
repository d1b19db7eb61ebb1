/** A program that works on text and on nothing else: awk, sed, grep, cut, tr, sort, … */
export interface TextTools {
  /** True: `run` knows it. */
  has(name: string): boolean;
  run(call: TextCall): Promise<{ readonly stdout: string; readonly stderr: string; readonly exit: number }>;
}

/** One call of such a program. */
export interface TextCall {
  readonly name: string;
  readonly args: readonly string[];
  readonly stdin: string;
  /** What it may read: undefined where there is no such file. */
  readonly read: (path: string) => string | undefined;
}

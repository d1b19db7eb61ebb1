import type { Scene } from '../expand.ts';
import type { Field, Shell } from '../shell.ts';

/** One call of a builtin. */
export interface BuiltinCall {
  /** What follows its name. */
  readonly args: readonly string[];
  /** The same with where each is written. */
  readonly fields: readonly Field[];
  readonly shell: Shell;
  readonly scene: Scene;
  /** As written, for questions that are listed. */
  readonly text: string;
  /** Runs other words as a command. */
  readonly call: (fields: readonly Field[]) => Promise<void>;
}

/** Returns the exit status. */
export type Builtin = (call: BuiltinCall) => number | Promise<number>;

import type { TextTools } from './text-tools.ts';
import type { TcAnswers } from './tool.ts';

/** Where texts besides the script come from: files of its folder, and those that the user names. */
export interface FileSource {
  /** undefined: there is none, or it may not be read. `path` is absolute, without `.` and `..`. */
  read(path: string): string | undefined;
  is(path: string): 'file' | 'folder' | null;
  list(path: string): readonly string[];
}

/** What a simulated run is given. */
export interface ShellOptions {
  /** Name of the script, as the user typed it. */
  readonly name: string;
  /** Its absolute path, as `$0` and `dirname` see it. */
  readonly path: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly files: FileSource;
  /** A fresh kernel to answer tc: made for each run. */
  readonly kernel: () => TcAnswers;
  /** Loaded when the first of them is needed. */
  readonly textTools: () => Promise<TextTools>;
  /** The Ethernet device of the host. Default: the first that the script names, else eth0. */
  readonly device?: string;
  /** Steps (commands, turns of loops, parts of words) before a run is ended. */
  readonly maxSteps?: number;
  readonly signal?: { readonly aborted: boolean };
}

import type { LoopValue } from '../shell/index.ts';

/** Where something is written in the script. Lines and columns are counted from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
  /** Characters. */
  readonly length: number;
  /** Where it ends: behind its last character. */
  readonly endLine: number;
  readonly endColumn: number;
}

/** A place in the script or in a file that it reads. */
export interface FilePlace extends Place {
  /** Name of the file; null: the script itself. */
  readonly file: string | null;
}

/** Where a word of a command is written. */
export interface WordPlace extends FilePlace {
  /** The word stands there itself, and may be edited. False: a variable or a command made it. */
  readonly literal: boolean;
}

/** One tc command of a script, and where its words were written. */
export interface Command {
  /** File that it is written in; null: the script itself. */
  readonly file: string | null;
  /** Line that it begins on, counted from 1. */
  readonly line: number;
  /** As written: one line, or several that backslashes join. */
  readonly source: string;
  /** What follows `tc`. */
  readonly words: readonly string[];
  /** What is written before the words: `sudo tc`; empty in a batch file. */
  readonly before: string;
  /** All of it. */
  readonly place: FilePlace;
  /** Of each word; null: it is written nowhere. */
  readonly spans: readonly (WordPlace | null)[];
  /** Network namespace; empty: the one that the script is started in. */
  readonly netns: string;
  /** What the loops around it were at, the outermost first; empty where nobody ran them. */
  readonly loops: readonly LoopValue[];
  /** The script expects that it may be refused. */
  readonly mayFail: boolean;
  /** Of what tc printed: why its words are not known; null: they are, or they hold variables. */
  readonly unread: string | null;
}

/** A command of another tool: ip, iptables, ipset, nft. */
export interface ToolLine {
  readonly tool: string;
  readonly netns: string;
  readonly words: readonly string[];
  readonly place: FilePlace;
  /** null: nobody has run it. */
  readonly exit: number | null;
  /** What it read: rules for `iptables-restore` and `nft -f`. */
  readonly input: string;
}

/** Where a word is; behind the last one where it is missing; a number below 0 means all of them. */
export function whereIs({ place, spans }: Command, word: number): FilePlace {
  if (word < 0) return place;
  const span = spans[word];
  return span === undefined ? behind(spans.at(-1) ?? place) : alone(span ?? place);
}

/** Without what else is known of a word. */
function alone({ file, line, column, length, endLine, endColumn }: FilePlace): FilePlace {
  return { file, line, column, length, endLine, endColumn };
}

/** One character behind a place. */
function behind({ file, endLine, endColumn }: FilePlace): FilePlace {
  return { file, line: endLine, column: endColumn, length: 1, endLine, endColumn: endColumn + 1 };
}

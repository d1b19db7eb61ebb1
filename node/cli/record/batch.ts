import { escapeLines, escapeText, matches } from '../../../src/lang/index.ts';

export interface Transcript {
  /** Lines for `tc -batch`; everything that is no tc command is a comment. */
  readonly text: string;
  /** tc commands in it that tc would run. */
  readonly commands: number;
  /** Commands of other network namespaces: comments. */
  readonly elsewhere: number;
  /** tc commands that no line of a batch file can hold: comments. */
  readonly unwritable: number;
  /** tc commands behind the place where the script ends: comments. */
  readonly unreached: number;
}

/** A file for `tc -batch` that grows command by command. */
export class Batch {
  private readonly lines: string[] = [];
  private readonly counts = { commands: 0, elsewhere: 0, unwritable: 0, unreached: 0 };

  constructor(origin: string) {
    this.comment(origin);
    this.comment(
      'For cls-flow check and classify --script; tc -force -batch goes on after a line that the kernel refuses.',
    );
  }

  /** A comment stays on its line, whatever it tells of; getcmdline() joins lines before it looks for comments. */
  comment(text: string): void {
    this.lines.push(`# ${escapeText(text).replace(/\\$/, '\\ ')}`);
  }

  /** A command of a tool. `words`: without options in front of the object; `said`: as it is told where it is a comment. */
  command(tool: string, netns: string, words: readonly string[], said: readonly string[]): void {
    const text = [tool, ...said].join(' ');
    if (netns !== '') this.elsewhere(tool, netns, text);
    else if (tool !== 'tc' || words.length === 0 || asks(words)) this.comment(text);
    else this.line(batchLine(words), text);
  }

  /** A command that the script does not come to. */
  unreached(tool: string, said: readonly string[]): void {
    this.comment(`not reached: ${[tool, ...said].join(' ')}`);
    if (tool === 'tc') this.counts.unreached++;
  }

  /** What another namespace was to get is no part of this one's tree. */
  private elsewhere(tool: string, netns: string, text: string): void {
    this.comment(`in network namespace ${netns}: ${text}`);
    if (tool === 'tc') this.counts.elsewhere++;
  }

  /** A line of a file that the script gives to `tc -batch`. */
  batched(line: string): void {
    if (line.trim() === '') return;
    const isSafe = escapeLines(line) === line;
    if (isSafe && /^\s*#/.test(line)) this.lines.push(line.trimEnd());
    else this.line(isSafe ? line.trimEnd() : null, line);
  }

  private line(line: string | null, text: string): void {
    if (line === null) {
      this.comment(`cannot stand in a batch file: ${text}`);
      this.counts.unwritable++;
      return;
    }
    this.lines.push(line);
    this.counts.commands++;
  }

  transcript(): Transcript {
    return { text: `${this.lines.join('\n')}\n`, ...this.counts };
  }
}

const QUESTIONS = ['show', 'list', 'lst', 'ls', 'get', 'monitor', 'help'];

/** Commands that change nothing. */
function asks([object = '', verb = 'show']: readonly string[]): boolean {
  return ['monitor', 'help'].includes(object) || QUESTIONS.some((question) => matches(verb, question));
}

/**
 * lib/utils.c: makeargs() and getcmdline(): quotes hold a word together, `#` ends the line wherever it stands, a
 * backslash at the end continues it. null: no quotes help.
 */
function batchLine(words: readonly string[]): string | null {
  const written = words.map(quotedWord);
  const line = written.join(' ');
  return written.includes(null) || line.endsWith('\\') ? null : line;
}

function quotedWord(word: string): string | null {
  // A file that is looked at on a terminal holds nothing that acts there.
  if (/[#\n]/.test(word) || escapeLines(word) !== word) return null;
  if (/^[^\s'"][^\s]*$/.test(word)) return word;
  const quote = ['"', "'"].find((mark) => !word.includes(mark));
  return quote === undefined ? null : `${quote}${word}${quote}`;
}

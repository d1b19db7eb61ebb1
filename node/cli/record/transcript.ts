import { escapeLines, escapeText, matches } from '../../../src/lang/index.ts';

/** One command as a stand-in wrote it down. */
export interface Call {
  readonly tool: string;
  /** Network namespace it was run in (`ip netns exec`, `tc -n`); empty: the first. */
  readonly netns: string;
  /** What `-batch` read; empty where there was none. */
  readonly input: string;
  readonly args: readonly string[];
}

const FIELDS = 4;

/** The records of the log. A record that a killed stand-in left unfinished is left out. */
export function readLog(log: string): Call[] {
  const fields = log.split('\0');
  const calls: Call[] = [];
  for (let at = 0; at + FIELDS < fields.length; ) {
    const [tool = '', netns = '', input = '', count = ''] = fields.slice(at, at + FIELDS);
    const end = at + FIELDS + Number(count);
    // The text behind the last zero byte is no field.
    if (!/^\d+$/.test(count) || end >= fields.length) break;
    calls.push({ tool, netns, input, args: fields.slice(at + FIELDS, end) });
    at = end;
  }
  return calls;
}

export interface Transcript {
  /** Lines for `tc -batch`; everything that is no tc command is a comment. */
  readonly text: string;
  /** tc commands in it that tc would run. */
  readonly commands: number;
  /** Commands of other network namespaces: comments. */
  readonly elsewhere: number;
  /** tc commands that no line of a batch file can hold: comments. */
  readonly unwritable: number;
}

/** What a script asked for, as a file for `tc -batch`. `source`: the command that was run. */
export function transcript(calls: readonly Call[], source: string): Transcript {
  const lines = [
    `# Recorded by cls-flow record from: ${comment(source)}`,
    '# For cls-flow check and classify --script; tc -force -batch goes on after a line that the kernel refuses.',
  ];
  const counts = { commands: 0, elsewhere: 0, unwritable: 0 };
  for (const call of calls) {
    if (call.tool !== 'tc' || call.netns !== '') {
      const place = call.netns === '' ? '' : `in network namespace ${comment(call.netns)}: `;
      lines.push(`# ${place}${comment([call.tool, ...call.args].join(' '))}`);
      if (call.tool === 'tc') counts.elsewhere++;
    } else if (call.input !== '' || isBatch(call.args)) {
      lines.push(`# from tc ${comment(call.args.join(' '))}`);
      for (const line of call.input.replace(/\r/g, ' ').split('\n')) {
        if (line.trim() === '') continue;
        const isComment = /^\s*#/.test(line);
        const isSafe = escapeLines(line) === line;
        lines.push(isSafe ? line.trimEnd() : unwritten(line));
        if (!isComment) counts[isSafe ? 'commands' : 'unwritable']++;
      }
    } else {
      const words = withoutOptions(call.args);
      if (words.length === 0 || asks(words)) lines.push(`# tc ${comment(call.args.join(' '))}`);
      else {
        const line = batchLine(words);
        if (line === null) counts.unwritable++;
        else counts.commands++;
        lines.push(line ?? unwritten(`tc ${call.args.join(' ')}`));
      }
    }
  }
  return { text: `${lines.join('\n')}\n`, ...counts };
}

/** tc/tc.c: main() takes options in front of the object only; those that have a value. */
const VALUED = ['-netns', '-net', '-n', '-loops', '-l', '-cf', '-conf', '-rcvbuf', '-rc'];

function withoutOptions(args: readonly string[]): readonly string[] {
  let at = 0;
  while (args[at]?.startsWith('-')) at += VALUED.includes(args[at] ?? '') ? 2 : 1;
  return args.slice(at);
}

function isBatch(args: readonly string[]): boolean {
  return args.some((arg) => /^--?b(atch|atc|at|a)?$/.test(arg));
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

const unwritten = (command: string): string => `# cannot stand in a batch file: ${comment(command)}`;

/** A comment stays on its line, whatever an argument holds; getcmdline() joins lines before it looks for comments. */
const comment = (text: string): string => escapeText(text).replace(/\\$/, '\\ ');

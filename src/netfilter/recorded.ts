import type { NetfilterCommand } from './rules.ts';

/** A command that a recording tells; nobody has run it. */
export interface RecordedLine {
  readonly tool: string;
  readonly netns: string;
  readonly words: readonly string[];
  /** Counted from 1; the end is behind the last character. */
  readonly place: {
    readonly file: null;
    readonly line: number;
    readonly column: number;
    readonly length: number;
    readonly endLine: number;
    readonly endColumn: number;
  };
  readonly exit: null;
  readonly input: string;
}

/** What `cls-flow record` begins its files with. */
const RECORDING = /^# (?:Recorded|Simulated) by cls-flow record from: /;
/** A batch is for tc alone: what other tools were asked stands in comments. */
const TOOL =
  /^# (?:in network namespace (?<netns>\S+): )?(?<tool>ip|ip6?tables(?:-restore)?|nft|ipset|modprobe)(?: (?<words>.*))?$/;
/** A line that the command above it read. */
const READ = /^# < (?<text>.*)$/;

/** The commands of other tools that a recording tells; none: the text is no recording. */
export function recordedTools(text: string): RecordedLine[] {
  if (!RECORDING.test(text)) return [];
  const tools: RecordedLine[] = [];
  for (const [i, line] of text.split('\n').entries()) {
    const read = READ.exec(line)?.groups?.text;
    const last = tools.at(-1);
    if (read !== undefined && last !== undefined) tools.splice(-1, 1, { ...last, input: `${last.input}${read}\n` });
    const { tool, words = '', netns = '' } = TOOL.exec(line)?.groups ?? {};
    if (tool === undefined) continue;
    // A recording writes words without quotes.
    const place = placeOf(i + 1, line);
    tools.push({ tool, netns, words: words.split(' '), place, exit: null, input: '' });
  }
  return tools;
}

/** The same as a simulated script has them. */
export function recordedCommands(text: string): NetfilterCommand[] {
  return recordedTools(text).map(({ words, exit: _, ...line }) => ({
    ...line,
    words: words.map((word) => ({ text: word })),
  }));
}

/** Behind the comment's mark. */
function placeOf(line: number, text: string): RecordedLine['place'] {
  const column = 3;
  return { file: null, line, column, length: text.length - 2, endLine: line, endColumn: text.length + 1 };
}

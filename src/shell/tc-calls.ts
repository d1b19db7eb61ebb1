import { UsageError } from '../errors.ts';
import { batchLines } from '../lang/index.ts';
import type { Field, Shell } from './shell.ts';
import type { SimulatedWord, SourcePlace } from './simulated.ts';
import type { LinePlaces } from './streams.ts';
import type { ToolAnswer } from './tool.ts';
import { tcOptions } from './tools/tc.ts';

/** One command of a batch, and where it is written. */
interface BatchCommand {
  readonly words: readonly SimulatedWord[];
  readonly place: SourcePlace;
}

/** `tc -batch`: each command by itself; without -force the first refusal ends it. tc/tc.c: batch() */
export function runBatch(
  text: string,
  lines: LinePlaces | null,
  fields: readonly Field[],
  place: SourcePlace,
  run: (words: readonly SimulatedWord[], place: SourcePlace, netns: string) => ToolAnswer,
  shell: Shell,
): ToolAnswer {
  const { force, netns } = tcOptions(fields.map((field) => field.text));
  const namespace = netns ?? shell.netns;
  let stdout = '';
  let stderr = '';
  let exit = 0;
  for (const command of batchCommands(text, lines, place)) {
    shell.host.step(place);
    const answer = run(command.words, command.place, namespace);
    stdout += answer.stdout ?? '';
    if ((answer.exit ?? 0) === 0) continue;
    stderr += `${answer.stderr ?? ''}Command failed -:${command.place.line}\n`;
    exit = 1;
    if (!force) break;
  }
  return { stdout, stderr, exit };
}

function* batchCommands(text: string, lines: LinePlaces | null, place: SourcePlace): Generator<BatchCommand> {
  const rows = text.split('\n');
  for (let at = 0; at < rows.length; at++) {
    const from = at;
    while (rows[at]?.endsWith('\\') && !rows[at]?.includes('#') && at + 1 < rows.length) at++;
    const source = rows.slice(from, at + 1).join('\n');
    const line = lines?.[from] ?? null;
    for (const words of wordsOf(source)) {
      const isOne = line?.literal === true && at === from;
      yield {
        words: isOne
          ? spanned(source, words, line.place)
          : words.map((word) => ({ text: word, place: null, literal: false })),
        place: line?.place ?? place,
      };
    }
  }
}

/** A line whose quotes are open is left as it is: tc refuses it. */
function wordsOf(source: string): (readonly string[])[] {
  try {
    return [...batchLines(`${source}\n`)].map(({ words }) => words);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return [source.trim().split(/\s+/)];
  }
}

/** Where the words of a line stand, with their quotes. */
function spanned(source: string, words: readonly string[], place: SourcePlace): SimulatedWord[] {
  const spans = [...source.matchAll(/"[^"]*"|'[^']*'|\S+/g)];
  return words.map((text, i) => {
    const { index = 0, 0: typed = '' } = spans[i] ?? {};
    const from = place.from + index;
    const column = place.column + index;
    const at = {
      ...place,
      from,
      to: from + typed.length,
      column,
      endLine: place.line,
      endColumn: column + typed.length,
    };
    return { text, place: at, literal: true };
  });
}

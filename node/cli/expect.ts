import { UsageError } from '../../src/errors.ts';
import { escapeText } from '../../src/lang/index.ts';
import type { Run } from '../../src/run.ts';
import { type Expectation, Expecting, parseExpectation, type Unmet } from '../../src/study/index.ts';
import type { Caret } from './caret.ts';
import { CommandLineError } from './errors.ts';
import type { Limits } from './limits.ts';
import { readText } from './named-file.ts';

/** An expectation, and where it stands. */
interface Written {
  readonly expectation: Expectation;
  readonly line: number;
  readonly text: string;
}

/** `classify --expect FILE`: what stands in the file, held against a run. */
export class ExpectFile {
  readonly expecting: Expecting;
  private readonly path: string;
  private readonly written: readonly Written[];

  /** Throws CommandLineError where the file makes no sense, FailedError where it cannot be read. */
  constructor(path: string, run: Run, limits: Limits) {
    this.path = path;
    this.written = readLines(path, run.fates !== null, limits);
    if (this.written.length === 0) throw new CommandLineError(`${path}: nothing is expected in it`);
    const expectations = this.written.map(({ expectation }) => expectation);
    this.expecting = new Expecting(run, expectations);
  }

  /** One paragraph for each expectation that was not met; '' if all were. */
  report(): string {
    const unmet = this.expecting.unmet();
    const paragraphs = unmet.map((one) => this.paragraph(one));
    if (unmet.length > 0) paragraphs.push(`${unmet.length} of ${this.written.length} expectations not met`);
    return paragraphs.join('\n');
  }

  private paragraph({ index, expected, packets, failed, first }: Unmet): string {
    const { line = 0, text = '' } = this.written[index] ?? {};
    const head = `${escapeText(this.path)}:${line}: ${escapeText(text)}\n  expected: ${expected}`;
    if (first === null) return `${head}\n  happened: no such packet`;
    const others = packets === 1 ? '' : ` (${failed} of ${packets} packets ended otherwise)`;
    return `${head}\n  happened: packet ${first.packet}: ${first.happened}${others}`;
  }
}

function readLines(path: string, tree: boolean, limits: Limits): Written[] {
  return readText(path, limits)
    .split('\n')
    .flatMap((raw, index) => {
      const line = index + 1;
      const text = raw.trim();
      try {
        const expectation = parseExpectation(text, tree);
        return expectation === null ? [] : [{ expectation, line, text }];
      } catch (error) {
        if (!(error instanceof UsageError)) throw error;
        throw new CommandLineError(`${path}:${line}: ${error.message}`, caretAt(text, error.word), error.hint);
      }
    });
}

/** A word that is missing is behind the last. */
function caretAt(line: string, index: number): Caret {
  if (index < 0) return { line, at: 0, length: line.length };
  const word = [...line.matchAll(/\S+/g)][index];
  return word === undefined
    ? { line, at: line.length + 1, length: 1 }
    : { line, at: word.index, length: word[0].length };
}

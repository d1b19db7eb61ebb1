import type { LoopValue, Simulated, SimulatedCommand, SimulatedWord, SourcePlace } from '../../src/shell/index.ts';

export const NAME = 'qos.sh';

/** A run that is written down by hand: each command by the text that its words stand in, and what became of them. */
export class Run {
  readonly texts = new Map<string, string>();
  readonly commands: SimulatedCommand[] = [];
  private readonly shown: Partial<Simulated>;

  constructor(text: string, shown: Partial<Simulated> = {}, sourced: Readonly<Record<string, string>> = {}) {
    this.texts.set(NAME, text);
    for (const [name, other] of Object.entries(sourced)) this.texts.set(name, other);
    this.shown = shown;
  }

  place(written: string, file = NAME): SourcePlace {
    const text = this.texts.get(file) ?? '';
    const from = text.indexOf(written);
    if (from < 0) throw new Error(`${file} has no ${written}`);
    const to = from + written.length;
    const [line, column] = lineOf(text, from);
    const [endLine, endColumn] = lineOf(text, to);
    return { file, line, column, endLine, endColumn, from, to };
  }

  /** `values`: by a word as it is written, the words that it became; else it stands for itself. */
  ran(
    written: string,
    values: Readonly<Record<string, string>> = {},
    more: Partial<SimulatedCommand> & { readonly file?: string } = {},
  ): this {
    const place = this.place(written, more.file);
    const [tool = [], ...words] = Array.from(written.matchAll(/[^\s\\]+/g), (match) =>
      this.words(place, match, values),
    );
    this.commands.push({
      ...{ tool: tool[0]?.text ?? '', netns: '', words: words.flat(), place },
      ...{ loops: [], mayFail: false, exit: 0, ...more },
    });
    return this;
  }

  private words(whole: SourcePlace, match: RegExpExecArray, values: Readonly<Record<string, string>>): SimulatedWord[] {
    const [written] = match;
    const text = this.texts.get(whole.file) ?? '';
    const from = whole.from + match.index;
    const to = from + written.length;
    const [line, column] = lineOf(text, from);
    const place = { file: whole.file, line, column, endLine: line, endColumn: column + written.length, from, to };
    const value = values[written];
    const words = value === undefined ? [written] : value.split(' ').filter((word) => word !== '');
    return words.map((word) => ({ text: word, place, literal: value === undefined }));
  }

  get simulated(): Simulated {
    const nothing = {
      assumptions: [],
      unchecked: [],
      unreached: [],
      ended: null,
      notes: [],
      args: [],
      exit: null,
      said: '',
      triedStart: false,
    };
    return { ...nothing, texts: this.texts, commands: this.commands, ...this.shown };
  }
}

function lineOf(text: string, at: number): [line: number, column: number] {
  const rows = text.slice(0, at).split('\n');
  return [rows.length, (rows.at(-1)?.length ?? 0) + 1];
}

export const turn = (name: string, value: string | number): LoopValue => ({ name, value: String(value) });

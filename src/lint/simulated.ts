import { onlyLists } from '../command/index.ts';
import type { Simulated, SimulatedCommand, SimulatedWord, SourcePlace, UncheckedPlace } from '../shell/index.ts';
import type { Command, FilePlace, WordPlace } from './command.ts';
import { mutedIn, ownWords, readScript, type Script, type ScriptEnd, type UncheckedAt } from './script.ts';

/** The tc commands that a simulated run gave, as a script. */
export function scriptOf(simulated: Simulated): Script {
  const names = new Names(simulated);
  const texts = new Map(Array.from(simulated.texts, ([name, text]) => [names.of(name), text]));
  const commands = simulated.commands.map((command) => (command.tool === 'tc' ? names.command(command) : []));
  const others = simulated.commands.filter(({ tool }) => tool !== 'tc');
  const notRun = read(simulated.unchecked, names);
  const unreached = read(
    simulated.unreached.map((place) => ({ place, why: 'the run does not come to it, and its words are not plain' })),
    names,
  );
  return {
    kind: 'shell',
    commands: commands.flat(),
    unexpanded: notRun.hidden,
    unreached: [...notRun.literal, ...unreached.literal],
    unchecked: [...notRun.unchecked, ...unreached.unchecked, ...stoppedAt(simulated, names)],
    others: others.map(({ tool, words, netns }) => ({ source: [tool, ...textsOf(words)].join(' '), netns })),
    tools: others.map(({ tool, words, netns, place, exit, input = '' }) => ({
      ...{ tool, netns, words: textsOf(words), exit, input },
      place: names.place(place),
    })),
    muted: mutedIn(texts),
    dump: false,
    texts,
    simulated,
    ended: endOf(simulated, commands, names),
  };
}

/** Where a limit ended the run: nobody knows what stands behind it. */
function stoppedAt({ ended }: Simulated, names: Names): UncheckedAt[] {
  return ended?.kind === 'limit' ? [{ ...names.place(ended.place), why: `we stopped: ${ended.why}` }] : [];
}

/** `commands`: of each command of the run, what tc was given. */
function endOf(simulated: Simulated, commands: readonly Command[][], names: Names): ScriptEnd | null {
  const { ended, unreached } = simulated;
  if (ended === null || ended.kind === 'limit') return null;
  const { place, why, variable = null, status } = ended;
  const isSyntax = ended.kind === 'syntax';
  const last = ended.commands - 1;
  // The place is where the shell gives up, which may be the body of a function that tc is called by.
  const isTc = !isSyntax && variable === null && simulated.commands[last]?.exit === status;
  const command = (isTc ? commands[last]?.[0] : undefined) ?? unknownAt(names.place(place), names.source(place));
  // What the run does not come to for another reason is lost only where the shell reads no further.
  const lost = isSyntax ? unreached.length : commands.slice(ended.commands).flat().length;
  return { command, why, isSyntax, variable, lost };
}

const textsOf = (words: readonly SimulatedWord[]): string[] => words.map(({ text }) => text);

/** The files of a run, the script itself being null. */
class Names {
  private readonly texts: ReadonlyMap<string, string>;
  private readonly script: string | undefined;

  constructor({ texts }: Simulated) {
    this.texts = texts;
    [this.script] = texts.keys();
  }

  of(name: string): string | null {
    return name === this.script ? null : name;
  }

  place({ file, line, column, endLine, endColumn, from, to }: SourcePlace): FilePlace {
    return { file: this.of(file), line, column, endLine, endColumn, length: to - from };
  }

  source({ file, from, to }: SourcePlace): string {
    return this.texts.get(file)?.slice(from, to) ?? '';
  }

  /** None where a batch is started, whose lines are commands of their own. */
  command({ words: all, netns, place, loops, mayFail }: SimulatedCommand): Command[] {
    const own = ownWords(textsOf(all));
    if (own === null) return [];
    const words = all.slice(own.options);
    return [
      {
        ...{ file: this.of(place.file), line: place.line, source: this.source(place), words: textsOf(words) },
        before: this.before(place, words[0]?.place ?? null),
        place: this.place(place),
        spans: words.map((word) => this.span(word)),
        ...{ netns, loops, mayFail, unread: null },
      },
    ];
  }

  private span({ place, literal }: SimulatedWord): WordPlace | null {
    return place === null ? null : { ...this.place(place), literal };
  }

  /** What is written before the first word; `tc` where that is written elsewhere. */
  private before(whole: SourcePlace, first: SourcePlace | null): string {
    if (first === null || first.file !== whole.file || first.from < whole.from || first.to > whole.to) return 'tc';
    return this.source({ ...whole, to: first.from }).trim();
  }
}

/** Commands that were not run, read where they stand. */
interface NotRun {
  /** Their words are plain. */
  readonly literal: Command[];
  /** They hide what they do. */
  readonly hidden: Command[];
  readonly unchecked: UncheckedAt[];
}

function read(places: readonly UncheckedPlace[], names: Names): NotRun {
  const all: NotRun = { literal: [], hidden: [], unchecked: [] };
  for (const { place: whole, why } of places) {
    const place = names.place(whole);
    const { commands, unexpanded } = readScript(names.source(whole));
    if (isListing([...commands, ...unexpanded])) continue;
    const isPlain = commands.length > 0 && unexpanded.length === 0;
    const list = isPlain ? all.literal : all.hidden;
    for (const command of [...commands, ...unexpanded]) list.push(movedTo(place, command));
    if (commands.length + unexpanded.length === 0) all.hidden.push(unknownAt(place, names.source(whole)));
    if (!isPlain) all.unchecked.push({ ...place, why });
  }
  return all;
}

/** It changes nothing, whatever its other words are: there is nothing to judge. */
const isListing = (commands: readonly Command[]): boolean =>
  commands.length > 0 && commands.every(({ words }) => OBJECT.test(words[0] ?? '') && onlyLists(words));

/** A word without variables: what they hold may begin with another object and verb. */
const OBJECT = /^[a-z]+$/;

/** A command that was read from the text of a place alone. */
function movedTo(to: FilePlace, command: Command): Command {
  const moved = <P extends FilePlace>(place: P): P => ({
    ...place,
    file: to.file,
    line: place.line + to.line - 1,
    column: place.column + (place.line === 1 ? to.column - 1 : 0),
    endLine: place.endLine + to.line - 1,
    endColumn: place.endColumn + (place.endLine === 1 ? to.column - 1 : 0),
  });
  const spans = command.spans.map((span) => (span === null ? null : moved(span)));
  return { ...command, file: to.file, line: command.line + to.line - 1, place: moved(command.place), spans };
}

/** It may make anything: its words are a variable. */
function unknownAt(place: FilePlace, source: string): Command {
  const { file, line } = place;
  const words = { words: ['$'], before: '', spans: [null] };
  return { file, line, source, place, ...words, netns: '', loops: [], mayFail: true, unread: null };
}

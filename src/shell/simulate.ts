import type { ArithmeticExpression, Command, ParsedScript, Redirect } from 'unbash';
import { isBuiltin } from './command.ts';
import { runCompound, runScript } from './control.ts';
import { bashOnlyPlaces } from './dash.ts';
import type { Scene } from './expand.ts';
import { Files } from './files.ts';
import type { ShellOptions } from './options.ts';
import { tcCommands } from './reach.ts';
import { redirected } from './redirect.ts';
import { type Fatal, fieldOf, type Host, Shell, type ShellFunction } from './shell.ts';
import { ExitSignal, LoopSignal, ReturnSignal, ShellError, StopSignal } from './signals.ts';
import type {
  EarlyEnd,
  ShellAssumption,
  Simulated,
  SimulatedCommand,
  SourcePlace,
  UncheckedPlace,
} from './simulated.ts';
import { Source } from './source.ts';
import { Capture, Terminal } from './streams.ts';
import { inSubshell, runExitTrap } from './subshell.ts';
import { parse } from './syntax.ts';
import type { TextTools } from './text-tools.ts';
import type { Link, Machine } from './tool.ts';
import { systemFile, systemFolder } from './tools/system-files.ts';
import { shown, Unknowns, withoutMarks } from './unknown.ts';

/** What a run may take, so that none goes on for ever. */
export const SHELL_LIMITS = {
  ...{ steps: 2_000_000, output: 64 << 20, text: 16 << 20, depth: 200, commands: 120_000 },
  ...{ assumptions: 1000, said: 200 },
} as const;

/** A step is worth as many: a text that doubles in a loop ends as other loops do. */
const CHARACTERS_PER_STEP = 128;

/**
 * Reads a shell script and does what it does, on a host that is made up: no process, no network, no file but those that
 * `options.files` gives. tc is answered by an emulated kernel.
 *
 * @param text the script
 * @returns the commands of tc and of other tools in the order of the run, each with its place in the user's files;
 * what was assumed, and what could not be looked at
 */
export async function simulate(text: string, options: ShellOptions): Promise<Simulated> {
  const first = await new Run(text, options, options.args ?? []).done();
  if (options.args !== undefined && options.args.length > 0) return first;
  if (first.commands.some(isTc) || first.unchecked.length > 0 || !/\bcase\s+"?\$\{?1\b/.test(text)) return first;
  const second = await new Run(text, options, ['start']).done();
  return second.commands.some(isTc) || second.unchecked.length > 0 ? { ...second, triedStart: true } : first;
}

const isTc = ({ tool }: SimulatedCommand): boolean => tool === 'tc';

/** One run of a script, and what all its shells share. */
class Run implements Host {
  readonly unknowns = new Unknowns();
  readonly machine: Machine;
  readonly files: Files;
  readonly reached = new Set<object>();
  readonly expressions = new Map<string, ArithmeticExpression | null>();
  private readonly options: ShellOptions;
  private readonly args: readonly string[];
  private readonly main: Source;
  private readonly texts = new Map<string, string>();
  /** Commands that run tc, and where: of the script and of what it sources. */
  private readonly tcIn: { readonly command: Command; readonly source: Source }[] = [];
  private readonly commands: SimulatedCommand[] = [];
  private readonly assumptions = new Map<string, ShellAssumption>();
  private readonly unchecked = new Map<string, UncheckedPlace>();
  private readonly notes: UncheckedPlace[] = [];
  private readonly parsed = new Map<string, ParsedScript>();
  /** Scripts that the shell cannot read to their end, by the tree of what it runs of them. */
  private readonly broken = new Map<ParsedScript, Broken>();
  private readonly terminal = new Terminal(SHELL_LIMITS.said);
  private exit: Simulated['exit'] = null;
  private ended: EarlyEnd | null = null;
  private readonly opened = new Map<string, { readonly text: string; readonly tree: ParsedScript }>();
  /** Work so far, in characters. */
  private spent = 0;
  private depth = 0;
  /** Of the last step. */
  private place: SourcePlace;
  private loaded: Promise<TextTools> | null = null;

  constructor(text: string, options: ShellOptions, args: readonly string[]) {
    this.options = options;
    this.args = args;
    this.main = new Source(options.name, withoutMarks(text));
    this.place = this.main.place({ pos: 0, end: 0 });
    const folder = options.path.slice(0, Math.max(1, options.path.lastIndexOf('/')));
    const links = new Map<string, Link>();
    this.machine = { answers: options.kernel(), device: options.device ?? deviceIn(text), links, kept: new Map() };
    const system = {
      file: (path: string) => systemFile(path, this.machine),
      folder: (path: string) => systemFolder(path, this.machine),
    };
    this.files = new Files(options.files, system, folder);
  }

  async done(): Promise<Simulated> {
    const shell = this.newShell();
    await this.untilEnd(async () => {
      const tree = this.open(this.main);
      this.notes.push(...bashOnlyPlaces(tree, this.main));
      await this.run(tree, shell, this.main);
    });
    if (this.ended?.kind !== 'limit') await this.untilEnd(() => runExitTrap(shell));
    return this.result();
  }

  /** The script, or what it does at its end: until that is done, the script leaves it, or there is too much of it. */
  private async untilEnd(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (signal) {
      if (signal instanceof StopSignal) this.end(signal.place, signal.why, 'limit');
      // The stack, or the longest text that JavaScript has.
      else if (signal instanceof RangeError) this.end(this.place, 'nested too deep, or too long a text', 'limit');
      else if (signal instanceof ExitSignal) this.exited(signal);
      else if (!(signal instanceof ReturnSignal || signal instanceof LoopSignal)) throw signal;
    }
  }

  private exited({ status, place }: ExitSignal): void {
    if (place !== null) this.exit ??= { status, place };
  }

  private newShell(): Shell {
    const shell = new Shell(this);
    shell.zero = this.options.path;
    shell.folder = this.files.folder;
    shell.params = this.args.map(fieldOf);
    shell.descriptors = new Map([
      [1, { output: this.terminal }],
      [2, { output: this.terminal }],
    ]);
    for (const [name, value] of Object.entries(this.options.env ?? {})) {
      shell.variables.set(name, withoutMarks(value));
      shell.variables.declare(name, { isExported: true });
    }
    return shell;
  }

  private result(): Simulated {
    const unreached = this.tcIn.filter(({ command }) => !this.reached.has(command));
    return {
      texts: this.texts,
      commands: this.commands,
      assumptions: [...this.assumptions.values()],
      unchecked: [...this.unchecked.values()],
      unreached: unreached.map(({ command, source }) => source.place(command)),
      ended: this.ended,
      exit: this.exit,
      said: shown(this.terminal.said),
      notes: this.notes,
      args: this.args,
      triedStart: false,
    };
  }

  step(place: SourcePlace, characters = 0): void {
    if (characters > SHELL_LIMITS.text)
      throw new StopSignal(place, `a text of more than ${SHELL_LIMITS.text} characters`);
    this.spend(place, CHARACTERS_PER_STEP + characters);
    if (this.options.signal?.aborted === true) throw new StopSignal(place, 'it took too long');
  }

  spend(place: SourcePlace, characters: number): void {
    const most = this.options.maxSteps ?? SHELL_LIMITS.steps;
    this.place = place;
    this.spent += characters;
    if (this.spent > most * CHARACTERS_PER_STEP) throw new StopSignal(place, `more than ${most} steps`);
  }

  async deeper(place: SourcePlace, work: () => Promise<void>): Promise<void> {
    const most = SHELL_LIMITS.depth;
    if (this.depth >= most) throw new StopSignal(place, `functions and shells run each other more than ${most} deep`);
    this.depth++;
    try {
      await work();
    } finally {
      this.depth--;
    }
  }

  capture(place: SourcePlace): Capture {
    return new Capture(SHELL_LIMITS.output, () => {
      throw new StopSignal(place, `more than ${SHELL_LIMITS.output} characters of output`);
    });
  }

  assume(place: SourcePlace, question: string, answer: string): void {
    const key = `${keyOf(place)} ${answer}`;
    if (this.assumptions.has(key) || this.assumptions.size >= SHELL_LIMITS.assumptions) return;
    this.assumptions.set(key, { place, question: shown(question).replace(/\s+/g, ' '), answer: shown(answer) });
  }

  note(place: SourcePlace, why: string): void {
    if (!this.notes.some((one) => one.why === why && keyOf(one.place) === keyOf(place)))
      this.notes.push({ place, why });
  }

  uncheck(place: SourcePlace, why: string): void {
    if (!this.unchecked.has(keyOf(place))) this.unchecked.set(keyOf(place), { place, why: shown(why) });
  }

  /** Quirk 79. */
  fatal(shell: Shell, place: SourcePlace, end: Fatal): void {
    if (shell.below > 0) throw new ExitSignal(end.status);
    this.ended ??= { place, kind: 'exit', commands: this.commands.length, ...end, why: shown(end.why) };
  }

  /** The first end is the real one. */
  private end(place: SourcePlace, why: string, kind: EarlyEnd['kind']): void {
    this.ended ??= { place, why, kind, commands: this.commands.length };
  }

  unknown(place: SourcePlace, why: string): string {
    return this.unknowns.mark({ why, place });
  }

  isBuiltin(name: string): boolean {
    return isBuiltin(name);
  }

  record(command: SimulatedCommand): void {
    const { commands: most } = SHELL_LIMITS;
    if (this.commands.length >= most)
      throw new StopSignal(command.place, `more than ${most} commands of tc and the like`);
    this.commands.push(command);
  }

  textTools(): Promise<TextTools> {
    this.loaded ??= this.options.textTools();
    return this.loaded;
  }

  nameOf(path: string): string | null {
    if (!this.files.isGiven(path)) return null;
    const absolute = this.files.absolute(path);
    const { name, path: own } = this.options;
    const [folder, shownFolder] = [own, name].map((one) => one.slice(0, one.lastIndexOf('/') + 1));
    return folder !== undefined && absolute.startsWith(folder)
      ? `${shownFolder}${absolute.slice(folder.length)}`
      : absolute;
  }

  async run(script: ParsedScript, shell: Shell, source: Source): Promise<void> {
    const broken = this.broken.get(script);
    try {
      await this.deeper(this.place, () => runScript(script, shell, source));
    } finally {
      if (broken !== undefined) this.endBroken(broken);
    }
    if (broken !== undefined) await runScript(broken.rest, shell, source);
  }

  /** An earlier end is the real one; the error is told all the same. */
  private endBroken({ place, why }: Broken): void {
    if (this.ended === null) this.end(place, why, 'syntax');
    else this.note(place, why);
  }

  compound(body: ShellFunction['body'], shell: Shell, source: Source): Promise<void> {
    return runCompound(body, shell, source);
  }

  async evaluate(text: string, shell: Shell, at: SourcePlace | null): Promise<void> {
    const source = new Source(this.main.file, text, at ?? this.main.place({ pos: 0, end: 0 }));
    const tree = this.parse(text);
    const [error] = tree.errors ?? [];
    if (error !== undefined) throw new ShellError(`syntax error: ${error.message}`);
    await this.run(tree, shell, source);
  }

  /** Read once: loops evaluate the same text again and again. */
  parse(text: string): ParsedScript {
    const known = this.parsed.get(text);
    if (known !== undefined) return known;
    const tree = parse(text);
    if (this.parsed.size > MOST_PARSED) {
      this.parsed.clear();
      this.expressions.clear();
    }
    this.parsed.set(text, tree);
    return tree;
  }

  /** bash runs what stands before a syntax error. The rest is judged all the same. */
  open(source: Source): ParsedScript {
    const known = this.opened.get(source.file);
    if (known?.text === source.text) return known.tree;
    const tree = this.readAnew(source);
    this.opened.set(source.file, { text: source.text, tree });
    return tree;
  }

  private readAnew(source: Source): ParsedScript {
    this.texts.set(source.file, source.text);
    const tree = parse(source.text);
    const [error] = tree.errors ?? [];
    for (const command of tcCommands(tree)) this.tcIn.push({ command, source });
    if (error === undefined) return tree;
    const place = source.place({ pos: Math.min(error.pos, source.text.length), end: source.text.length });
    const from = brokenFrom(tree, error.pos, source.text);
    const isRun = (one: ParsedScript['commands'][number]): boolean => one.pos < from && one.end <= from;
    const { type, pos, end, shebang } = tree;
    const run = { type, pos, end, shebang, commands: tree.commands.filter(isRun) };
    const before = tree.commands.filter((one) => !isRun(one) && one.end <= error.pos);
    // One that is not closed is none.
    const commands = / to close /.test(error.message) ? before.slice(0, -1) : before;
    this.broken.set(run, { place, why: `syntax error: ${error.message}`, rest: { ...run, commands } });
    return run;
  }

  async substitute(script: ParsedScript, shell: Shell, source: Source) {
    const place = source.place(script);
    const output = this.capture(place);
    const file = onlyInput(script);
    if (file !== null) {
      const text = await fileText(file, { shell, source, command: place });
      shell.substituted = 0;
      return { text, lines: null };
    }
    await inSubshell(shell, async (inner) => {
      inner.options.delete('e');
      inner.expected = false;
      inner.descriptors = new Map([...inner.descriptors, [1, { output }]]);
      await this.run(script, inner, source);
    });
    shell.substituted = shell.status;
    return { text: output.text, lines: output.lines };
  }
}

/** A syntax error, and what stands before it but in the same command or line: bash does not run that. */
interface Broken extends UncheckedPlace {
  readonly rest: ParsedScript;
}

/** Where the line begins with the command that holds the error; one at the end of the text is in the last command. */
function brokenFrom({ commands }: ParsedScript, error: number, text: string): number {
  const isAtEnd = error >= text.trimEnd().length;
  const holds = ({ pos, end }: ParsedScript['commands'][number]): boolean =>
    pos < error && (end > error || !text.slice(end, error).includes('\n'));
  const broken = isAtEnd ? commands.at(-1) : commands.findLast(holds);
  return text.lastIndexOf('\n', (broken?.pos ?? error) - 1) + 1;
}

/** `$(< FILE)`: the file's text; null: another command. */
function onlyInput({ commands }: ParsedScript): Redirect | null {
  const [statement, more] = commands;
  if (more !== undefined || statement?.command.type !== 'Command') return null;
  const { name, prefix, redirects } = statement.command;
  const [one, another] = redirects;
  const isAlone = name === undefined && prefix.length === 1 && another === undefined;
  return isAlone && one?.type === 'Redirect' && one.operator === '<' ? one : null;
}

async function fileText(redirect: Redirect, scene: Scene): Promise<string> {
  const [change] = await redirected([redirect], scene);
  return change?.[1].input?.rest() ?? '';
}

const MOST_PARSED = 10_000;

const keyOf = ({ file, from, to, line }: SourcePlace): string => `${file}:${line}:${from}:${to}`;

/** Quirk 80. The device that the script names, as most name the one that they shape. */
function deviceIn(text: string): string {
  const found =
    /\bdev\s+((?:eth|en|wan|ppp|wlan|lan|br|bond)[\w.-]*)/.exec(text) ??
    /\b\w*(?:DEV|IF|IFACE|INTERFACE|WAN)\w*=["']?((?:eth|en|wan|ppp|wlan|lan|bond)[\w.-]*)/i.exec(text);
  return found?.[1] ?? 'eth0';
}

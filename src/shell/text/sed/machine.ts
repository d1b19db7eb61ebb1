import type { Regex } from '../regex.ts';
import { LONGEST, limited, Unsupported } from '../tool.ts';
import type { Address, Command, Part, Substitution } from './command.ts';

/** Where a command ends what is done with a line. */
type Flow =
  | { readonly type: 'on' }
  /** `isPrinted`: the pattern space is, at the end. */
  | { readonly type: 'next' | 'quit'; readonly isPrinted: boolean }
  | { readonly type: 'restart' }
  | { readonly type: 'jump'; readonly label: string };

const ON: Flow = { type: 'on' };
const MOST_STEPS = 2_000_000;

export interface Settings {
  /** `-n`. */
  readonly isQuiet: boolean;
  readonly read: (name: string) => string | undefined;
}

function inCase(text: string, letter: string): string {
  if (letter === 'U') return text.toUpperCase();
  return letter === 'L' ? text.toLowerCase() : text;
}

function firstInCase(text: string, letter: string): string {
  const [first = '', ...rest] = text;
  return (letter === 'u' ? first.toUpperCase() : first.toLowerCase()) + rest.join('');
}

/** What stands in place of a match. */
function replacement(parts: readonly Part[], groups: readonly (string | undefined)[]): string {
  let out = '';
  let all = 'E';
  let one = '';
  for (const part of parts) {
    if (part.type === 'case') {
      if ('ul'.includes(part.letter)) one = part.letter;
      else [all, one] = [part.letter, ''];
      continue;
    }
    let text = inCase(part.type === 'text' ? part.text : (groups[part.number] ?? ''), all);
    if (text === '') continue;
    if (one !== '') text = firstInCase(text, one);
    one = '';
    out += text;
  }
  return out;
}

/** One run of a script. */
export class Machine {
  readonly #commands: readonly Command[];
  readonly #settings: Settings;
  readonly #lines: readonly string[];
  /** The last line has no newline at its end. */
  readonly #isOpen: boolean;
  #number = 0;
  #space = '';
  #hold = '';
  #last: Regex | null = null;
  #hasReplaced = false;
  #queue: string[] = [];
  #out: string[] = [];
  #printed = 0;
  #lacksNewline = false;
  #steps = 0;
  #exit = 0;
  /** Ranges that are open, and the line that ends them; null: a pattern does. */
  readonly #open = new Map<Command, number | null>();

  constructor(commands: readonly Command[], text: string, settings: Settings) {
    this.#commands = commands;
    this.#settings = settings;
    const lines = text.split('\n');
    this.#isOpen = lines.at(-1) !== '';
    if (!this.#isOpen) lines.pop();
    this.#lines = lines;
  }

  get steps(): number {
    return this.#steps;
  }

  run(): { stdout: string; exit: number } {
    let isSame = false;
    while (isSame || this.#next()) {
      isSame = false;
      const flow = this.#all(this.#commands);
      if (flow.type === 'jump') throw new Unsupported(`the label ${flow.label}`);
      if (flow.type === 'restart') isSame = true;
      else if (flow.type === 'on' || flow.isPrinted) this.#finish();
      this.#flush();
      if (flow.type === 'quit') break;
    }
    return { stdout: this.#out.join(''), exit: this.#exit };
  }

  #next(): boolean {
    const line = this.#lines[this.#number];
    if (line === undefined) return false;
    this.#number++;
    this.#space = line;
    this.#hasReplaced = false;
    return true;
  }

  get #isLast(): boolean {
    return this.#number >= this.#lines.length;
  }

  #finish(): void {
    if (!this.#settings.isQuiet) this.#print(this.#space);
  }

  #print(text: string): void {
    this.#write(text);
    if (this.#isLast && this.#isOpen) this.#lacksNewline = true;
    else this.#out.push('\n');
  }

  #write(text: string): void {
    this.#printed += text.length;
    if (this.#printed > LONGEST) throw new Unsupported('so much output');
    if (this.#lacksNewline) this.#out.push('\n');
    this.#lacksNewline = false;
    this.#out.push(text);
  }

  #flush(): void {
    for (const text of this.#queue.splice(0)) this.#write(text);
  }

  // Which lines.

  #matches(address: Address): boolean {
    if (address.type === 'line') return this.#number === address.number;
    if (address.type === 'last') return this.#isLast;
    if (address.type === 'pattern') return this.#used(address.regex).test(this.#space);
    if (address.type !== 'every') throw new Unsupported('such an address');
    const { first, step } = address;
    if (step === 0) return this.#number === first;
    return this.#number >= first && (this.#number - first) % step === 0;
  }

  #used(regex: Regex | null): Regex {
    const used = regex ?? this.#last;
    if (used === null) throw new Unsupported('no pattern before');
    this.#last = used;
    return used;
  }

  #isChosen(command: Command): boolean {
    const { from, to } = command;
    if (from === null) return true;
    if (to === null) return this.#matches(from);
    const end = this.#open.get(command);
    if (end !== undefined) return this.#goesOn(command, to, end);
    const isZero = from.type === 'line' && from.number === 0;
    if (isZero ? this.#number !== 1 : !this.#matches(from)) return false;
    if (isZero) return this.#goesOn(command, to, null);
    this.#begin(command, to);
    return true;
  }

  #begin(command: Command, to: Address): void {
    if (to.type === 'pattern' || to.type === 'last') {
      if (!(to.type === 'last' && this.#isLast)) this.#open.set(command, null);
      return;
    }
    const end = this.#endOf(to);
    if (end > this.#number) this.#open.set(command, end);
  }

  #endOf(to: Address): number {
    if (to.type === 'line') return to.number;
    if (to.type === 'more') return this.#number + to.number;
    if (to.type === 'multiple') return to.number === 0 ? this.#number : Math.ceil(this.#number / to.number) * to.number;
    throw new Unsupported('such an address');
  }

  #goesOn(command: Command, to: Address, end: number | null): boolean {
    const isOver = end === null ? this.#matches(to) : this.#number >= end;
    if (isOver) this.#open.delete(command);
    else this.#open.set(command, end);
    // A line beyond the end was taken by another command.
    return end === null || this.#number <= end;
  }

  // Commands.

  #all(commands: readonly Command[]): Flow {
    for (let at = 0; at < commands.length; at++) {
      const command = commands[at];
      if (command === undefined) break;
      if (++this.#steps > MOST_STEPS) throw new Unsupported(`more than ${MOST_STEPS} steps`);
      if (this.#isChosen(command) === command.isNegated) continue;
      const flow = this.#do(command);
      if (flow.type === 'on') continue;
      const label =
        flow.type === 'jump' ? commands.findIndex(({ name, text }) => name === ':' && text === flow.label) : -1;
      if (label < 0) return flow;
      at = label;
    }
    return ON;
  }

  #do(command: Command): Flow {
    switch (command.name) {
      case '{':
        return this.#all(command.body);
      case 's':
        if (command.substitution !== null) this.#substitute(command.substitution);
        return ON;
      case 'b':
        return this.#jump(command.text);
      case 't':
      case 'T':
        return this.#jumpIf(command.name === 't', command.text);
      case 'q':
      case 'Q':
        this.#exit = command.exit;
        return { type: 'quit', isPrinted: command.name === 'q' };
      case 'c':
        if (!this.#open.has(command) || command.isNegated) this.#write(command.text);
        return { type: 'next', isPrinted: false };
      case 'd':
        return { type: 'next', isPrinted: false };
      case 'D':
        return this.#deleteFirst();
      case 'n':
      case 'N':
        return this.#read(command.name === 'N');
      default:
        this.#edit(command);
        return ON;
    }
  }

  #jump(label: string): Flow {
    return label === '' ? { type: 'next', isPrinted: true } : { type: 'jump', label };
  }

  #jumpIf(wanted: boolean, label: string): Flow {
    const hasReplaced = this.#hasReplaced;
    this.#hasReplaced = false;
    return hasReplaced === wanted ? this.#jump(label) : ON;
  }

  #deleteFirst(): Flow {
    const end = this.#space.indexOf('\n');
    if (end < 0) return { type: 'next', isPrinted: false };
    this.#space = this.#space.slice(end + 1);
    return { type: 'restart' };
  }

  #read(isAdded: boolean): Flow {
    // GNU's prints what it has where no line is left.
    if (this.#isLast) return { type: 'quit', isPrinted: true };
    const before = this.#space;
    if (!isAdded) this.#finish();
    this.#flush();
    const hasReplaced = this.#hasReplaced;
    this.#next();
    this.#hasReplaced = hasReplaced;
    if (isAdded) this.#space = `${before}\n${this.#space}`;
    return ON;
  }

  /** Commands that only change the two spaces or print. */
  #edit({ name, text, characters }: Command): void {
    const space = this.#space;
    if (name === 'p') this.#print(space);
    else if (name === 'P') this.#write(`${space.split('\n', 1)[0]}\n`);
    else if (name === '=') this.#write(`${this.#number}\n`);
    else if (name === 'g') this.#space = this.#hold;
    else if (name === 'G') this.#space = limited(`${space}\n${this.#hold}`);
    else if (name === 'h') this.#hold = space;
    else if (name === 'H') this.#hold = limited(`${this.#hold}\n${space}`);
    else if (name === 'x') [this.#space, this.#hold] = [this.#hold, space];
    else if (name === 'z') this.#space = '';
    else if (name === 'y') this.#space = [...space].map((one) => characters.get(one) ?? one).join('');
    else if (name === 'i') this.#write(text);
    else if (name === 'a') this.#queue.push(text);
    else if (name === 'r') this.#queue.push(this.#settings.read(text) ?? '');
  }

  #substitute({ regex: own, parts, isGlobal, isPrinted, first }: Substitution): void {
    const regex = this.#used(own);
    const text = this.#space;
    let out = '';
    let count = 0;
    let from = 0;
    let isAfterMatch = false;
    let isDone = false;
    let hasReplaced = false;
    while (from <= text.length && !isDone) {
      const found = regex.exec(text, from);
      if (found === null) break;
      out += text.slice(from, found.from);
      const isEmpty = found.from === found.to;
      // Nothing is found again at the end of what was.
      if (!isEmpty || !(isAfterMatch && found.from === from)) {
        count++;
        const isReplaced = isGlobal ? count >= first : count === first;
        out += isReplaced ? replacement(parts, found.groups) : found.text;
        hasReplaced ||= isReplaced;
        isDone = isReplaced && !isGlobal;
      }
      if (isEmpty) out += text.slice(found.from, found.from + 1);
      isAfterMatch = !isEmpty;
      from = isEmpty ? found.from + 1 : found.to;
    }
    if (!hasReplaced) return;
    this.#space = limited(out + text.slice(from));
    this.#hasReplaced = true;
    if (isPrinted) this.#print(this.#space);
  }
}

import { matcher } from './pattern.ts';
import type { Shell } from './shell.ts';
import { ShellError } from './signals.ts';
import type { SourcePlace } from './simulated.ts';
import { isUnknown } from './unknown.ts';

/** Where a test stands, and its text for the user. */
export interface TestScene {
  readonly shell: Shell;
  readonly place: SourcePlace;
  readonly question: string;
}

/** Programs that are there on a host that is to run such a script. */
const PROGRAM = /^\/(?:usr\/)?(?:local\/)?s?bin\/[\w.-]+$/;

const FILE_TESTS = 'abcdefghkprstuwxGLNOS';

/** `-f FILE`, `-z TEXT` and their like. */
export function unaryTest(operator: string, text: string, scene: TestScene): boolean {
  const { shell } = scene;
  const letter = operator.slice(1);
  if (operator === '-n') return text !== '';
  if (operator === '-z') return text === '';
  if (operator === '-v') return isSet(text, shell);
  if (operator === '-o') return shell.options.has(text === 'errexit' ? 'e' : text);
  if (operator === '-t') return assumed(false, scene);
  if (letter.length === 1 && FILE_TESTS.includes(letter)) return fileTest(letter, text, scene);
  throw new ShellError(`${operator}: unary operator expected`);
}

/** A variable, or an element of an array. */
function isSet(text: string, { variables }: Shell): boolean {
  const [, name = text, key] = /^(\w+)\[([\s\S]*)\]$/.exec(text) ?? [];
  return key === undefined ? variables.isSet(name) : variables.element(name, key) !== undefined;
}

function assumed(answer: boolean, { shell, place, question }: TestScene): boolean {
  shell.host.assume(place, question, answer ? 'yes' : 'no');
  return answer;
}

function fileTest(letter: string, path: string, scene: TestScene): boolean {
  if (path === '') return false;
  if (isUnknown(path)) return assumed(false, scene);
  const { files } = scene.shell.host;
  const { kind, known } = files.is(path);
  const answer = answerOf(letter, kind, path, files.read(path));
  if (known || path === '/dev/null') return answer;
  const isProgram = PROGRAM.test(path) && 'aefrxs'.includes(letter);
  return assumed(isProgram || (answer && kind !== null), scene);
}

function answerOf(letter: string, kind: 'file' | 'folder' | null, path: string, text: string | undefined): boolean {
  if (path === '/dev/null') return 'aecrw'.includes(letter);
  if (letter === 'd') return kind === 'folder';
  if (letter === 'f') return kind === 'file';
  if (letter === 's') return kind === 'folder' || (text ?? '') !== '';
  return kind !== null && 'aerwxOG'.includes(letter);
}

/** `A = B`, `A -lt B` and their like. `isPattern`: in `[[ ]]`, where the right side is a pattern. */
export function binaryTest(
  operator: string,
  left: string,
  right: string,
  scene: TestScene,
  number: (text: string) => bigint,
): boolean {
  if (isUnknown(left) || isUnknown(right)) return assumed(operator === '!=', scene);
  switch (operator) {
    case '=':
    case '==':
      return left === right;
    case '!=':
      return left !== right;
    case '<':
      return left < right;
    case '>':
      return left > right;
    case '-nt':
    case '-ot':
    case '-ef':
      return assumed(false, scene);
    default: {
      const compare = NUMBERS[operator];
      if (compare === undefined) throw new ShellError(`${operator}: binary operator expected`);
      return compare(number(left), number(right));
    }
  }
}

const NUMBERS: Readonly<Record<string, (a: bigint, b: bigint) => boolean>> = {
  '-eq': (a, b) => a === b,
  '-ne': (a, b) => a !== b,
  '-lt': (a, b) => a < b,
  '-le': (a, b) => a <= b,
  '-gt': (a, b) => a > b,
  '-ge': (a, b) => a >= b,
};

/** The same of a pattern. */
export function patternTest(operator: string, left: string, pattern: string, scene: TestScene): boolean {
  if (isUnknown(left) || isUnknown(pattern)) return assumed(operator === '!=', scene);
  const { shell, place } = scene;
  const spend = (characters: number): void => shell.host.spend(place, characters);
  const isCaseless = shell.options.has('nocasematch');
  return matcher(pattern, { isCaseless, spend })(left) === (operator !== '!=');
}

/** A whole number, as `[` takes it. */
export function wholeNumber(text: string): bigint {
  const typed = text.trim();
  if (!/^[-+]?\d+$/.test(typed)) throw new ShellError(`${text}: integer expression expected`);
  return BigInt(typed.replace('+', ''));
}

const BINARY = /^(?:=|==|!=|<|>|-eq|-ne|-lt|-le|-gt|-ge|-nt|-ot|-ef)$/;

/** `[ … ]` and `test …`: the words between. bash decides by their number first, test.c: posixtest(). */
export function testWords(words: readonly string[], scene: TestScene): boolean {
  const [first = '', second = '', third = '', fourth = ''] = words;
  switch (words.length) {
    case 0:
      return false;
    case 1:
      return oneTest(first, scene);
    case 2:
      if (first === '!') return !oneTest(second, scene);
      return unaryTest(first, second, scene);
    case 3:
      if (BINARY.test(second)) return binaryTest(second, first, third, scene, wholeNumber);
      if (second === '-a') return oneTest(first, scene) && oneTest(third, scene);
      if (second === '-o') return oneTest(first, scene) || oneTest(third, scene);
      if (first === '!') return !testWords([second, third], scene);
      if (first === '(' && third === ')') return oneTest(second, scene);
      throw new ShellError(`${second}: binary operator expected`);
    case 4:
      if (first === '!') return !testWords([second, third, fourth], scene);
      break;
    default:
  }
  const reader = new TestReader(words, scene);
  return reader.whole();
}

function oneTest(text: string, scene: TestScene): boolean {
  return isUnknown(text) ? assumed(true, scene) : text !== '';
}

/** With `-a`, `-o`, `!` and brackets. */
class TestReader {
  private readonly words: readonly string[];
  private readonly scene: TestScene;
  private at = 0;

  constructor(words: readonly string[], scene: TestScene) {
    this.words = words;
    this.scene = scene;
  }

  whole(): boolean {
    const value = this.or();
    if (this.at < this.words.length) throw new ShellError('too many arguments');
    return value;
  }

  private or(): boolean {
    let value = this.and();
    while (this.words[this.at] === '-o') {
      this.at++;
      value = this.and() || value;
    }
    return value;
  }

  private and(): boolean {
    let value = this.not();
    while (this.words[this.at] === '-a') {
      this.at++;
      value = this.not() && value;
    }
    return value;
  }

  private not(): boolean {
    if (this.words[this.at] !== '!') return this.primary();
    this.at++;
    return !this.not();
  }

  private primary(): boolean {
    const [first, second = '', third = ''] = this.words.slice(this.at, this.at + 3);
    if (first === undefined) throw new ShellError('argument expected');
    if (BINARY.test(second) && this.at + 2 < this.words.length) {
      this.at += 3;
      return binaryTest(second, first, third, this.scene, wholeNumber);
    }
    if (first === '(') {
      this.at++;
      const value = this.or();
      if (this.words[this.at] !== ')') throw new ShellError("`)' expected");
      this.at++;
      return value;
    }
    if (/^-[a-zA-Z]$/.test(first) && this.at + 1 < this.words.length && second !== '-a' && second !== '-o') {
      this.at += 2;
      return unaryTest(first, second, this.scene);
    }
    this.at++;
    return oneTest(first, this.scene);
  }
}

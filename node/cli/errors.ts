import { FormatError, type KernelError, type UsageError } from '../../src/errors.ts';
import { escapeText } from '../../src/lang/index.ts';
import { LiveError } from '../kernel.ts';
import { LockedError } from '../lock.ts';
import { errorCode } from '../system.ts';
import { readingText, systemText } from '../system-errors.ts';
import { type Left, WriteError } from '../write.ts';
import { type Caret, caretInCommand, caretInValue, caretText } from './caret.ts';
import { OutputError } from './output.ts';

/** A mistake on the command line, and where it is. */
export class CommandLineError extends Error {
  override readonly name = 'CommandLineError';
  readonly caret: Caret | null;
  readonly hint: string;
  constructor(message: string, caret: Caret | null = null, hint = '') {
    super(message);
    this.caret = caret;
    this.hint = hint;
  }
}

/** Something outside is not as it should be: a file, a packet that is not there. */
export class FailedError extends Error {
  override readonly name = 'FailedError';
}

/** What a user is told of an error, and what the process exits with. */
export interface Told {
  readonly text: string;
  readonly exit: number;
}

const FAILED = 1;
const USAGE = 2;

/** How each error is told. Anything without a row of its own is our mistake. */
export function tell(error: unknown, argv: readonly string[]): Told {
  if (error instanceof CommandLineError) return usage(error);
  if (error instanceof FailedError || error instanceof OutputError || error instanceof LockedError)
    return failed(error.message);
  if (error instanceof WriteError) return failed(unwritten(error));
  if (error instanceof LiveError) return { ...failed(error.message), exit: USAGE };
  if (isCommanderError(error)) return usage(fromCommander(error, argv));
  if (errorCode(error) !== null) return failed(systemProblem(error as NodeJS.ErrnoException));
  return internal(error);
}

const LEFT: Readonly<Record<Left, string>> = {
  old: 'writing failed, and it is as it was',
  none: 'writing failed, and nothing is left of it',
  part: 'writing failed, and only a part is there',
};

const unwritten = ({ path, reason, left }: WriteError): string => `${path}: ${systemText(reason)}; ${LEFT[left]}`;

/** What the system refused somewhere else: the file, where it is about one. */
function systemProblem(error: NodeJS.ErrnoException): string {
  return error.path === undefined ? `${error.syscall}: ${systemText(error)}` : `${error.path}: ${systemText(error)}`;
}

const failed = (message: string): Told => ({ text: `cls-flow: ${escapeText(message)}`, exit: FAILED });

function usage({ message, caret, hint }: CommandLineError): Told {
  const lines = [`cls-flow: ${escapeText(message)}`];
  if (caret !== null) lines.push(caretText(caret));
  if (hint !== '') lines.push(...hint.split('\n').map((line) => `  ${escapeText(line)}`.trimEnd()));
  return { text: lines.join('\n'), exit: USAGE };
}

function internal(error: unknown): Told {
  const message = error instanceof Error ? error.message : String(error);
  const stack = process.env.CLS_FLOW_DEBUG === '1' && error instanceof Error ? `\n${error.stack}` : '';
  return { text: `cls-flow: internal error: ${escapeText(message)} (please report)${stack}`, exit: FAILED };
}

/** By its code: the parser's class is not imported here. */
interface ParserError extends Error {
  readonly code: string;
}

function isCommanderError(error: unknown): error is ParserError {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('commander.');
}

/** Where the parser's sentences name the wrong word. */
const CULPRITS: Readonly<Record<string, RegExp>> = {
  'commander.unknownOption': /^unknown option '(.*)'$/m,
  'commander.unknownCommand': /^unknown command '(.*)'$/m,
  'commander.invalidArgument': /argument (?:value )?'(.*?)' is invalid/,
  'commander.optionMissingArgument': /option '(?:-\w, )?(--[\w-]+)/,
};

function fromCommander(error: ParserError, argv: readonly string[]): CommandLineError {
  const [sentence = '', suggestion = ''] = error.message.replace(/^error: /, '').split('\n');
  const culprit = CULPRITS[error.code]?.exec(sentence)?.[1];
  const index = culprit === undefined ? -1 : argv.findIndex((word) => isWord(word, culprit));
  const caret = index < 0 ? null : caretInCommand(argv, index);
  return new CommandLineError(sentence, caret, suggestion.replace(/^\(|\)$/g, '') || whereToLook(error, argv));
}

/** A capture's name in the place of the command, or the help of what was begun. */
function whereToLook({ code }: ParserError, [first = '']: readonly string[]): string {
  const isFile = code === 'commander.unknownCommand' && /[./\\]/.test(first);
  if (isFile) return `to classify a capture: cls-flow classify ${first} --filter SPEC`;
  const command = code === 'commander.unknownCommand' || first.startsWith('-') ? '' : `${first} `;
  return `see cls-flow ${command}--help`;
}

const isWord = (word: string, culprit: string): boolean =>
  word === culprit || word.startsWith(`${culprit}=`) || word.endsWith(`=${culprit}`);

/**
 * A value that its own parser did not understand: its sentence, and a caret below the word it is about. `suggestion`
 * is what was probably meant, if that can be guessed.
 */
export function inOption(
  option: string,
  value: string,
  error: UsageError,
  suggestion: string | null = null,
): CommandLineError {
  const [sentence = '', ...more] = error.message.split('\n');
  const named = /"([^"]+)"/.exec(sentence)?.[1] ?? '';
  const hint = suggestion === null ? [...more, error.hint].join('\n').trim() : `Did you mean ${suggestion}?`;
  return new CommandLineError(`${option}: ${sentence}`, caretInValue(option, value, error.word, named), hint);
}

/** Why a file could not be read, or null if the error is not about a file. */
export function fileProblem(error: unknown): { readonly offset: number | null; readonly message: string } | null {
  if (error instanceof FormatError) return { offset: error.offset, message: error.message };
  return errorCode(error) === null ? null : { offset: null, message: readingText(error as Error) };
}

const ERRNO_TEXT: Readonly<Record<number, string>> = {
  1: 'Operation not permitted',
  12: 'Cannot allocate memory',
  22: 'Invalid argument',
  34: 'Numerical result out of range',
  95: 'Operation not supported',
};

/** What tc prints when the kernel refuses. */
export function kernelAnswer(error: KernelError): string {
  return error.extack === ''
    ? `RTNETLINK answers: ${ERRNO_TEXT[error.errno] ?? `error ${error.errno}`}`
    : `Error: ${error.extack}.`;
}

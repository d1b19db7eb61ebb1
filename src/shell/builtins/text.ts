import { assignText } from '../assign.ts';
import { arithmeticOf } from '../expand.ts';
import { ShellError } from '../signals.ts';
import { testWords } from '../tests.ts';
import { formatPrintf } from '../text/printf.ts';
import { Unsupported } from '../text/tool.ts';
import { isUnknown } from '../unknown.ts';
import type { Builtin, BuiltinCall } from './builtin.ts';

const echo: Builtin = ({ args, shell }) => {
  let at = 0;
  let letters = '';
  for (; /^-[neE]+$/.test(args[at] ?? ''); at++) letters += args[at]?.slice(1) ?? '';
  const text = args.slice(at).join(' ');
  const isEscaped = letters.lastIndexOf('e') > letters.lastIndexOf('E');
  shell.write(`${isEscaped ? unescaped(text) : text}${letters.includes('n') ? '' : '\n'}`);
  return 0;
};

/** The escapes of `echo -e` are those of printf's %b. */
const unescaped = (text: string): string => formatPrintf('%b', [text]).text;

const printf: Builtin = async ({ args, shell, scene }) => {
  const isKept = args[0] === '-v';
  const words = isKept ? args.slice(2) : args[0] === '--' ? args.slice(1) : args;
  const [format = '', ...rest] = words;
  const mark = shell.host.unknowns.markIn(words.join(' '));
  const { text, stderr, exit } =
    mark === '' ? formatted(format, rest, shell, scene) : { text: mark, stderr: '', exit: 0 };
  shell.complain(stderr);
  if (isKept) {
    await keep(args[1] ?? '', text, scene);
  } else shell.write(mark === '' ? text : `${text}${format.endsWith('\\n') ? '\n' : ''}`);
  return exit;
};

/** In a variable, or an element of an array. */
async function keep(target: string, text: string, scene: BuiltinCall['scene']): Promise<void> {
  const [, name, key] = /^(\w+)\[([\s\S]+)\]$/.exec(target) ?? [];
  if (name === undefined || key === undefined) return assignText(target, text, false, scene);
  const { variables } = scene.shell;
  const isText = variables.get(name)?.isAssociative === true;
  variables.setElement(name, isText ? key : await arithmeticOf(key, scene), text);
}

function formatted(format: string, args: readonly string[], shell: BuiltinCall['shell'], scene: BuiltinCall['scene']) {
  try {
    return formatPrintf(format, args);
  } catch (error) {
    if (!(error instanceof Unsupported)) throw error;
    return { text: shell.host.unknown(scene.command, `printf: ${error.message}`), stderr: '', exit: 0 };
  }
}

const test: Builtin = ({ args, shell, scene, text }) => {
  try {
    return testWords(args, { shell, place: scene.command, question: text }) ? 0 : 1;
  } catch (error) {
    if (!(error instanceof ShellError)) throw error;
    shell.complain(`[: ${error.message}\n`);
    return 2;
  }
};

const bracket: Builtin = (call) => {
  if (call.args.at(-1) === ']') return test({ ...call, args: call.args.slice(0, -1) });
  call.shell.complain("[: missing `]'\n");
  return 2;
};

const cat: Builtin = ({ args, shell, scene }) => {
  const files = args.filter((arg) => arg === '-' || !arg.startsWith('-'));
  const input = shell.descriptors.get(0)?.input;
  let status = 0;
  for (const file of files.length === 0 ? ['-'] : files) {
    const isWhole = files.length === 0 && input?.at === 0;
    if (file === '-') shell.write(input?.rest() ?? '', isWhole ? input.lines : null);
    else status = printFile(file, shell, scene) || status;
  }
  return status;
};

function printFile(file: string, shell: BuiltinCall['shell'], { command }: BuiltinCall['scene']): number {
  const { host } = shell;
  if (isUnknown(file)) {
    shell.write(host.unknowns.markIn(file));
    return 0;
  }
  const text = host.files.read(file);
  const { known } = host.files.is(file);
  if (text === undefined && known) {
    shell.complain(`cat: ${file}: No such file or directory\n`);
    return 1;
  }
  if (!known) host.assume(command, `cat ${file}`, text?.trim().slice(0, 60) ?? 'not known');
  shell.write(text ?? host.unknown(command, `${file} was not given`));
  return 0;
}

const tee: Builtin = ({ args, shell }) => {
  const text = shell.descriptors.get(0)?.input?.rest() ?? '';
  for (const file of args.filter((arg) => !arg.startsWith('-') && !arg.startsWith('/dev/'))) {
    if (args.includes('-a')) shell.host.files.append(file, text);
    else shell.host.files.write(file, text);
  }
  shell.write(text);
  return 0;
};

const cd: Builtin = ({ args, shell, scene, text }) => {
  const path = args.findLast((arg) => !arg.startsWith('-')) ?? '/root';
  const { host } = shell;
  if (isUnknown(path)) return 0;
  const { kind, known } = host.files.is(path);
  if (kind === null && known) return 1;
  if (kind !== 'folder') host.assume(scene.command, text, 'yes');
  shell.folder = host.files.absolute(path);
  host.files.folder = shell.folder;
  return 0;
};

const pwd: Builtin = ({ shell }) => {
  shell.write(`${shell.folder}\n`);
  return 0;
};

const nothing: Builtin = () => 0;

const wait: Builtin = ({ args, shell }) => (args.length === 0 ? 0 : shell.background);

const alias: Builtin = ({ args, shell }) => {
  for (const arg of args) if (/^[\w-]+=/.test(arg)) shell.gone.add(arg.split('=')[0] ?? '');
  return 0;
};

export const TEXT: Readonly<Record<string, Builtin>> = {
  ...{ echo, printf, test, '[': bracket, cat, tee, cd, pwd, ':': nothing, true: nothing, false: () => 1 },
  ...{ ulimit: nothing, umask: nothing, wait, times: nothing, hash: nothing, jobs: nothing, disown: nothing },
  ...{
    alias,
    unalias: nothing,
    enable: nothing,
    history: nothing,
    sleep: nothing,
    usleep: nothing,
    sync: nothing,
  },
};

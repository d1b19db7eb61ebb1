import { fieldOf } from '../shell.ts';
import { ExitSignal, LoopSignal, ReturnSignal } from '../signals.ts';
import { Source } from '../source.ts';
import { isUnknown } from '../unknown.ts';
import type { Builtin, BuiltinCall } from './builtin.ts';

const statusOf = ({ args: [typed], shell }: BuiltinCall): number =>
  typed !== undefined && /^-?\d+$/.test(typed) ? Number(typed) & 0xff : shell.status;

const exit: Builtin = (call) => {
  call.shell.status = statusOf(call);
  throw new ExitSignal(call.shell.status, call.scene.command);
};

const leave: Builtin = (call) => {
  throw new ReturnSignal(statusOf(call));
};

const loopSignal =
  (kind: LoopSignal['kind']): Builtin =>
  ({ args: [levels = '1'], shell }) => {
    if (shell.loopDepth === 0) return 0;
    throw new LoopSignal(kind, Math.max(1, Number(levels) || 1));
  };

const evaluate: Builtin = async ({ args, shell, scene }) => {
  const text = args.join(' ');
  if (isUnknown(text)) {
    scene.shell.host.uncheck(scene.command, `eval of a text that is not known: ${whyOf(text, shell)}`);
    return 0;
  }
  shell.status = 0;
  await shell.host.evaluate(text, shell, scene.command);
  return shell.status;
};

const whyOf = (text: string, { host }: BuiltinCall['shell']): string => host.unknowns.in(text)?.why ?? 'unknown';

/** `.` and source: in this shell, with parameters of its own if some are given. */
const source: Builtin = async (call) => {
  const { args, shell, fields, scene } = call;
  const { host } = shell;
  const [path = ''] = args;
  if (isUnknown(path)) return notGiven(call, 'a file whose name is not known');
  const text = host.files.read(path);
  if (text === undefined) {
    if (!host.files.is(path).known) return notGiven(call, path);
    shell.complain(`${path}: No such file or directory\n`);
    return 1;
  }
  const { params } = shell;
  if (args.length > 1) shell.params = fields.slice(1);
  const inside = new Source(host.nameOf(path) ?? path, text, host.nameOf(path) === null ? scene.command : null);
  shell.depth++;
  try {
    shell.status = 0;
    await host.run(host.open(inside), shell, inside);
    return shell.status;
  } catch (signal) {
    if (signal instanceof ReturnSignal) return signal.status;
    throw signal;
  } finally {
    shell.depth--;
    if (args.length > 1) shell.params = params;
  }
};

/** Whatever it sets has a value that nobody knows. */
function notGiven({ shell, scene, text }: BuiltinCall, path: string): number {
  shell.host.assume(scene.command, text, 'not given, nothing is read');
  shell.missing ??= path;
  return 0;
}

const trap: Builtin = ({ args, shell, scene }) => {
  const [text = '', ...signals] = args[0] === '--' ? args.slice(1) : args;
  for (const signal of signals) {
    const name = signal === '0' ? 'EXIT' : signal.replace(/^SIG/, '');
    if (/^(?:DEBUG|ERR|RETURN)$/.test(name)) shell.host.uncheck(scene.command, `trap … ${name} is not simulated`);
    if (text === '-') shell.traps.delete(name);
    else shell.traps.set(name, text);
  }
  return 0;
};

/** The command is the last one of its shell; alone it only moves the descriptors, which runCommand() does. */
const exec: Builtin = async ({ fields, shell, call }) => {
  const words = fields.filter(
    ({ text }, i) => !(text.startsWith('-') && fields.slice(0, i).every((one) => one.text.startsWith('-'))),
  );
  if (words.length === 0) return 0;
  await call(words);
  throw new ExitSignal(shell.status);
};

/** The words themselves, not a function of that name. */
const command: Builtin = async ({ args, fields, shell, call }) => {
  const options = args.findIndex((arg) => !/^-[pvV]+$/.test(arg));
  const isQuestion = args.slice(0, options < 0 ? undefined : options).some((arg) => /[vV]/.test(arg));
  const rest = fields.slice(options < 0 ? args.length : options);
  if (isQuestion) return call([fieldOf('type'), fieldOf('-p'), ...rest]).then(() => shell.status);
  const [name] = rest;
  if (name === undefined) return 0;
  const own = shell.functions.get(name.text);
  shell.functions.delete(name.text);
  try {
    await call(rest);
  } finally {
    if (own !== undefined && !shell.functions.has(name.text)) shell.functions.set(name.text, own);
  }
  return shell.status;
};

export const FLOW: Readonly<Record<string, Builtin>> = {
  ...{ exit, return: leave, break: loopSignal('break'), continue: loopSignal('continue') },
  ...{ eval: evaluate, source, '.': source, trap, exec, command, builtin: command },
};

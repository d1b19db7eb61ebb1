import { rulesFile } from '../netfilter/index.ts';
import type { Scene } from './expand.ts';
import type { Field, Shell } from './shell.ts';
import { NotSimulated } from './signals.ts';
import type { SimulatedWord, SourcePlace } from './simulated.ts';
import { Source } from './source.ts';
import { linePlaces } from './streams.ts';
import { inSubshell } from './subshell.ts';
import { runBatch } from './tc-calls.ts';
import type { TextTools } from './text-tools.ts';
import type { ToolAnswer, ToolCall } from './tool.ts';
import { TOOLS } from './tools/index.ts';
import { tc, tcOptions } from './tools/tc.ts';
import { isUnknown, shown } from './unknown.ts';
import { ipExec, WRAPPERS, type Wrapped } from './wrappers.ts';
import { xargsCommands } from './xargs.ts';

/** A program that is to be run. */
export interface ProgramCall {
  readonly name: Field;
  readonly rest: readonly Field[];
  readonly scene: Scene;
  /** As written. */
  readonly text: string;
  /** Runs other words. */
  readonly invoke: (fields: readonly Field[]) => Promise<void>;
}

/** Programs that set the network up: what they are asked is kept, the others only answer. */
const RECORDED: ReadonlySet<string> = new Set([
  ...['tc', 'ip', 'iptables', 'ip6tables', 'iptables-restore', 'ip6tables-restore', 'ebtables', 'ipset', 'nft'],
  ...['ethtool', 'modprobe', 'rmmod', 'sysctl', 'uci', 'nvram', 'brctl', 'ifconfig', 'conntrack'],
]);
const SHELLS: ReadonlySet<string> = new Set(['sh', 'bash', 'dash', 'ash', 'ksh']);
const FOUND = '/usr/sbin';

/** Runs a program: a wrapper, a shell, a tool that we answer for, a script of the user's; or says that it is not known. */
export async function callProgram(call: ProgramCall): Promise<void> {
  const { name, rest, scene } = call;
  const { shell } = scene;
  const base = name.text.slice(name.text.lastIndexOf('/') + 1);
  if (name.text.includes('/') && shell.host.files.isGiven(name.text)) return runFile(call);
  const wrapper = WRAPPERS.get(base);
  if (wrapper !== undefined) return runWrapped(wrapper(rest), call);
  const inside = base === 'ip' ? ipExec(rest) : null;
  if (inside !== null) return runWrapped(inside, call);
  if (SHELLS.has(base)) return runShell(call);
  if (base === 'xargs') return runXargs(call);
  if (base === 'type' || base === 'which') return runWhich(call);
  const tool = TOOLS.get(base);
  if (base === 'tc') return finish(runTc(call), call);
  if (tool !== undefined) {
    const asked = toolCall(base, call);
    return finish(await tool(asked, shell.host.machine), call, asked);
  }
  if (name.text.includes('/') && shell.host.files.read(name.text) !== undefined) return runFile(call);
  const texts = await shell.host.textTools();
  if (texts.has(base)) return runText(base, call);
  unknownProgram(base, call);
}

function unknownProgram(base: string, { name, scene, text }: ProgramCall): void {
  const { shell, command } = scene;
  // No program is called so: a variable with several words stands in quotes.
  if (shell.gone.has(name.text) || /\s/.test(name.text)) {
    shell.complain(`${name.text}: command not found\n`);
    shell.status = 127;
    return;
  }
  shell.host.assume(command, text, 'it succeeds; what it prints is not known');
  const why = `${shown(base === '' ? name.text : base)} is not simulated, so what it prints is not known`;
  shell.write(shell.host.unknown(command, why));
  shell.status = 0;
}

/** What a tool answered, for the shell. */
function finish(answer: ToolAnswer, { scene, text, rest }: ProgramCall, asked: AskedTool | null = null): void {
  const { shell, command } = scene;
  if (answer.assumed !== undefined) shell.host.assume(command, text, answer.assumed);
  if (answer.unknown !== undefined) {
    shell.host.assume(command, text, 'not known');
    shell.write(`${shell.host.unknown(command, answer.unknown)}\n`);
  } else shell.write(answer.stdout ?? '');
  shell.complain(answer.stderr ?? '');
  shell.status = answer.exit ?? 0;
  if (asked !== null && RECORDED.has(asked.name)) keep(asked, rest, scene);
}

/** A call, and what was read of its input. */
interface AskedTool extends ToolCall {
  readonly read: () => string;
}

function toolCall(name: string, { rest, scene }: ProgramCall): AskedTool {
  const { shell, command } = scene;
  let read = '';
  return {
    name,
    args: rest.map(({ text }) => text),
    words: rest.map(wordOf),
    // Read only by those that ask for it: a loop around them may read the same text line by line.
    get stdin() {
      read += shell.descriptors.get(0)?.input?.rest() ?? '';
      return read;
    },
    read: () => read,
    netns: shell.netns,
    place: command,
    env: (variable) => shell.variables.text(variable),
    files: shell.host.files,
  };
}

const wordOf = ({ text, place, literal }: Field): SimulatedWord => ({ text: shown(text), place, literal });

function keep({ name: tool, words, place, read }: AskedTool, rest: readonly Field[], { shell }: Scene): void {
  const { netns, loops, status: exit } = shell;
  const text = read() || rulesIn(tool, rest, shell);
  const input = text === '' ? {} : { input: shown(text) };
  const own = rest[0]?.command ?? place;
  shell.host.record({ tool, netns, words, place: own, loops, mayFail: mayFail(shell), exit, ...input });
}

/** The text of the file that `nft -f` or `iptables-restore` names; empty: it names none, or nobody has it. */
function rulesIn(tool: string, args: readonly Field[], { host }: Shell): string {
  const file = rulesFile(
    tool,
    args.map(({ text }) => text),
  );
  return file === null || file === '-' ? '' : (host.files.read(file) ?? '');
}

/** Nobody sees the message, or the script goes another way then. */
const mayFail = (shell: Shell): boolean => shell.expected || shell.descriptors.get(2)?.output?.isNull === true;

/** tc: each of its commands is asked of the emulated kernel, and kept. */
function runTc(call: ProgramCall): ToolAnswer {
  const { rest, scene } = call;
  const { shell, command } = scene;
  const args = rest.map(({ text }) => text);
  const { words, output, netns, batch } = tcOptions(args);
  if (args.some(isUnknown)) return unknownTc(call);
  if (batch === null && words.length === 0) return tc(toolCall('tc', call), shell.host.machine);
  const run = (
    typed: readonly SimulatedWord[],
    place: SourcePlace,
    namespace: string,
    options: readonly string[] = [],
  ): ToolAnswer => {
    const unknown = typed.find(({ text }) => isUnknown(text));
    if (unknown !== undefined) {
      shell.host.uncheck(place, shell.host.unknowns.in(unknown.text)?.why ?? '');
      return {};
    }
    const answer = shell.host.machine.answers.tc([...options, ...typed.map(({ text }) => text)], namespace);
    tellUnset(shell);
    shell.host.record({
      tool: 'tc',
      netns: namespace,
      words: typed,
      place,
      loops: shell.loops,
      mayFail: mayFail(shell),
      exit: answer.exit,
    });
    return answer;
  };
  if (batch !== null) return batchOf(batch, call, run);
  const typed = rest.slice(rest.length - words.length);
  return run(
    typed.map(({ text, place, literal }) => ({ text, place, literal })),
    typed[0]?.command ?? command,
    netns ?? shell.netns,
    output,
  );
}

/** A command of tc with a variable in it that has no value: it is empty, as in reality, but hardly meant so. */
function tellUnset({ host, unset }: Shell): void {
  for (const { name, place } of unset) {
    const way = /^\d+$/.test(name) ? '-- ARGUMENTS give it' : `--env ${name}=VALUE gives it`;
    host.assume(place, `$${name}`, `not set, so it is empty; ${way}`);
  }
}

function unknownTc({ rest, scene }: ProgramCall): ToolAnswer {
  const { shell, command } = scene;
  const why = rest.map(({ text }) => shell.host.unknowns.in(text)).find((value) => value !== undefined);
  const line = why?.place.line === undefined ? '' : ` (line ${why.place.line})`;
  shell.host.uncheck(rest[0]?.command ?? command, `${why?.why ?? ''}${line}`);
  return {};
}

function batchOf(file: string, { rest, scene }: ProgramCall, run: Parameters<typeof runBatch>[4]): ToolAnswer {
  const { shell, command } = scene;
  const { host } = shell;
  const input = shell.descriptors.get(0)?.input;
  if (file === '-') return runBatch(input?.rest() ?? '', input?.lines ?? null, rest, command, run, shell);
  const text = host.files.read(file);
  if (text === undefined) {
    if (host.files.is(file).known)
      return { stderr: `Cannot open file "${file}" for reading: No such file or directory\n`, exit: 1 };
    host.uncheck(command, `${file} was not given`);
    return {};
  }
  const named = host.nameOf(file);
  const lines = named === null ? null : linePlaces(new Source(named, text));
  return runBatch(text, lines, rest, command, run, shell);
}

/** sudo, env, nice and their like; `ip netns exec`. */
async function runWrapped({ fields, env = [], netns }: Wrapped, { scene, invoke }: ProgramCall): Promise<void> {
  const { shell } = scene;
  shell.status = 0;
  if (fields.length === 0) return;
  const before = shell.netns;
  if (netns !== undefined) shell.netns = netns;
  shell.variables.enter();
  // What runs the command knows no functions and no builtins, but those that are programs too.
  const own = new Map(shell.functions);
  shell.functions.clear();
  try {
    for (const { name, value } of env) {
      shell.variables.declare(name, { isExported: true }, true);
      shell.variables.set(name, value);
    }
    await invoke(fields);
  } finally {
    for (const [name, one] of own) shell.functions.set(name, one);
    shell.variables.leave();
    shell.netns = before;
  }
}

/** A new shell: only what is exported goes on in it. */
function inNewShell(
  shell: Shell,
  zero: string,
  params: readonly Field[],
  work: (inner: Shell) => Promise<void>,
): Promise<void> {
  const inner = shell.copy();
  inner.functions.clear();
  inner.options.clear();
  for (const name of inner.variables.names('')) if (!inner.variables.get(name)?.isExported) inner.variables.unset(name);
  inner.zero = zero;
  inner.params = params;
  return inSubshell(shell, work, inner);
}

/** `sh -c TEXT`, `bash FILE`, and a script on standard input. */
async function runShell({ name, rest, scene, invoke }: ProgramCall): Promise<void> {
  const { shell, command } = scene;
  const at = rest.findIndex(({ text }) => !/^[-+]./.test(text));
  const options = rest.slice(0, at < 0 ? undefined : at).map(({ text }) => text);
  const [first, ...params] = at < 0 ? [] : rest.slice(at);
  const set = (inner: Shell): void => {
    for (const letter of 'eux')
      if (options.some((option) => option.slice(1).includes(letter) && option.startsWith('-')))
        inner.options.add(letter);
  };
  if (options.some((option) => /^-\w*c/.test(option))) {
    const [zero, ...others] = params;
    return inNewShell(shell, zero?.text ?? name.text, others, async (inner) => {
      set(inner);
      await inner.host.evaluate(first?.text ?? '', inner, command);
    });
  }
  if (first === undefined || options.includes('-s')) {
    const text = shell.descriptors.get(0)?.input?.rest() ?? '';
    return inNewShell(shell, name.text, params, async (inner) => {
      set(inner);
      await inner.host.evaluate(text, inner, command);
    });
  }
  await invoke([{ ...first, text: first.text.includes('/') ? first.text : `./${first.text}` }, ...params]);
}

/** A script of the user's, or one that the script wrote. */
async function runFile({ name, rest, scene }: ProgramCall): Promise<void> {
  const { shell, command } = scene;
  const { host } = shell;
  const text = host.files.read(name.text) ?? '';
  const [, interpreter] = /^#!\s*(\S+(?:\s+\S+)?)/.exec(text) ?? [];
  if (interpreter !== undefined && !/\b(?:ba|da|a|k)?sh\b/.test(interpreter)) {
    host.assume(
      command,
      scene.source.slice({ pos: command.from, end: command.to }),
      'it succeeds; it is no shell script',
    );
    shell.status = 0;
    return;
  }
  const named = host.nameOf(name.text);
  const inside = new Source(named ?? name.text, text, named === null ? command : null);
  await inNewShell(shell, name.text, rest, (inner) => host.run(host.open(inside), inner, inside));
}

async function runXargs({ rest, scene, invoke }: ProgramCall): Promise<void> {
  const { shell, command } = scene;
  const input = shell.descriptors.get(0)?.input?.rest() ?? '';
  const commands = xargsCommands(rest, input);
  if (commands === null) throw new NotSimulated('an option of xargs that is not simulated', command);
  let status = 0;
  for (const fields of commands) {
    await invoke(fields);
    if (shell.status !== 0) status = 123;
  }
  shell.status = status;
}

/** What `type -t` calls a name; null: there is none. */
async function kindOfName(name: string, shell: Shell): Promise<'function' | 'builtin' | 'keyword' | 'file' | null> {
  if (shell.functions.has(name)) return 'function';
  if (KEYWORDS.has(name)) return 'keyword';
  if (shell.host.isBuiltin(name)) return 'builtin';
  const texts = await shell.host.textTools();
  return TOOLS.has(name) || WRAPPERS.has(name) || SHELLS.has(name) || texts.has(name) ? 'file' : null;
}

const KEYWORDS: ReadonlySet<string> = new Set(
  'if then else elif fi for while until do done case esac in function select time [[ { } !'.split(' '),
);

/** `type`, `which` and `command -v`. That a program is there is assumed. */
async function runWhich({ name: asker, rest, scene, text }: ProgramCall): Promise<void> {
  const { shell, command } = scene;
  const options = rest.flatMap((field) => (field.text.startsWith('-') ? [field.text] : []));
  const isFile = asker.text.endsWith('which');
  let status = 0;
  for (const { text: typed } of rest) {
    if (typed.startsWith('-')) continue;
    const name = typed.slice(typed.lastIndexOf('/') + 1);
    const kind = await kindOfName(name, shell);
    if (kind === null || kind === 'file') shell.host.assume(command, text, kind === null ? 'no' : 'yes');
    const path = typed.includes('/') ? typed : `${FOUND}/${name}`;
    if (kind === null) status = 1;
    else if (options.includes('-t')) shell.write(`${kind}\n`);
    else if (options.length > 0 || isFile) shell.write(`${kind === 'file' || isFile ? path : name}\n`);
    else shell.write(kind === 'file' ? `${name} is ${path}\n` : `${name} is a shell ${kind}\n`);
  }
  shell.status = status;
}

/** What a step of awk or sed is worth: half of one of the shell. */
const CHARACTERS_PER_TOOL_STEP = 64;

/** A program that works on text alone. What it makes of a value that is not known is not known. */
async function runText(name: string, { rest, scene, text }: ProgramCall): Promise<void> {
  const { shell, command } = scene;
  const { host } = shell;
  const args = rest.map((field) => field.text);
  const input = shell.descriptors.get(0)?.input;
  const reads =
    !(/awk$/.test(name) && args.some((arg) => /^\s*BEGIN\s*\{[\s\S]*\}\s*$/.test(arg))) && !namesFile(args, shell);
  const stdin = reads ? (input?.rest() ?? '') : '';
  const mark = host.unknowns.markIn([...args, stdin].join(' '));
  if (mark !== '') {
    shell.write(`${mark}\n`);
    host.assume(command, text, 'yes');
    shell.status = 0;
    return;
  }
  const tools = await host.textTools();
  if (name === 'sed' && args.some(isInPlace)) return editInPlace(tools, args, scene);
  let missing: string | null = null;
  const read = (path: string): string | undefined => {
    const found = host.files.read(path);
    if (found === undefined && !host.files.is(path).known) missing = path;
    return found;
  };
  host.step(command, stdin.length);
  const spend = (steps: number): void => host.spend(command, steps * CHARACTERS_PER_TOOL_STEP);
  const answer = await tools.run({ name, args, stdin, read, spend });
  if ('unsupported' in answer) throwAway(answer.unsupported, scene);
  else if (missing !== null) {
    host.assume(command, text, 'not known');
    shell.write(host.unknown(command, `${missing} was not given`));
    shell.status = 0;
  } else {
    shell.write(answer.stdout);
    shell.complain(answer.stderr);
    shell.status = answer.exit;
  }
}

const isInPlace = (arg: string): boolean => /^-[nErs]*i|^--in-place/.test(arg);

/** `sed -i`: what it would print becomes the text of each file. */
async function editInPlace(tools: TextTools, args: readonly string[], scene: Scene): Promise<void> {
  const { shell, command } = scene;
  const { files } = shell.host;
  const named = args.slice(1).filter((arg) => files.is(arg).kind === 'file');
  const others = args
    .filter((arg) => !named.includes(arg))
    .flatMap((arg) => (isInPlace(arg) ? arg.replace(/i.*$|^--in-place.*$/, '') : arg));
  shell.status = 0;
  for (const file of named) {
    const stdin = files.read(file) ?? '';
    const call = { name: 'sed', args: others.filter((arg) => arg !== '-' && arg !== ''), stdin, read: () => undefined };
    const answer = await tools.run(call);
    const text = 'unsupported' in answer ? shell.host.unknown(command, answer.unsupported) : answer.stdout;
    files.write(file, text);
  }
}

/** What it prints is not known, as nobody here does what it does. */
function throwAway(why: string, { shell, command }: Scene): void {
  shell.host.note(command, why);
  shell.write(shell.host.unknown(command, why));
  shell.status = 0;
}

const namesFile = (args: readonly string[], { host }: Shell): boolean =>
  args.slice(1).some((arg) => !arg.startsWith('-') && (arg.startsWith('/') || host.files.is(arg).kind === 'file'));

import type { Command, CommandArgument, Word } from 'unbash';
import { assign, assignText } from './assign.ts';
import type { BuiltinCall } from './builtins/builtin.ts';
import { FLOW } from './builtins/flow.ts';
import { TEXT } from './builtins/text.ts';
import { declareAs, declareText, flagsOf, VARIABLES } from './builtins/variables.ts';
import { expandValue, expandWords, type Scene } from './expand.ts';
import { callProgram } from './programs.ts';
import { redirected } from './redirect.ts';
import type { Field, Shell } from './shell.ts';
import { NotSimulated, ReturnSignal, ShellError } from './signals.ts';
import type { SourcePlace } from './simulated.ts';
import type { Source } from './source.ts';
import type { Descriptor } from './streams.ts';
import { isUnknown } from './unknown.ts';

/** Builtins whose arguments may be assignments, which are not split. */
const DECLARING: ReadonlySet<string> = new Set(['declare', 'typeset', 'local', 'export', 'readonly']);
const BUILTINS = new Map(Object.entries({ ...FLOW, ...VARIABLES, ...TEXT }));

export const isBuiltin = (name: string): boolean => BUILTINS.has(name) || DECLARING.has(name);

/** Runs a simple command: assignments, a function, a builtin or a program. */
export async function runCommand(node: Command, shell: Shell, source: Source): Promise<void> {
  const { unset } = shell;
  shell.host.reached.add(node);
  shell.substituted = null;
  try {
    await runWords(node, { shell, source, command: source.place(node) });
  } finally {
    shell.unset = unset;
  }
}

async function runWords(node: Command, scene: Scene): Promise<void> {
  const { shell, source } = scene;
  const { name } = node;
  if (name === undefined) return assignAll(node, scene);
  if (DECLARING.has(name.value)) return declare(name.value, node, scene);
  const fields = [...(await expandWords([name], scene)), ...(await expandArguments(node.args, scene))];
  const changes = await redirects(node, scene);
  if (changes === null) return;
  if (fields[0] === undefined) {
    shell.status = shell.substituted ?? 0;
    return;
  }
  if (fields.length === 1 && fields[0].text === 'exec') {
    shell.descriptors = new Map([...shell.descriptors, ...changes]);
    shell.status = 0;
    return;
  }
  const run = (): Promise<void> => shell.withDescriptors(changes, () => invoke(fields, scene, source.slice(node)));
  if (node.prefix.length === 0) await run();
  else await withVariables(node, scene, run);
}

/** `NAME=value` in front of a command holds for that command. */
async function withVariables({ prefix }: Command, scene: Scene, run: () => Promise<void>): Promise<void> {
  const { variables } = scene.shell;
  const values: [string, string][] = [];
  for (const one of prefix) {
    if (one.type === 'Assignment' && one.value.type === 'Word')
      values.push([one.name, await expandValue(one.value, scene)]);
  }
  variables.enter();
  try {
    for (const [name, value] of values) {
      variables.declare(name, { isExported: true }, true);
      variables.set(name, value);
    }
    await run();
  } finally {
    variables.leave();
  }
}

async function assignAll(node: Command, scene: Scene): Promise<void> {
  const { shell } = scene;
  for (const one of node.prefix) if (one.type === 'Assignment') await assign(one, scene);
  if ((await redirects(node, scene)) === null) return;
  shell.status = shell.substituted ?? 0;
}

/** null: one of them cannot be done, so that the command is not run. */
async function redirects({ redirects: all }: Command, scene: Scene): Promise<(readonly [number, Descriptor])[] | null> {
  if (all.length === 0) return [];
  try {
    return await redirected(all, scene);
  } catch (error) {
    if (!(error instanceof ShellError)) throw error;
    scene.shell.complain(`${error.message}\n`);
    scene.shell.status = 1;
    return null;
  }
}

async function expandArguments(args: readonly CommandArgument[], scene: Scene): Promise<Field[]> {
  if (args.every((arg): arg is Word => arg.type === 'Word')) return expandWords(args, scene);
  const fields: Field[] = [];
  for (const arg of args) {
    if (arg.type === 'Word') fields.push(...(await expandWords([arg], scene)));
    else fields.push(await assignmentField(arg, scene));
  }
  return fields;
}

/** A word that looks like an assignment, before a program that is not to know. */
async function assignmentField(arg: Exclude<CommandArgument, Word>, scene: Scene): Promise<Field> {
  const value = arg.value.type === 'Word' ? await expandValue(arg.value, scene) : scene.source.slice(arg.value);
  const text = `${arg.name}${arg.append === true ? '+' : ''}=${value}`;
  return { text, place: scene.source.place(arg), literal: false, command: scene.command };
}

/** declare, local, export, readonly. */
async function declare(name: string, node: Command, scene: Scene): Promise<void> {
  const { shell } = scene;
  const typed = node.args.map((arg) => (arg.type === 'Word' ? arg.value : ''));
  if (typed.some((arg) => /^-[fF]+$/.test(arg))) {
    const names = typed.filter((arg) => !arg.startsWith('-'));
    shell.status = names.every((one) => shell.functions.has(one)) ? 0 : 1;
    return;
  }
  const { isGlobal, ...is } = flagsOf(name, typed);
  const isLocal = !isGlobal && shell.depth > 0 && shell.variables.isInFunction;
  const own = { ...is, isLocal };
  const call = callOf([], scene, scene.source.slice(node));
  // All words are expanded before the first of them is set.
  const values: (string | null)[] = [];
  for (const arg of node.args)
    values.push(arg.type !== 'Word' && arg.value.type === 'Word' ? await expandValue(arg.value, scene) : null);
  for (const [i, arg] of node.args.entries()) {
    if (arg.type === 'Word') {
      for (const { text } of await expandWords([arg], scene)) if (!/^-/.test(text)) await declareText(text, own, call);
      continue;
    }
    const value = own.flags.includes('n') ? (values[i] ?? null) : null;
    if (value !== null) shell.variables.refer(arg.name, value, isLocal);
    else {
      const text = arg.index === undefined ? (values[i] ?? null) : null;
      declareAs(arg.name, own, call);
      if (text === null) await assign(arg, scene);
      else await assignText(arg.name, text, arg.append === true, scene);
      if (own.flags.includes('r')) shell.variables.declare(arg.name, { isReadonly: true }, isLocal);
    }
  }
  shell.status = 0;
}

function callOf(fields: readonly Field[], scene: Scene, text: string): BuiltinCall {
  return {
    args: fields.map((field) => field.text),
    fields,
    shell: scene.shell,
    scene,
    text,
    call: (words) => invoke(words, scene, text),
  };
}

/** Runs words as a command: a function, a builtin, or a program. */
async function invoke(fields: readonly Field[], scene: Scene, text: string): Promise<void> {
  const { shell, command } = scene;
  const [name, ...rest] = fields;
  if (name === undefined) return;
  shell.host.step(command);
  if (isUnknown(name.text)) {
    throw new NotSimulated(`the command's name is not known: ${shell.host.unknowns.in(name.text)?.why}`, command);
  }
  const own = shell.functions.get(name.text);
  if (own !== undefined) return callFunction(fields, own, shell, command);
  const builtin = BUILTINS.get(name.text);
  if (builtin !== undefined) {
    shell.status = await builtin(callOf(rest, scene, text));
    return;
  }
  await callProgram({ name, rest, scene, text, invoke: (words) => invoke(words, scene, text) });
}

/** A body as short as this hands on what it is given: `run() { "$@"; }`. */
const SHORT = 3;

async function callFunction(
  fields: readonly Field[],
  { body, source }: { readonly body: Parameters<Shell['host']['compound']>[0]; readonly source: Source },
  shell: Shell,
  place: SourcePlace,
): Promise<void> {
  const { params, loopDepth, expected, calls } = shell;
  shell.params = fields.slice(1);
  shell.calls = [fields[0]?.text ?? '', ...calls];
  shell.loopDepth = 0;
  shell.depth++;
  shell.variables.enter();
  // That the caller looks at the status says little of each command of a long function.
  const isShort = body.type === 'BraceGroup' && body.body.commands.length <= SHORT;
  shell.expected = expected && isShort;
  try {
    await shell.host.deeper(place, () => shell.host.compound(body, shell, source));
  } catch (signal) {
    if (!(signal instanceof ReturnSignal)) throw signal;
    shell.status = signal.status;
  } finally {
    shell.variables.leave();
    shell.depth--;
    shell.params = params;
    shell.loopDepth = loopDepth;
    shell.calls = calls;
    shell.expected = expected;
  }
}

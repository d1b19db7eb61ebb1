import { callback, listOf, members, oneOf, optional, recordOf, text, whole, yesOrNo } from '../argument.ts';
import { type Judged, judge, kindOf, makeDevice, runAssumed, scriptLines } from '../command/index.ts';
import { createEnv, type Env } from '../env.ts';
import { ERAS, type EraName } from '../era.ts';
import { Netns } from '../kernel/index.ts';
import type { FileSource, ShellOptions, Simulated, TcAnswers } from '../shell/index.ts';
import { type Question, readQuestion } from './question.ts';

/** A shell script, and what it is run with. */
export interface ShellScript {
  readonly text: string;
  /** As the user typed it. Default: `script`. */
  readonly name?: string | undefined;
  /** Absolute: `$0`, and the folder that files are looked for in. Default: `/script/NAME`. */
  readonly path?: string | undefined;
  readonly args?: readonly string[] | undefined;
  /** The environment; nothing of the caller's own is in it. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Files that it may read. */
  readonly files?: FileSource | undefined;
  /** The Ethernet device of the host. */
  readonly dev?: string | undefined;
  readonly txQueues?: number | undefined;
  readonly kernel?: EraName | undefined;
  readonly signal?: ShellOptions['signal'] | undefined;
}

/** The run of a question's script; null: its text holds tc commands alone, which are read as they are. */
export async function simulateQuestion(asked: Question, shell: ScriptFile = {}): Promise<Simulated | null> {
  const question = readQuestion(asked);
  return isShellScript(question.script ?? '') ? simulateScript(shellScriptOf(question, shell)) : null;
}

/** What a script is called, where it lies, the files that it may read, and what ends its run. */
export type ScriptFile = Pick<ShellScript, 'name' | 'path' | 'files' | 'signal'>;

/** A question's script, with what the question gives it. */
export function shellScriptOf({ script = '', files, ...rest }: Question, shell: ScriptFile): ShellScript {
  const { args, env, dev, txQueues, kernel } = rest;
  const known = files === undefined ? {} : { files: withTexts(files, shell.files ?? NO_FILES) };
  return { ...shell, ...known, text: script, args, env, dev, txQueues, kernel };
}

/** The files, and texts in the place of some of them. */
function withTexts(texts: Readonly<Record<string, string>>, files: FileSource): FileSource {
  const given = new Map(Object.entries(texts));
  const names = (folder: string): string[] =>
    [...given.keys()].filter((name) => name.startsWith(`${folder}/`)).map((name) => name.slice(folder.length + 1));
  return {
    read: (path) => given.get(path) ?? files.read(path),
    is: (path) => (given.has(path) ? 'file' : files.is(path)),
    list: (path) => [...files.list(path), ...names(path)],
  };
}

/** Interpreters of the shell's language; a script for another is read for its tc lines as any text. */
const SHELL = /^#!\s*\S*\/(?:env\s+)?(?:ba|da|a|k)?sh\b/;

/**
 * A script of the shell, and not only lines of tc: its first line says so, or it has variables or other programs among
 * lines that begin with `tc`.
 */
export function isShellScript(text: string): boolean {
  if (SHELL.test(text)) return true;
  if (/^#!/.test(text) || kindOf(text) !== 'shell') return false;
  let hasTc = false;
  let hasOthers = false;
  for (const { words, before, unexpanded } of scriptLines(text)) {
    hasTc ||= words !== null && before > 0;
    hasOthers ||= words === null || unexpanded;
    if (hasTc && hasOthers) return true;
  }
  return false;
}

const aSource = members({ read: callback, is: callback, list: callback });
const aScript = members({
  text,
  name: optional(text),
  path: optional(text),
  args: optional(listOf(text)),
  env: optional(recordOf(text)),
  files: optional(aSource),
  dev: optional(text),
  txQueues: optional(whole(1, 1024)),
  kernel: optional(oneOf(...Object.keys(ERAS))),
  signal: optional(members({ aborted: yesOrNo })),
});

const NO_FILES: FileSource = { read: () => undefined, is: () => null, list: () => [] };
/** Passes until what the script builds on is known; it hardly ever takes more than two. */
const MOST_PASSES = 3;

/**
 * Reads a shell script without running it: its tc commands are answered by emulated kernels, one for each network namespace,
 * that hold what the script builds on and does not make.
 *
 * @returns the commands with their places in the user's files, what was assumed, and what could not be looked at
 * @example
 * const { commands } = await simulateScript({ text: 'for i in 1 2; do tc class add dev eth0 parent 1: classid 1:$i drr; done' });
 */
export async function simulateScript(script: ShellScript): Promise<Simulated> {
  aScript(script, 'script');
  const { loadTextTools, simulate } = await import('../shell/index.ts');
  const { name = 'script', args = [], env = {}, files = NO_FILES, dev, signal } = script;
  const { path = `/script/${name.slice(name.lastIndexOf('/') + 1)}` } = script;
  let assumed: readonly string[] = [];
  for (let pass = 1; ; pass++) {
    const given = assumed;
    const simulated = await simulate(script.text, {
      ...{ name, path, args, env, files, textTools: loadTextTools },
      kernel: () => new Kernels(script, given),
      ...(dev === undefined ? {} : { device: dev }),
      ...(signal === undefined ? {} : { signal }),
    });
    assumed = assumedBy(simulated, script);
    if (pass === MOST_PASSES || assumed.join('\n') === given.join('\n')) return simulated;
  }
}

type Asked = Pick<ShellScript, 'kernel' | 'dev' | 'txQueues'>;

const envOf = ({ kernel }: Asked): Env => createEnv({ era: ERAS[kernel ?? '6.1'], seed: 0 });

function freshKernel(asked: Asked, isFirst: boolean): Netns {
  const netns = new Netns({ env: envOf(asked), devices: [{ name: 'lo', ifindex: 1 }] });
  if (isFirst && asked.dev !== undefined) makeDevice(netns, { name: asked.dev, txQueues: asked.txQueues });
  return netns;
}

/** A kernel for each namespace that the script names. */
class Kernels implements TcAnswers {
  private readonly judges = new Map<string, (words: readonly string[]) => Judged>();
  private readonly asked: Asked;
  private readonly assumed: readonly string[];

  constructor(asked: Asked, assumed: readonly string[]) {
    this.asked = asked;
    this.assumed = assumed;
  }

  tc(words: readonly string[], netns: string): Judged {
    const known = this.judges.get(netns);
    if (known !== undefined) return known(words);
    const isFirst = netns === '';
    const fresh = judge(freshKernel(this.asked, isFirst), { txQueues: this.asked.txQueues });
    if (isFirst) for (const line of this.assumed) fresh(line.split(' '));
    this.judges.set(netns, fresh);
    return fresh(words);
  }
}

/** What the script builds on in the namespace that it is started in. */
function assumedBy({ commands }: Simulated, asked: Asked): readonly string[] {
  const lines = commands.flatMap(({ tool, netns, words }) =>
    tool === 'tc' && netns === '' ? [{ words: words.map(({ text }) => text) }] : [],
  );
  const fresh = () => {
    const run = judge(freshKernel(asked, true), { txQueues: asked.txQueues });
    return { run: (line: { readonly words: readonly string[] }) => run(line.words), assume: run };
  };
  return runAssumed(lines, fresh).assumed;
}

import type {
  AndOr,
  ArithmeticFor,
  Case,
  CommandNode,
  CompoundList,
  For,
  If,
  ParsedScript,
  Pipeline,
  PipelineNode,
  Redirection,
  Statement,
  TestExpression,
  While,
} from 'unbash';
import { runCommand } from './command.ts';
import {
  arithmeticOf,
  arithmeticText,
  expandExpression,
  expandPattern,
  expandText,
  expandWords,
  type Scene,
  UnsetError,
} from './expand.ts';
import { matcher } from './pattern.ts';
import { redirected } from './redirect.ts';
import type { Shell, ShellFunction } from './shell.ts';
import { LoopSignal, NotSimulated, ShellError } from './signals.ts';
import type { LoopValue } from './simulated.ts';
import type { Source } from './source.ts';
import { Input } from './streams.ts';
import { inSubshell } from './subshell.ts';
import { binaryTest, patternTest, type TestScene, unaryTest } from './tests.ts';
import { isUnknown } from './unknown.ts';

/** Runs a tree, statement by statement. An error in an expansion ends the statement at hand, as in bash. */
export async function runScript({ commands }: ParsedScript, shell: Shell, source: Source): Promise<void> {
  let failed: number | null = null;
  for (const statement of commands) {
    // bash reads line by line: what stands behind such an error on its line is not run either.
    if (failed !== null && source.place(statement).line === failed) {
      failed = source.place(statement).endLine;
      continue;
    }
    failed = null;
    try {
      await runStatement(statement, shell, source);
    } catch (error) {
      if (!(error instanceof ShellError)) throw error;
      const place = error instanceof UnsetError ? error.place : source.place(statement);
      shell.complain(`${place.file}: line ${place.line}: ${error.message}\n`);
      shell.status = 1;
      failed = source.place(statement).endLine;
      if (error instanceof UnsetError) {
        shell.host.fatal(shell, place, { why: error.message, status: 1, variable: error.variable });
      }
    }
  }
}

async function runList({ commands }: CompoundList, shell: Shell, source: Source): Promise<void> {
  for (const statement of commands) await runStatement(statement, shell, source);
}

async function runStatement(statement: Statement, shell: Shell, source: Source): Promise<void> {
  const place = source.place(statement);
  shell.host.step(place);
  try {
    if (statement.background === true) {
      await inSubshell(shell, (inner) => runNode(statement.command, inner, source));
      shell.background = shell.status;
      shell.status = 0;
    } else await runNode(statement.command, shell, source);
  } catch (error) {
    if (!(error instanceof NotSimulated)) throw error;
    shell.host.uncheck(error.place, error.message);
    // It may have set any variable.
    shell.missing ??= error.message;
    shell.status = 0;
  }
}

async function runNode(node: PipelineNode | AndOr, shell: Shell, source: Source): Promise<void> {
  if (node.type === 'AndOr') await runAndOr(node, shell, source);
  else if (node.type === 'Pipeline') await runPipeline(node, shell, source);
  else await runOne(node, shell, source);
}

async function runAndOr({ commands, operators }: AndOr, shell: Shell, source: Source): Promise<void> {
  const lastOr = operators.findLastIndex((operator, j) => operator === '||' && takesFailure(commands[j + 1]));
  for (const [i, node] of commands.entries()) {
    const before = operators[i - 1];
    if (before !== undefined && (before === '&&') !== (shell.status === 0)) continue;
    const isLast = i === commands.length - 1;
    if (isLast) await runNode(node, shell, source);
    else await lookedAt(shell, i <= lastOr, () => runNode(node, shell, source));
  }
}

/** Commands that tell of a failure, so that it was not expected. */
const TELLS = /^(?:exit|return|echo|printf|logger|e?die|fail\w*|err\w*|fatal|abort|warn\w*|log\w*|msg)$/i;

/** What stands behind `||` makes up for the failure; false: it reports it. */
function takesFailure(node: PipelineNode | undefined): boolean {
  if (node === undefined) return false;
  if (node.type === 'BraceGroup' || node.type === 'Subshell') {
    return node.body.commands.every(({ command }) => command.type !== 'AndOr' && takesFailure(command));
  }
  return node.type !== 'Command' || !TELLS.test(node.name?.value ?? '');
}

/** Runs what the script looks at the status of: `set -e` does not end it there. */
async function lookedAt(shell: Shell, isExpected: boolean, work: () => Promise<void>): Promise<void> {
  const { tolerant, expected } = shell;
  shell.tolerant = true;
  shell.expected = expected || isExpected;
  try {
    await work();
  } finally {
    shell.tolerant = tolerant;
    shell.expected = expected;
  }
}

async function runPipeline(node: Pipeline, shell: Shell, source: Source): Promise<void> {
  const { prefixes, commands, operators } = node;
  const isNegated = prefixes.filter(({ type }) => type === 'Negation').length % 2 === 1;
  const [only] = commands;
  const isOne = commands.length === 1 && only !== undefined;
  const work = (): Promise<void> =>
    isOne ? runOne(only, shell, source) : runStages(commands, operators, shell, source);
  if (isNegated) {
    await lookedAt(shell, true, work);
    shell.status = shell.status === 0 ? 1 : 0;
    return;
  }
  await work();
  if (!isOne) checkStatus(shell, source, node);
}

/** Each in a subshell, one after the other: what one prints is there for the next as a whole. */
async function runStages(
  commands: readonly CommandNode[],
  operators: readonly string[],
  shell: Shell,
  source: Source,
): Promise<void> {
  let input: Input | null = null;
  const statuses: number[] = [];
  for (const [i, node] of commands.entries()) {
    const isLast = i === commands.length - 1;
    const output = isLast ? null : shell.host.capture(source.place(node));
    const from: Input | null = input;
    // bash's lastpipe has the last stage run in the shell itself.
    const within = isLast && shell.options.has('lastpipe') ? inItself : inSubshell;
    await within(shell, async (inner) => {
      const changes = new Map(inner.descriptors);
      if (from !== null) changes.set(0, { input: from });
      if (output !== null) changes.set(1, { output });
      if (output !== null && operators[i] === '|&') changes.set(2, { output });
      inner.descriptors = changes;
      await (isLast ? runOne(node, inner, source) : lookedAt(inner, false, () => runOne(node, inner, source)));
    });
    statuses.push(shell.status);
    input = output === null ? null : new Input(output.text, output.lines);
  }
  const failed = statuses.findLast((status) => status !== 0) ?? 0;
  shell.status = shell.options.has('pipefail') ? failed : (statuses.at(-1) ?? 0);
  shell.variables.setArray(
    'PIPESTATUS',
    statuses.map((status, at) => [String(at), String(status)] as const),
  );
}

async function inItself(shell: Shell, work: (inner: Shell) => Promise<void>): Promise<void> {
  const { descriptors } = shell;
  try {
    await work(shell);
  } finally {
    shell.descriptors = descriptors;
  }
}

/** With `set -e` a status that nobody looks at ends the script. */
function checkStatus(shell: Shell, source: Source, node: { readonly pos: number; readonly end: number }): void {
  if (shell.status === 0 || shell.tolerant || !shell.options.has('e')) return;
  const { status } = shell;
  shell.host.fatal(shell, source.place(node), { why: `set -e: exit status ${status}`, status });
}

async function runOne(node: CommandNode, shell: Shell, source: Source): Promise<void> {
  if (node.type === 'Command') {
    await runCommand(node, shell, source);
    checkStatus(shell, source, node);
  } else if (node.type === 'Redirected')
    await withRedirects(node.redirects, node, shell, source, () => runCompound(node.command, shell, source));
  else if (node.type === 'Function') {
    shell.functions.set(node.name.value, { body: node.body, source });
    shell.status = 0;
  } else if (node.type === 'Coproc') throw new NotSimulated('coproc is not simulated', source.place(node));
  else await runCompound(node, shell, source);
}

async function withRedirects(
  redirects: readonly Redirection[],
  node: { readonly pos: number; readonly end: number },
  shell: Shell,
  source: Source,
  work: () => Promise<void>,
): Promise<void> {
  const scene = { shell, source, command: source.place(node) };
  await shell.withDescriptors(await redirected(redirects, scene), work);
}

/** What a function is made of, or a compound command. */
export async function runCompound(node: ShellFunction['body'], shell: Shell, source: Source): Promise<void> {
  switch (node.type) {
    case 'CompoundList':
      return runList(node, shell, source);
    case 'BraceGroup':
      return runList(node.body, shell, source);
    case 'Redirected':
      return withRedirects(node.redirects, node, shell, source, () => runCompound(node.command, shell, source));
    case 'Subshell':
      await inSubshell(shell, (inner) => runList(node.body, inner, source));
      return checkStatus(shell, source, node);
    case 'If':
      return runIf(node, shell, source);
    case 'For':
      return runFor(node, shell, source);
    case 'ArithmeticFor':
      return runArithmeticFor(node, shell, source);
    case 'While':
      return runWhile(node, shell, source);
    case 'Case':
      return runCase(node, shell, source);
    case 'TestCommand': {
      const scene = { shell, source, command: source.place(node) };
      shell.status = (await testOf(node.expression, scene)) ? 0 : 1;
      return checkStatus(shell, source, node);
    }
    case 'ArithmeticCommand': {
      const scene = { shell, source, command: source.place(node) };
      const text = await arithmeticText(node.expression, source.slice(node), node.pos, scene);
      if (isUnknown(text)) shell.host.assume(scene.command, source.slice(node), 'not 0');
      shell.status = text === '0' ? 1 : 0;
      return checkStatus(shell, source, node);
    }
    case 'Select':
      throw new NotSimulated('select asks a person: it is not simulated', source.place(node));
  }
}

async function runIf(node: If, shell: Shell, source: Source): Promise<void> {
  for (const { clause, then } of [node, ...node.elif]) {
    await lookedAt(shell, true, () => runList(clause, shell, source));
    if (shell.status === 0) return runList(then, shell, source);
  }
  // In the last branch `$?` is what the condition ended with.
  if (node.else === undefined) shell.status = 0;
  else await runList(node.else, shell, source);
}

async function runFor(node: For, shell: Shell, source: Source): Promise<void> {
  const scene = { shell, source, command: source.place(node) };
  const fields = node.wordlist === undefined ? shell.params : await expandWords(node.wordlist, scene);
  const name = node.name.value;
  shell.status = 0;
  await looping(shell, async (turn) => {
    for (const { text } of fields) {
      shell.host.step(scene.command);
      shell.variables.set(name, text);
      if (await turn([{ name, value: text }], () => runList(node.body, shell, source))) return;
    }
  });
}

/** Runs the body once; true: the loop ends. */
type Turn = (values: readonly LoopValue[], body: () => Promise<void>) => Promise<boolean>;

/** Runs a loop: `break` and `continue` end here, or go on to the loops around it. */
async function looping(shell: Shell, work: (turn: Turn) => Promise<void>): Promise<void> {
  const { loops } = shell;
  shell.loopDepth++;
  const turn: Turn = async (values, body) => {
    shell.loops = [...loops, ...values];
    try {
      await body();
      return false;
    } catch (signal) {
      if (!(signal instanceof LoopSignal)) throw signal;
      if (signal.levels > 1 && shell.loopDepth > 1) throw new LoopSignal(signal.kind, signal.levels - 1);
      return signal.kind === 'break';
    }
  };
  try {
    await work(turn);
  } finally {
    shell.loops = loops;
    shell.loopDepth--;
  }
}

async function runArithmeticFor(node: ArithmeticFor, shell: Shell, source: Source): Promise<void> {
  const scene = { shell, source, command: source.place(node) };
  const text = source.slice(node);
  const value = async (expression: ArithmeticFor['test']): Promise<string> =>
    expression === undefined ? '1' : arithmeticText(expression, text, node.pos, scene);
  await value(node.initialize);
  const names = namesIn(node.test === undefined ? '' : source.slice(node.test));
  await looping(shell, async (turn) => {
    for (;;) {
      shell.host.step(scene.command);
      const test = await value(node.test);
      if (isUnknown(test)) throw new NotSimulated('how often the loop runs is not known', scene.command);
      if (test === '0') return;
      if (await turn(valuesOf(names, shell), () => runList(node.body, shell, source))) return;
      await value(node.update);
    }
  });
}

async function runWhile(node: While, shell: Shell, source: Source): Promise<void> {
  const place = source.place(node);
  const names = namesIn(source.slice(node.clause));
  let status = 0;
  await looping(shell, async (turn) => {
    for (;;) {
      shell.host.step(place);
      await lookedAt(shell, true, () => runList(node.clause, shell, source));
      if ((shell.status === 0) !== (node.kind === 'while')) return;
      const ended = await turn(valuesOf(names, shell), () => runList(node.body, shell, source));
      status = shell.status;
      if (ended) return;
    }
  });
  shell.status = status;
}

const MOST_NAMES = 2;

/** Variables that the head of a loop looks at or reads. */
function namesIn(text: string): string[] {
  const read = /\bread\b((?:\s+-?\w+)+)/.exec(text)?.[1]?.trim().split(/\s+/) ?? [];
  const used = [...text.matchAll(/\$\{?([A-Za-z_]\w*)|\b([a-z_]\w*)\s*(?:[<>]|!=|[-+]{2})/g)].map(
    ([, a, b]) => a ?? b ?? '',
  );
  return [...new Set([...read.filter((word) => !word.startsWith('-')), ...used])].slice(0, MOST_NAMES);
}

function valuesOf(names: readonly string[], { variables }: Shell): LoopValue[] {
  return names.flatMap((name) => {
    const value = variables.text(name);
    return value === undefined ? [] : [{ name, value }];
  });
}

async function runCase(node: Case, shell: Shell, source: Source): Promise<void> {
  const scene = { shell, source, command: source.place(node) };
  const text = await expandText(node.word, scene);
  shell.status = 0;
  if (isUnknown(text)) shell.host.assume(source.place(node.word), `case ${node.word.text}`, 'none but *');
  let falls = false;
  for (const { pattern, body, terminator } of node.items) {
    if (!falls && !(await matchesAny(pattern, text, scene))) continue;
    await runList(body, shell, source);
    if (terminator !== ';&' && terminator !== ';;&') return;
    falls = terminator === ';&';
  }
}

async function matchesAny(patterns: Case['items'][number]['pattern'], text: string, scene: Scene): Promise<boolean> {
  for (const word of patterns) {
    const pattern = await expandPattern(word, scene);
    if (isUnknown(text)) {
      if (/^\*+$/.test(pattern)) return true;
      continue;
    }
    const { shell, command } = scene;
    const spend = (characters: number): void => shell.host.spend(command, characters);
    if (matcher(pattern, { isCaseless: shell.options.has('nocasematch'), spend })(text)) return true;
  }
  return false;
}

async function testOf(test: TestExpression, scene: Scene): Promise<boolean> {
  const { shell, source } = scene;
  const at: TestScene = { shell, place: source.place(test), question: `[[ ${source.slice(test)} ]]` };
  switch (test.type) {
    case 'TestGroup':
      return testOf(test.expression, scene);
    case 'TestNot':
      return (await testOf(test.operand, scene)) === (test.negations.length % 2 === 0);
    case 'TestLogical':
      for (const operand of test.operands) {
        if ((await testOf(operand, scene)) === (test.operator === '||')) return test.operator === '||';
      }
      return test.operator === '&&';
    case 'TestUnary':
      return unaryTest(test.operator, await expandText(test.operand, scene), at);
    case 'TestBinary': {
      const { operator, right } = test;
      const left = await expandText(test.left, scene);
      if (operator === '=~') return expressionTest(left, await expandExpression(right, scene), at);
      if (operator === '=' || operator === '==' || operator === '!=') {
        return patternTest(operator, left, await expandPattern(right, scene), at);
      }
      return numberTest(operator, left, await expandText(right, scene), at, scene);
    }
  }
}

/** In `[[ ]]` a number may be an expression. */
async function numberTest(
  operator: string,
  left: string,
  right: string,
  at: TestScene,
  scene: Scene,
): Promise<boolean> {
  const isNumeric = /^-(?:eq|ne|lt|le|gt|ge)$/.test(operator);
  const [a, b] = isNumeric ? [await arithmeticOf(left, scene), await arithmeticOf(right, scene)] : [left, right];
  return binaryTest(operator, a, b, at, BigInt);
}

async function expressionTest(text: string, source: string, at: TestScene): Promise<boolean> {
  const { shell, place } = at;
  if (isUnknown(text) || isUnknown(source)) return patternTest('==', text, source, at);
  shell.host.step(place, text.length);
  const tools = await shell.host.textTools();
  const found = tools.match(source, text, shell.options.has('nocasematch'));
  if (found === undefined) throw new NotSimulated('a regular expression that is not simulated', place);
  const parts = found ?? [];
  shell.variables.setArray(
    'BASH_REMATCH',
    parts.map((part, i) => [String(i), part] as const),
  );
  return found !== null;
}

import { matches, TC_OPTIONS } from '../../lang/index.ts';
import type { Machine, ToolAnswer, ToolCall } from '../tool.ts';
import { printed } from './answer.ts';

/** A command line of tc, its options cut off. */
export interface TcLine {
  /** From the object on. */
  readonly words: readonly string[];
  /** The options that change what is printed, as they were given. */
  readonly output: readonly string[];
  /** null: the namespace of the call. */
  readonly netns: string | null;
  /** The file with commands; `-` is standard input. null: no batch. */
  readonly batch: string | null;
  readonly force: boolean;
  readonly version: boolean;
}

/** Cuts tc's own options off. An option that tc has not stays with the words: tc itself refuses it. */
export function tcOptions(args: readonly string[]): TcLine {
  const output: string[] = [];
  const given = new Map<string, string>();
  let at = 0;
  while (args[at]?.startsWith('-')) {
    const word = args[at] ?? '';
    const row = TC_OPTIONS.find(([name]) => matches(word, name));
    if (row === undefined) break;
    const [name, , hasArgument] = row;
    if (!hasArgument && name !== '-force') output.push(word);
    given.set(name, hasArgument ? (args[at + 1] ?? '') : '');
    at += hasArgument ? 2 : 1;
  }
  return {
    words: args.slice(at),
    output,
    netns: given.get('-netns') ?? null,
    batch: given.get('-batch') ?? null,
    force: given.has('-force'),
    version: given.has('-Version'),
  };
}

/** tc of iproute2 6.1. The shell cuts a batch into its commands before it comes here. */
export function tc(call: ToolCall, machine: Machine): ToolAnswer {
  const line = tcOptions(call.args);
  if (line.version) return printed('tc utility, iproute2-6.1.0, libbpf 1.1.0\n');
  return machine.answers.tc([...line.output, ...line.words], line.netns ?? call.netns);
}

import type { TextCall, TextResult } from '../../text-tools.ts';
import { Refused, type TextTool, Unsupported } from '../tool.ts';
import { unescaped } from './lexer.ts';
import { Machine } from './machine.ts';
import { parsed } from './parser.ts';
import { fromOutside } from './value.ts';

interface Arguments {
  readonly variables: readonly (readonly [name: string, value: string])[];
  readonly program: string;
  readonly operands: readonly string[];
}

/** `-F t` stands for a tab with some. */
function separatorOf(text: string): string {
  if (text === 't') throw new Unsupported('-F t');
  // A pattern may have backslashes that are none of a text.
  return /^\\[^tn\\]/.test(text) && text.length === 2
    ? text.slice(1)
    : unescaped(text.replace(/\\(?![tn\\])/g, '\\\\'));
}

function variableOf(text: string): readonly [string, string] {
  const [, name, value] = /^([A-Za-z_]\w*)=(.*)$/s.exec(text) ?? [];
  if (name === undefined) throw new Unsupported(`-v ${text}`);
  return [name, unescaped(value ?? '')];
}

function argumentsOf({ args, read }: TextCall): Arguments {
  const variables: (readonly [string, string])[] = [];
  const programs: string[] = [];
  let at = 0;
  for (; at < args.length; at++) {
    const arg = args[at] ?? '';
    if (arg === '--' || !arg.startsWith('-') || arg === '-') break;
    const [, letter, attached = ''] = /^-([Fvf])(.*)$/s.exec(arg) ?? [];
    if (letter === undefined) throw new Unsupported(`option ${arg}`);
    const value = attached === '' ? (args[++at] ?? '') : attached;
    if (letter === 'F') variables.push(['FS', separatorOf(value)]);
    else if (letter === 'v') variables.push(variableOf(value));
    else programs.push(textOfFile(value, read));
  }
  const rest = args.slice(args[at] === '--' ? at + 1 : at);
  if (programs.length > 0) return { variables, program: programs.join('\n'), operands: rest };
  const [program, ...operands] = rest;
  if (program === undefined) throw new Unsupported('no program');
  return { variables, program, operands };
}

function textOfFile(name: string, read: TextCall['read']): string {
  const text = read(name);
  if (text === undefined) throw new Refused(`cannot open ${name} (No such file or directory)`, 2);
  return text;
}

export const awk: TextTool = (call): TextResult => {
  const { variables, program, operands } = argumentsOf(call);
  const machine = new Machine(parsed(program), call, operands);
  for (const [name, value] of variables) machine.set(name, fromOutside(value));
  try {
    return machine.run();
  } finally {
    call.spend?.(machine.steps);
  }
};

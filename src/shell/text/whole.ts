import { inputsOf, noSuchFile, result } from './input.ts';
import { parseOptions } from './options.ts';
import { printed, type TextTool, Unsupported } from './tool.ts';

/** Lines with their ends. */
const withEnds = (text: string): readonly string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? [];

export const cat: TextTool = (call) => {
  const { operands } = parseOptions(call.args, { flags: 'u' });
  const { inputs, missing } = inputsOf(call, operands, noSuchFile);
  return result(inputs.map(({ text }) => text).join(''), missing);
};

/** Lines from the last to the first. */
export const tac: TextTool = (call) => {
  const { operands } = parseOptions(call.args, { flags: '' });
  const { inputs, missing } = inputsOf(
    call,
    operands,
    (name) => `failed to open '${name}' for reading: No such file or directory`,
  );
  return result(inputs.map(({ text }) => withEnds(text).toReversed().join('')).join(''), missing);
};

const reversed = (line: string): string => [...line].toReversed().join('');

export const rev: TextTool = (call) => {
  const { operands } = parseOptions(call.args, { flags: '' });
  const { inputs, missing } = inputsOf(call, operands, (name) => `cannot open ${name}: No such file or directory`);
  return result(inputs.map(({ text }) => text.split('\n').map(reversed).join('\n')).join(''), missing);
};

/** What it writes into a file nobody here can. */
export const tee: TextTool = ({ args, stdin }) => {
  const { operands } = parseOptions(args, { flags: 'ai' });
  if (operands.some((name) => name !== '/dev/null')) throw new Unsupported('a file to write');
  return printed(stdin);
};

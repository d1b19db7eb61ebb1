import { inputsOf } from '../input.ts';
import { parseOptions } from '../options.ts';
import { Refused, type TextTool, Unsupported } from '../tool.ts';
import { Machine } from './machine.ts';
import { parsed } from './parser.ts';

const NAMES = {
  flags: 'nErus',
  values: 'ef',
  long: { quiet: 'n', silent: 'n', 'regexp-extended': 'E', expression: 'e', file: 'f', unbuffered: 'u' },
};

/** The file that a script is in. */
function fileOf(name: string, read: (name: string) => string | undefined): string {
  const text = read(name);
  if (text === undefined) throw new Refused(`couldn't open file ${name}: No such file or directory`);
  return text.replace(/\n$/, '');
}

export const sed: TextTool = (call) => {
  const options = parseOptions(call.args, NAMES);
  // Lines are counted for each file.
  if (options.has('s')) throw new Unsupported('option -s');
  const given = options.options
    .filter(([name]) => name === 'e' || name === 'f')
    .map(([name, value]) => (name === 'e' ? value : fileOf(value, call.read)));
  const [first, ...rest] = options.operands;
  if (given.length === 0 && first === undefined) throw new Unsupported('no script');
  const script = given.length > 0 ? given.join('\n') : (first ?? '');
  const commands = parsed(script, options.has('E') || options.has('r'));
  const complain = (name: string): string => `can't read ${name}: No such file or directory`;
  const { inputs, missing } = inputsOf(call, given.length > 0 ? options.operands : rest, complain);
  // A file that does not end in a newline gets one where another follows.
  const text = inputs
    .map((one, at) => (at < inputs.length - 1 ? one.text.replace(/([^\n])$/, '$1\n') : one.text))
    .join('');
  const machine = new Machine(commands, text, { isQuiet: options.has('n'), read: call.read });
  try {
    const { stdout, exit } = machine.run();
    return { stdout, stderr: missing, exit: exit === 0 && missing !== '' ? 2 : exit };
  } finally {
    call.spend?.(machine.steps);
  }
};

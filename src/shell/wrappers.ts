import { assignmentIn } from './assign.ts';
import type { Field } from './shell.ts';

/** What is left of a command that another runs: `sudo -u root tc …`. */
export interface Wrapped {
  /** The command itself; empty: there is none. */
  readonly fields: readonly Field[];
  /** `NAME=value` before it. */
  readonly env?: readonly { readonly name: string; readonly value: string }[];
  readonly netns?: string;
}

type Wrapper = (fields: readonly Field[]) => Wrapped;

/** Without its options: those of `valued` take the next word. */
function withoutOptions(fields: readonly Field[], valued: string, operands = 0): readonly Field[] {
  let at = 0;
  for (; at < fields.length; at++) {
    const text = fields[at]?.text ?? '';
    if (text === '--') {
      at++;
      break;
    }
    if (!/^-./.test(text)) break;
    if (text.length === 2 && valued.includes(text[1] ?? '')) at++;
  }
  return fields.slice(at + operands);
}

const plain =
  (valued = '', operands = 0): Wrapper =>
  (fields) => ({ fields: withoutOptions(fields, valued, operands) });

/** `NAME=value` words in front of the command. */
function withEnv(fields: readonly Field[]): Wrapped {
  const first = fields.findIndex(({ text }) => assignmentIn(text) === null);
  const end = first < 0 ? fields.length : first;
  const env = fields.slice(0, end).flatMap(({ text }) => {
    const found = assignmentIn(text);
    return found === null ? [] : [{ name: found.name, value: found.value }];
  });
  return { fields: fields.slice(end), env };
}

/** flock on a descriptor of its own runs nothing. */
function flock(fields: readonly Field[]): Wrapped {
  const rest = withoutOptions(fields, 'wE');
  const [lock, ...command] = rest;
  if (lock !== undefined && /^\d+$/.test(lock.text)) return { fields: [] };
  return { fields: command };
}

/** Programs that run the command that they are given, by name. */
export const WRAPPERS: ReadonlyMap<string, Wrapper> = new Map<string, Wrapper>([
  ['sudo', (fields) => withEnv(withoutOptions(fields, 'ugpChDRTU'))],
  ['doas', (fields) => withEnv(withoutOptions(fields, 'uC'))],
  ['env', (fields) => withEnv(withoutOptions(fields, 'uCS'))],
  ['nice', plain('n')],
  ['ionice', plain('cn')],
  ['nohup', plain()],
  ['setsid', plain()],
  ['stdbuf', plain('ioe')],
  ['timeout', plain('ks', 1)],
  ['chrt', plain('', 1)],
  ['taskset', plain('', 1)],
  ['time', plain('fo')],
  ['busybox', plain()],
  ['toybox', plain()],
  ['flock', flock],
]);

/** `ip netns exec NAME …` and `ip vrf exec NAME …`; null: it is another command of ip. */
export function ipExec(fields: readonly Field[]): Wrapped | null {
  const words = fields.filter(({ text }) => !text.startsWith('-')).slice(0, 2);
  const [object, verb] = words;
  if (object === undefined || verb === undefined || !/^ex(?:e|ec)?$/.test(verb.text)) return null;
  if (!/^(?:netn|netns|vrf)$/.test(object.text)) return null;
  const at = fields.indexOf(verb);
  const name = fields[at + 1]?.text ?? '';
  return { fields: fields.slice(at + 2), ...(object.text === 'vrf' ? {} : { netns: name }) };
}

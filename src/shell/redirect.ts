import type { Redirect, Redirection } from 'unbash';
import { expandHereDocument, expandText, type Scene } from './expand.ts';
import { ShellError } from './signals.ts';
import { Source } from './source.ts';
import { type Descriptor, Input, linePlaces, NOWHERE, type Output, Terminal } from './streams.ts';
import { isUnknown } from './unknown.ts';

/** What redirections make of the descriptors, one after the other. Throws a ShellError where one cannot be done. */
export async function redirected(
  redirects: readonly Redirection[],
  scene: Scene,
): Promise<(readonly [number, Descriptor])[]> {
  const changes = new Map<number, Descriptor>();
  for (const one of redirects) for (const [number, to] of await change(one, scene, changes)) changes.set(number, to);
  return [...changes];
}

type Changes = ReadonlyMap<number, Descriptor>;

async function change(one: Redirection, scene: Scene, changes: Changes): Promise<[number, Descriptor][]> {
  const number = numberOf(one);
  if (one.type === 'HereDoc') {
    const { text, lines } = await expandHereDocument(one.body, one.operator === '<<-', scene);
    return [[number ?? 0, { input: new Input(text, lines) }]];
  }
  if (one.type === 'HereString') {
    const text = one.target === undefined ? '' : await expandText(one.target, scene);
    return [[number ?? 0, { input: new Input(`${text}\n`) }]];
  }
  return file(one, number, scene, changes);
}

function numberOf({ descriptor }: Redirection): number | null {
  if (descriptor === undefined) return null;
  if (descriptor.type === 'FileDescriptor') return descriptor.value;
  throw new ShellError(`{${descriptor.name}}: a descriptor with a name is not simulated`);
}

async function file(
  one: Redirect,
  number: number | null,
  scene: Scene,
  changes: Changes,
): Promise<[number, Descriptor][]> {
  const { operator, target } = one;
  const name = target === undefined ? '' : await expandText(target, scene);
  switch (operator) {
    case '<':
    case '<>':
      return [[number ?? 0, { input: inputFrom(name, one, scene, changes) }]];
    case '<&':
    case '>&':
      if (/^\d+$|^-$/.test(name)) return [[number ?? (operator === '<&' ? 0 : 1), copied(name, scene, changes)]];
      return both(outputTo(name, false, scene, changes));
    case '&>':
    case '&>>':
      return both(outputTo(name, operator === '&>>', scene, changes));
    default:
      return [[number ?? 1, { output: outputTo(name, operator === '>>', scene, changes) }]];
  }
}

const both = (output: Output): [number, Descriptor][] => [
  [1, { output }],
  [2, { output }],
];

function copied(name: string, { shell }: Scene, changes: Changes): Descriptor {
  if (name === '-') return { output: NOWHERE };
  const number = Number(name);
  return changes.get(number) ?? shell.descriptors.get(number) ?? { output: NOWHERE };
}

const DESCRIPTOR = /^\/(?:dev\/fd|proc\/self\/fd)\/(\d+)$/;
const NAMED: Readonly<Record<string, string>> = { '/dev/stdin': '0', '/dev/stdout': '1', '/dev/stderr': '2' };

function inputFrom(name: string, one: Redirect, scene: Scene, changes: Changes): Input {
  const { shell, source } = scene;
  const { host } = shell;
  const number = NAMED[name] ?? DESCRIPTOR.exec(name)?.[1];
  if (number !== undefined) return copied(number, scene, changes).input ?? new Input('');
  if (name === '/dev/null') return new Input('');
  const place = source.place(one);
  if (isUnknown(name)) return new Input(host.unknowns.markIn(name));
  const text = host.files.read(name);
  if (text !== undefined) {
    if (!host.files.is(name).known) host.assume(place, `< ${name}`, text.trim().slice(0, 60));
    const file = host.nameOf(name);
    return new Input(text, file === null ? null : linePlaces(new Source(file, text)));
  }
  if (host.files.is(name).known) throw new ShellError(`${name}: No such file or directory`);
  host.assume(place, `< ${name}`, 'not known');
  return new Input(host.unknown(place, `${name} was not given`));
}

function outputTo(name: string, isAppended: boolean, scene: Scene, changes: Changes): Output {
  const number = NAMED[name] ?? DESCRIPTOR.exec(name)?.[1];
  if (number !== undefined) return copied(number, scene, changes).output ?? NOWHERE;
  if (name === '/dev/null' || name === '') return NOWHERE;
  if (/^\/dev\/(?:tty|console|kmsg|log)/.test(name)) return new Terminal(0);
  const { files } = scene.shell.host;
  if (files.is(name).kind === 'folder') throw new ShellError(`${name}: Is a directory`);
  const path = files.absolute(name);
  if (!isAppended) files.write(path, '');
  return { isNull: false, write: (text) => files.append(path, text) };
}

import type { ArrayValue, Assignment, Word } from 'unbash';
import { arithmeticOf, expandText, expandValue, expandWords, keyOf, type Scene } from './expand.ts';
import { ShellError } from './signals.ts';
import { Source } from './source.ts';
import { isUnknown } from './unknown.ts';

/** `NAME=value`, `NAME+=value`, `NAME[key]=value` and `NAME=(…)`. Throws a ShellError if NAME is read-only. */
export async function assign({ name, value, append, index }: Assignment, scene: Scene): Promise<void> {
  const { variables } = scene.shell;
  checkWritable(name, scene);
  if (value.type === 'ArrayValue') return assignArray(name, value, append === true, scene);
  const text = await expandValue(value, scene);
  if (index === undefined) return assignText(name, text, append === true, scene);
  const key = await keyOf(name, index, scene);
  const before = append === true ? (variables.element(name, key) ?? '') : '';
  variables.setElement(name, key, await joined(name, before, text, append === true, scene));
}

/** The same with a value that is expanded already. */
export async function assignText(name: string, text: string, isAppended: boolean, scene: Scene): Promise<void> {
  const { variables } = scene.shell;
  checkWritable(name, scene);
  const before = isAppended ? (variables.text(name) ?? '') : '';
  variables.set(name, await joined(name, before, text, isAppended, scene));
}

function checkWritable(name: string, { shell }: Scene): void {
  if (shell.variables.get(name)?.isReadonly) throw new ShellError(`${name}: readonly variable`);
}

/** Of a variable that `declare -i` made a number the value is an expression, and `+=` adds. */
async function joined(name: string, before: string, text: string, isAppended: boolean, scene: Scene): Promise<string> {
  if (scene.shell.variables.get(name)?.isInteger !== true) return before + text;
  return arithmeticOf(isAppended ? `(${before || '0'})+(${text || '0'})` : text || '0', scene);
}

async function assignArray(name: string, { elements }: ArrayValue, isAppended: boolean, scene: Scene): Promise<void> {
  const { variables } = scene.shell;
  const made: (readonly [string, string])[] = [];
  let next = isAppended ? variables.nextIndex(name) : 0;
  const isAssociative = variables.get(name)?.isAssociative === true;
  for (const word of elements) {
    const keyed = keyedElement(word, name, scene);
    if (keyed !== null) {
      const key = await keyOf(name, keyed.index, keyed.scene);
      made.push([key, await expandText(keyed.value, keyed.scene)]);
      next = isAssociative ? next : Number(key) + 1;
      continue;
    }
    for (const { text } of await expandWords([word], scene)) made.push([String(next++), text]);
  }
  if (!isAppended) variables.setArray(name, made);
  else for (const [key, value] of made) variables.setElement(name, key, value);
}

/** `[key]=value` in a list; null: a plain element. */
function keyedElement(word: Word, name: string, scene: Scene): { index: Word; value: Word; scene: Scene } | null {
  const { shell, source } = scene;
  const text = source.slice(word);
  if (!/^\[[^\]]+\]\+?=/.test(text)) return null;
  const [statement] = shell.host.parse(`${name}${text}`).commands;
  const [made] = statement?.command.type === 'Command' ? statement.command.prefix : [];
  if (made?.type !== 'Assignment' || made.index === undefined || made.value.type !== 'Word') return null;
  const inside = { ...scene, source: new Source(source.file, `${name}${text}`, source.place(word)) };
  return { index: made.index, value: made.value, scene: inside };
}

/** `NAME=value` in a word that an expansion made; null: it is none. */
export function assignmentIn(text: string): { name: string; value: string; isAppended: boolean } | null {
  if (isUnknown(text.split('=')[0] ?? '')) return null;
  const [, name, plus, value] = /^([A-Za-z_]\w*)(\+?)=([\s\S]*)$/.exec(text) ?? [];
  return name === undefined ? null : { name, value: value ?? '', isAppended: plus === '+' };
}

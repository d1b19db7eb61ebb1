import type {
  ArithmeticExpression,
  ArithmeticWord,
  HereDocBody,
  ParameterExpansionPart,
  ParameterOperation,
  Word,
  WordPart,
} from 'unbash';
import { type ArithmeticShell, evaluate, UnknownNumber } from './arithmetic.ts';
import { expandBraces } from './braces.ts';
import { pathsMatching } from './glob.ts';
import { isPattern, matcher, Pattern, quotedPattern, type Spend, unquotedPattern } from './pattern.ts';
import { type Field, fieldOf, type Shell } from './shell.ts';
import { NotSimulated, ShellError } from './signals.ts';
import type { SourcePlace } from './simulated.ts';
import { Source } from './source.ts';
import { specialText } from './special.ts';
import { type Piece, splitPieces } from './split.ts';
import type { LinePlaces, TextLine } from './streams.ts';
import { isUnknown } from './unknown.ts';

/** Where words are expanded: the shell, the text they stand in, and the command they belong to. */
export interface Scene {
  readonly shell: Shell;
  readonly source: Source;
  readonly command: SourcePlace;
}

const BREAK: Piece = { kind: 'break', text: '' };
const quoted = (text: string): Piece => ({ kind: 'quoted', text });

/** The fields that words come to: expanded, split and matched with paths. */
export async function expandWords(words: readonly Word[], scene: Scene): Promise<Field[]> {
  const fields: Field[] = [];
  for (const word of words) {
    const literal = literalField(word, scene);
    if (literal !== null) fields.push(literal);
    else for (const field of await expandWord(word, scene)) fields.push(counted(field, scene));
  }
  return fields;
}

/** Each word that an expansion makes is work: a list that doubles in a loop would fill the memory. */
function counted(field: Field, { shell, command }: Scene): Field {
  shell.host.step(command, field.text.length);
  return field;
}

/** A word that stands for itself; null: something in it is expanded. */
function literalField(word: Word, { source, command }: Scene): Field | null {
  if (word.parts !== undefined && !word.parts.every(isLiteral)) return null;
  if (word.text.startsWith('~')) return null;
  return { text: word.value, place: source.place(word), literal: source.fixed === null, command };
}

function isLiteral(part: WordPart): boolean {
  if (part.type === 'DoubleQuoted' || part.type === 'LocaleString') return part.parts.every(isLiteral);
  return part.type === 'Literal' || part.type === 'SingleQuoted' || part.type === 'AnsiCQuoted';
}

async function expandWord(word: Word, scene: Scene): Promise<Field[]> {
  const { source, shell, command } = scene;
  const place = source.place(word);
  if (word.parts?.some(({ type }) => type === 'BraceExpansion')) return expandBraced(word, scene);
  const pieces = await piecesOf(word, scene, false);
  const [first] = pieces;
  if (first?.field !== undefined && pieces.every(({ kind, field }) => kind === 'break' || field !== undefined)) {
    return pieces.flatMap(({ field }) => (field === undefined ? [] : [field]));
  }
  return splitPieces(pieces, shell.variables.text('IFS') ?? ' \t\n').flatMap(({ text, pattern }) => {
    const isMatched = pattern !== null && !shell.options.has('f');
    const paths = isMatched ? pathsMatching(pattern, shell.host.files) : [];
    // What such a folder holds on the host nobody here knows.
    if (isMatched && paths.length === 0 && text.startsWith('/')) shell.host.assume(place, text, 'no file matches');
    const texts = paths.length > 0 ? paths : pattern !== null && shell.options.has('nullglob') ? [] : [text];
    return texts.map((one) => ({ text: one, place, literal: false, command }));
  });
}

/** Braces come first, and on the text: each word that they make is read anew. */
async function expandBraced(word: Word, scene: Scene): Promise<Field[]> {
  const { source, shell } = scene;
  const place = source.place(word);
  const texts = expandBraces(source.slice(word));
  if (texts === null) throw new NotSimulated('braces with too many words', place);
  const fields: Field[] = [];
  for (const text of texts) {
    shell.host.step(place);
    const { commands } = shell.host.parse(`: ${text}`);
    const [statement] = commands;
    const made = statement?.command.type === 'Command' ? statement.command.args : [];
    const inside: Scene = { ...scene, source: new Source(source.file, `: ${text}`, place) };
    for (const one of made) {
      if (one.type !== 'Word') continue;
      const again = one.parts?.some(({ type }) => type === 'BraceExpansion') && one.text !== text;
      if (again) fields.push(...(await expandBraced(one, inside)));
      else fields.push(...(await expandUnbraced(one, inside)));
    }
  }
  return fields;
}

/** Braces that are no list stay as they are. */
async function expandUnbraced(word: Word, scene: Scene): Promise<Field[]> {
  const parts = word.parts?.flatMap((part): WordPart[] => {
    if (part.type !== 'BraceExpansion') return [part];
    const { pos, end, text } = part;
    return [...(part.parts ?? [{ type: 'Literal', pos, end, text, value: text } as const])];
  });
  const { type, text, value, pos, end } = word;
  return expandWords([{ type, text, value, pos, end, parts }], scene);
}

/** The text of a word that is not split: a value, a file's name. */
export async function expandText(word: Word, scene: Scene): Promise<string> {
  if (word.parts === undefined && !word.text.startsWith('~')) return word.value;
  const pieces = await piecesOf(word, scene, false, true);
  // Counted before it is made: it may be longer than any text can be.
  scene.shell.host.step(
    scene.command,
    pieces.reduce((length, { text }) => length + text.length, 0),
  );
  return pieces.map((piece) => (piece.kind === 'break' ? ' ' : piece.text)).join('');
}

/** The value of an assignment: a tilde stands for a home behind each colon too. */
export function expandValue(word: Word, scene: Scene): Promise<string> {
  if (!word.text.includes('~')) return expandText(word, scene);
  const home = scene.shell.variables.text('HOME') ?? '/root';
  const withHomes = (text: string, isFirst: boolean): string =>
    text.replace(isFirst ? /(^|:)~(?=[/:]|$)/g : /(:)~(?=[/:]|$)/g, (_, before: string) => `${before}${home}`);
  const change = <T extends { readonly text: string; readonly value: string }>(part: T, isFirst: boolean): T =>
    part.text === part.value ? { ...part, text: '', value: withHomes(part.value, isFirst) } : part;
  const parts = word.parts?.map((part, i) => (part.type === 'Literal' ? change(part, i === 0) : part));
  const { type, pos, end, text, value } = word;
  if (parts === undefined) return expandText(change({ type, pos, end, text, value, parts }, true), scene);
  return expandText({ type, pos, end, text: '', value, parts }, scene);
}

/** A word as a pattern: what stands in quotes matches itself. */
export async function expandPattern(word: Word, scene: Scene): Promise<string> {
  const isExtended = scene.shell.options.has('extglob') && /[?*+@!]\(/.test(word.text);
  if (word.parts === undefined && !word.text.startsWith('~')) {
    return isExtended && word.text === word.value ? word.value : quotedPattern(word.value);
  }
  if (!isExtended || word.parts === undefined)
    return (await piecesOf(word, scene, false, true)).map(patternOf).join('');
  // The parser knows such a group in a command's words only.
  let pattern = '';
  for (const part of word.parts) {
    const isPlain = part.type === 'Literal' && part.text === part.value;
    pattern += isPlain ? part.value : (await partPieces(part, scene, false, true)).map(patternOf).join('');
  }
  return pattern;
}

function patternOf({ kind, text }: Piece): string {
  if (kind === 'break') return ' ';
  return kind === 'bare' || kind === 'quoted' ? quotedPattern(text) : text;
}

/** A word as a regular expression: what stands in quotes matches itself. */
export async function expandExpression(word: Word, scene: Scene): Promise<string> {
  if (word.parts === undefined) return word.text;
  const parts: string[] = [];
  for (const part of word.parts) {
    const pieces = await partPieces(part, scene, false, true);
    for (const { kind, text } of pieces)
      parts.push(kind === 'quoted' ? text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&') : text);
  }
  return parts.join('');
}

/** A here-document, and which of its lines are as they are written. `isIndented`: `<<-`, without leading tabs. */
export async function expandHereDocument(
  body: HereDocBody,
  isIndented: boolean,
  scene: Scene,
): Promise<{ readonly text: string; readonly lines: LinePlaces }> {
  const { source } = scene;
  const parts = body.parts ?? [
    { type: 'Literal', pos: body.pos, end: body.end, text: body.text, value: body.text } as const,
  ];
  let text = '';
  const lines: (TextLine | null)[] = [];
  for (const part of parts) {
    const isText = part.type === 'Literal';
    const value = isText ? part.value : (await partPieces(part, scene, true)).map((piece) => piece.text).join('');
    // Each line is kept with its place, which is more than its characters.
    scene.shell.host.step(scene.command, value.length);
    scene.shell.host.spend(scene.command, PLACE_OF_LINE * (value.split('\n').length - 1));
    noteLines(text, value, part, isText, source, lines);
    text += value;
  }
  if (!isIndented) return { text, lines };
  return { text: text.replace(/^\t+/gm, ''), lines };
}

/** What a line's place is worth in characters. */
const PLACE_OF_LINE = 512;

/** Each line stands where its first part stands; an expansion on it makes it no literal one. */
function noteLines(
  before: string,
  value: string,
  part: { readonly pos: number; readonly end: number },
  isText: boolean,
  source: Source,
  lines: (TextLine | null)[],
): void {
  let at = part.pos;
  for (const [i, row] of value.split('\n').entries()) {
    const isNew = i > 0 || before === '' || before.endsWith('\n');
    const end = isText ? at + row.length : part.end;
    if (isNew) lines.push({ place: source.place({ pos: at, end }), literal: isText && source.fixed === null });
    else lines.push(extended(lines.pop() ?? null, end, isText, source));
    if (isText) at = end + 1;
  }
}

function extended(line: TextLine | null, end: number, isText: boolean, source: Source): TextLine | null {
  if (line === null) return null;
  return { place: source.place({ pos: line.place.from, end }), literal: line.literal && isText };
}

/** The pieces of a word. `isQuoted`: it stands in double quotes; `isText`: it is not split, so that "$@" is one text. */
async function piecesOf(word: Word, scene: Scene, isQuoted: boolean, isText = false): Promise<Piece[]> {
  const tilde = isQuoted ? null : homeOf(word, scene);
  if (word.parts === undefined) {
    return tilde ?? [{ kind: isQuoted ? 'quoted' : 'bare', text: word.value }];
  }
  const pieces: Piece[] = [];
  for (const [i, part] of word.parts.entries()) {
    if (i === 0 && tilde !== null) pieces.push(...tilde);
    else pieces.push(...(await partPieces(part, scene, isQuoted, isText)));
  }
  return pieces;
}

/** `~` and `~/…`; null: there is none. */
function homeOf({ text, value, parts }: Word, { shell }: Scene): Piece[] | null {
  if (!/^~(?:\/|$)/.test(text)) return null;
  const first = parts === undefined ? value : parts[0]?.type === 'Literal' ? parts[0].value : '~';
  return [quoted(`${shell.variables.text('HOME') ?? '/root'}${first.slice(1)}`)];
}

async function partPieces(part: WordPart, scene: Scene, isQuoted: boolean, isText = false): Promise<Piece[]> {
  const { shell, source } = scene;
  const kind = isQuoted ? 'quoted' : 'value';
  switch (part.type) {
    case 'Literal':
      return [{ kind: isQuoted ? 'quoted' : 'bare', text: part.value }];
    case 'SingleQuoted':
    case 'AnsiCQuoted':
      return [quoted(part.value)];
    case 'DoubleQuoted':
    case 'LocaleString':
      return quotedPieces(part.parts, scene, isText);
    case 'Glob':
    case 'ExtendedGlob':
      return [{ kind: 'glob', text: await globText(part, scene) }];
    case 'SimpleExpansion':
      return parameterPieces(named(part), scene, isQuoted, isText);
    case 'ParameterExpansion':
      return parameterPieces(part, scene, isQuoted, isText);
    case 'CommandExpansion': {
      if (part.script === undefined) throw new ShellError('syntax error in a command substitution');
      const inside = part.script.source;
      const text = inside === undefined ? source : new Source(source.file, inside, source.place(part));
      const { text: output } = await shell.host.substitute(part.script, shell, text);
      let end = output.length;
      while (output[end - 1] === '\n') end--;
      return [{ kind, text: output.slice(0, end).replaceAll('\0', '') }];
    }
    case 'ArithmeticExpansion':
      return [{ kind, text: await arithmeticText(part.expression, part.text, part.pos, scene) }];
    case 'ProcessSubstitution':
      return [quoted(await processFile(part, scene))];
    case 'BraceExpansion':
      return [{ kind: isQuoted ? 'quoted' : 'bare', text: part.text }];
  }
}

/** Brackets and extended patterns as they are written, but for what is expanded in them. */
async function globText(glob: Extract<WordPart, { type: 'Glob' | 'ExtendedGlob' }>, scene: Scene): Promise<string> {
  let text = '';
  let at = glob.pos;
  for (const part of glob.parts ?? []) {
    if (part.type === 'Literal') continue;
    text += glob.text.slice(at - glob.pos, part.pos - glob.pos);
    for (const piece of await partPieces(part, scene, false, true)) text += patternOf(piece);
    at = part.end;
  }
  return `${text}${glob.text.slice(at - glob.pos)}`;
}

/** `"…"`: one field, but for "$@", which is as many as there are parameters. */
async function quotedPieces(parts: readonly WordPart[], scene: Scene, isText: boolean): Promise<Piece[]> {
  const pieces: Piece[] = [];
  for (const part of parts) for (const piece of await partPieces(part, scene, true, isText)) pieces.push(piece);
  const isList = parts.length === 1 && parts.every(isListOfAll);
  return pieces.length === 0 && !isList ? [quoted('')] : pieces;
}

function isListOfAll(part: WordPart): boolean {
  if (part.type === 'SimpleExpansion') return part.text === '$@';
  return (
    part.type === 'ParameterExpansion' && (part.parameter === '@' || part.index?.text === '@') && part.prefix !== '#'
  );
}

/** The `<(…)` of bash: a file with what the commands print. */
async function processFile(part: Extract<WordPart, { type: 'ProcessSubstitution' }>, scene: Scene): Promise<string> {
  const { shell, source } = scene;
  const place = source.place(part);
  if (part.operator === '>' || part.script === undefined) throw new NotSimulated('>(…) is not simulated', place);
  const { text } = await shell.host.substitute(part.script, shell, source);
  const path = `/dev/fd/${place.file}:${place.from}`;
  shell.host.files.write(path, text);
  return path;
}

type Parameter = Pick<ParameterExpansionPart, 'parameter' | 'prefix' | 'index' | 'operation' | 'pos' | 'end' | 'text'>;

const named = ({ pos, end, text }: { pos: number; end: number; text: string }): Parameter => ({
  ...{ pos, end, text, parameter: text.slice(1) },
  ...{ prefix: undefined, index: undefined, operation: undefined },
});

/** What a parameter is before its operation: one text, unset, or a list. */
type Held = { readonly one: string | undefined } | { readonly all: readonly Field[]; readonly isStar: boolean };

async function parameterPieces(part: Parameter, scene: Scene, isQuoted: boolean, isText: boolean): Promise<Piece[]> {
  const { operation } = part;
  if (operation?.type === 'Unknown') {
    throw new NotSimulated(`${part.text} is not simulated`, scene.source.place(part));
  }
  if (part.prefix === '#') return piecesOfOne(await lengthOf(part, scene), isQuoted);
  if (operation?.type === 'Names') {
    return listPieces(
      scene.shell.variables.names(part.parameter).map(fieldOf),
      operation.operator === '*',
      scene,
      isQuoted,
      isText,
    );
  }
  const held = await heldBy(part, scene);
  if (operation?.type === 'Default') return defaultPieces(part, operation, held, scene, isQuoted, isText);
  if ('one' in held && held.one === undefined) noteUnset(part, scene);
  if ('all' in held) {
    const all = operation === undefined ? held.all : await changedAll(held.all, operation, part, scene);
    return listPieces(all, held.isStar, scene, isQuoted, isText);
  }
  const one = held.one ?? '';
  return piecesOfOne(operation === undefined ? one : await changed(one, operation, scene), isQuoted);
}

const piecesOfOne = (text: string, isQuoted: boolean): Piece[] => [{ kind: isQuoted ? 'quoted' : 'value', text }];

/** A variable without a value is empty, or an error. */
function noteUnset(part: Parameter, scene: Scene): void {
  const { shell, source } = scene;
  checkSet(part, scene);
  shell.unset = [...shell.unset, { name: part.parameter, place: source.place(part) }];
}

/** `set -u`. */
function checkSet({ parameter, pos, end }: Parameter, { shell, source }: Scene): void {
  if (!shell.options.has('u') || parameter === '@' || parameter === '*') return;
  throw new UnsetError(parameter, 'unbound variable', source.place({ pos, end }));
}

/** Ends a script, or the subshell that it is in. */
export class UnsetError extends ShellError {
  readonly variable: string;
  readonly place: SourcePlace;

  constructor(variable: string, why: string, place: SourcePlace) {
    super(`${variable}: ${why}`);
    this.variable = variable;
    this.place = place;
  }
}

/** Several fields: apart in "$@", one text with the first character of IFS between them in "$*". */
function listPieces(
  all: readonly Field[],
  isStar: boolean,
  { shell }: Scene,
  isQuoted: boolean,
  isText: boolean,
): Piece[] {
  const texts = all.map(({ text }) => text);
  const between = (shell.variables.text('IFS') ?? ' ').slice(0, 1);
  if (isQuoted && isStar) return [quoted(texts.join(between))];
  if (isText) return [{ kind: isQuoted ? 'quoted' : 'value', text: texts.join(isStar ? between : ' ') }];
  return all.flatMap((field, i): Piece[] => {
    const piece: Piece = isQuoted ? { kind: 'quoted', text: field.text, field } : { kind: 'value', text: field.text };
    return i === 0 ? [piece] : [BREAK, piece];
  });
}

async function heldBy(part: Parameter, scene: Scene): Promise<Held> {
  const { parameter, prefix, index } = part;
  const { shell } = scene;
  if (prefix === '!' && (index === undefined || !isAll(index))) return indirect(part, scene);
  if (parameter === '@' || parameter === '*') return { all: shell.params, isStar: parameter === '*' };
  if (index === undefined) return { one: textOf(parameter, part, scene) };
  if (!isAll(index)) {
    const key = await keyOf(parameter, index, scene);
    return { one: shell.variables.element(parameter, key) ?? specialElement(parameter, key, part, scene) };
  }
  const pairs = shell.variables.elements(parameter);
  const all = pairs.map(([key, value]) => fieldOf(prefix === '!' ? key : value));
  if (all.length === 0 && shell.variables.get(parameter) === undefined) {
    const one = special(parameter, part, scene);
    if (one !== undefined && isUnknown(one)) return { one };
  }
  return { all, isStar: index.text === '*' };
}

const isAll = ({ text }: Word): boolean => text === '@' || text === '*';

/** `${!NAME}`: the parameter that is named by the value of NAME. */
async function indirect({ pos, end, text, parameter, operation }: Parameter, scene: Scene): Promise<Held> {
  const referred = scene.shell.variables.referred(parameter);
  if (referred !== null) return { one: referred };
  const name = textOf(parameter, { pos, end }, scene) ?? '';
  if (isUnknown(name)) return { one: name };
  const [, base = '', key] = /^(\w+|[@*#?$!-])(?:\[([\s\S]*)\])?$/.exec(name) ?? [];
  if (base === '') throw new ShellError(`${text}: invalid indirect expansion`);
  if (key === undefined)
    return heldBy({ pos, end, text, parameter: base, prefix: undefined, index: undefined, operation }, scene);
  if (key !== '@' && key !== '*') return { one: scene.shell.variables.element(base, key) };
  return { all: scene.shell.variables.elements(base).map(([, value]) => fieldOf(value)), isStar: key === '*' };
}

/** Text of a parameter; undefined: unset. */
function textOf(name: string, at: { pos: number; end: number }, scene: Scene): string | undefined {
  const { shell } = scene;
  if (/^\d+$/.test(name)) return name === '0' ? shell.zero : shell.params[Number(name) - 1]?.text;
  const known = shell.variables.text(name);
  if (known !== undefined) return known;
  return special(name, at, scene);
}

function special(name: string, at: { pos: number; end: number }, { shell, source }: Scene): string | undefined {
  const place = source.place(at);
  const text = specialText(name, shell, place);
  if (text !== undefined || shell.missing === null || shell.variables.isSet(name)) return text;
  return shell.host.unknown(place, `${name} may be set in what could not be read: ${shell.missing}`);
}

/** `${FUNCNAME[1]}` is who called the function; the first element is what the name alone stands for. */
function specialElement(name: string, key: string, at: { pos: number; end: number }, scene: Scene): string | undefined {
  const { shell, source } = scene;
  if (name === 'FUNCNAME' && shell.calls.length > 0) return [...shell.calls, 'main'][Number(key)];
  if (key === '0' || shell.variables.isSet(name)) return special(name, at, scene);
  if (name !== 'BASH_SOURCE' && name !== 'BASH_LINENO') {
    const text = special(name, at, scene);
    return text !== undefined && isUnknown(text) ? text : undefined;
  }
  return shell.host.unknown(source.place(at), `${name}[${key}] is not simulated`);
}

/** The key of an element: of an associative array the text, else a number. */
export async function keyOf(name: string, index: Word, scene: Scene): Promise<string> {
  const text = await expandText(index, scene);
  if (scene.shell.variables.get(name)?.isAssociative) return text;
  const number = await arithmeticOf(text, scene);
  const length = /^-/.test(number) ? scene.shell.variables.nextIndex(name) : 0;
  return length > 0 ? String(length + Number(number)) : number;
}

async function lengthOf(part: Parameter, scene: Scene): Promise<string> {
  const { parameter, index } = part;
  if (parameter === '@' || parameter === '*') return String(scene.shell.params.length);
  if (index !== undefined && isAll(index)) return String(scene.shell.variables.count(parameter));
  const held = await heldBy({ ...part, prefix: undefined }, scene);
  const text = 'one' in held ? (held.one ?? '') : '';
  if ('one' in held && held.one === undefined) checkSet(part, scene);
  if (isUnknown(text)) return scene.shell.host.unknowns.markIn(text);
  const pairs = text.match(/[\ud800-\udbff][\udc00-\udfff]/g)?.length ?? 0;
  return String(text.length - pairs);
}

type Default = Extract<ParameterOperation, { type: 'Default' }>;

async function defaultPieces(
  part: Parameter,
  { operator, operand }: Default,
  held: Held,
  scene: Scene,
  isQuoted: boolean,
  isText: boolean,
): Promise<Piece[]> {
  const isColon = operator.startsWith(':');
  const values = 'all' in held ? held.all.map(({ text }) => text) : held.one === undefined ? [] : [held.one];
  const isThere = values.length > 0 && !(isColon && values.join('') === '');
  const sign = operator.at(-1);
  if (sign === '+') return isThere ? operandPieces(operand, scene, isQuoted, isText) : [];
  if (isThere) {
    return 'all' in held
      ? listPieces(held.all, held.isStar, scene, isQuoted, isText)
      : piecesOfOne(values[0] ?? '', isQuoted);
  }
  if (sign === '-') return operandPieces(operand, scene, isQuoted, isText);
  const text = await expandText(operand, scene);
  if (sign === '?') {
    const why = text === '' ? 'parameter null or not set' : text;
    throw new UnsetError(part.parameter, why, scene.source.place(part));
  }
  if (part.index === undefined) scene.shell.variables.set(part.parameter, text);
  else scene.shell.variables.setElement(part.parameter, await keyOf(part.parameter, part.index, scene), text);
  return piecesOfOne(text, isQuoted);
}

/** What stands behind `:-` is split like a value, but where it has quotes of its own. */
async function operandPieces(operand: Word, scene: Scene, isQuoted: boolean, isText: boolean): Promise<Piece[]> {
  const pieces = await piecesOf(operand, scene, isQuoted, isText);
  return pieces.map((piece) => (piece.kind === 'bare' ? { ...piece, kind: 'value' } : piece));
}

async function changedAll(
  all: readonly Field[],
  operation: ParameterOperation,
  { parameter, index }: Parameter,
  scene: Scene,
): Promise<Field[]> {
  if (operation.type === 'Slice') return sliced(all, operation, parameter, index !== undefined, scene);
  const fields: Field[] = [];
  for (const { text } of all) fields.push(fieldOf(await changed(text, operation, scene)));
  return fields;
}

type Slice = Extract<ParameterOperation, { type: 'Slice' }>;

/** `${@:2:3}`, where `$0` counts too, and `${array[@]:1}`. */
async function sliced(
  all: readonly Field[],
  { offset, length }: Slice,
  parameter: string,
  isArray: boolean,
  scene: Scene,
): Promise<Field[]> {
  if (isArray && scene.shell.variables.get(parameter)?.isAssociative === false) {
    return slicedElements(parameter, offset, length, scene);
  }
  const isParams = !isArray && (parameter === '@' || parameter === '*');
  const list = isParams ? [fieldOf(scene.shell.zero), ...all] : all;
  const { from, to } = await rangeOf(offset, length, list.length, scene);
  return list.slice(from, to);
}

/** The offset is an index, and where elements are missing none is counted. */
async function slicedElements(name: string, offset: Word, length: Word | undefined, scene: Scene): Promise<Field[]> {
  const { variables } = scene.shell;
  const start = Number(await arithmeticOf(await expandText(offset, scene), scene));
  const from = start < 0 ? variables.nextIndex(name) + start : start;
  if (from < 0) return [];
  const rest = variables.elements(name).filter(([key]) => Number(key) >= from);
  const count = length === undefined ? rest.length : Number(await arithmeticOf(await expandText(length, scene), scene));
  if (count < 0) throw new ShellError(`${count}: substring expression < 0`);
  return rest.slice(0, count).map(([, value]) => fieldOf(value));
}

async function rangeOf(
  offset: Word,
  length: Word | undefined,
  size: number,
  scene: Scene,
): Promise<{ from: number; to: number }> {
  const start = Number(await arithmeticOf(await expandText(offset, scene), scene));
  const from = Math.min(start < 0 ? Math.max(0, size + start) : start, size);
  if (length === undefined) return { from, to: size };
  const count = Number(await arithmeticOf(await expandText(length, scene), scene));
  return { from, to: count < 0 ? size + count : Math.min(size, from + count) };
}

/** A text after an operation such as `%.sh`, `/a/b` or `^^`. */
async function changed(text: string, operation: ParameterOperation, scene: Scene): Promise<string> {
  if (isUnknown(text)) return scene.shell.host.unknowns.markIn(text);
  switch (operation.type) {
    case 'Remove':
      return removed(text, operation.operator, await expandPattern(operation.operand, scene), scene);
    case 'Replace':
      return replaced(
        text,
        operation.operator,
        await expandPattern(operation.pattern, scene),
        await replacementOf(operation.replacement, scene),
        scene,
      );
    case 'Slice': {
      const letters = [...text];
      const { from, to } = await rangeOf(operation.offset, operation.length, letters.length, scene);
      return letters.slice(from, to).join('');
    }
    case 'CaseModification':
      return recased(
        text,
        operation.operator,
        operation.operand === undefined ? '?' : await expandPattern(operation.operand, scene),
      );
    case 'Transform':
      return transformed(text, operation.operand.value, scene);
    default:
      throw new ShellError(`\${…${operation.operator}}: bad substitution`);
  }
}

/** The text that takes the place of a match. What an `&` without quotes means there differs between versions of bash. */
async function replacementOf(word: Word, scene: Scene): Promise<string> {
  const text = await expandText(word, scene);
  if (!text.includes('&')) return text;
  const pieces = await piecesOf(word, scene, false, true);
  const isPlain =
    pieces.every((piece) => piece.kind === 'quoted' || !piece.text.includes('&')) || /\\&/.test(word.text);
  return isPlain ? text : scene.shell.host.unknown(scene.command, `& in a replacement: ${word.text}`);
}

/** `${NAME@U}` and its like; what is not simulated is not known. */
function transformed(text: string, operator: string, { shell, command }: Scene): string {
  switch (operator) {
    case 'U':
      return text.toUpperCase();
    case 'L':
      return text.toLowerCase();
    case 'u':
      return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
    case 'Q':
      return `'${text.replaceAll("'", `'\\''`)}'`;
    default:
      return shell.host.unknown(command, `\${…@${operator}} is not simulated`);
  }
}

/** `#` and `%`: the shortest beginning or end that matches; `##` and `%%`: the longest. */
function removed(text: string, operator: string, pattern: string, scene: Scene): string {
  const isFront = operator.startsWith('#');
  const isLong = operator.length === 2;
  if (!isPattern(pattern)) {
    const plain = unquotedPattern(pattern);
    if (isFront) return text.startsWith(plain) ? text.slice(plain.length) : text;
    return text.endsWith(plain) ? text.slice(0, text.length - plain.length) : text;
  }
  const letters = [...text];
  const compiled = new Pattern(pattern, { spend: spending(scene) });
  const ends = isFront ? compiled.ends(letters, 0) : compiled.starts(letters, letters.length);
  const end = ends.at(isFront === isLong ? -1 : 0);
  if (end === undefined) return text;
  return (isFront ? letters.slice(end) : letters.slice(0, end)).join('');
}

/** A pattern on a long text is work. */
const spending =
  ({ shell, command }: Scene): Spend =>
  (characters) =>
    shell.host.spend(command, characters);

function replaced(text: string, operator: string, pattern: string, replacement: string, scene: Scene): string {
  if (pattern === '' && operator === '/#') return `${replacement}${text}`;
  if (pattern === '' && operator === '/%') return `${text}${replacement}`;
  if (pattern === '') return text;
  if (operator === '/#' || operator === '/%') {
    const long = operator === '/#' ? '##' : '%%';
    const rest = removed(text, long, pattern, scene);
    if (rest.length === text.length) return text;
    return operator === '/#' ? `${replacement}${rest}` : `${rest}${replacement}`;
  }
  const isAllOf = operator === '//';
  if (!isPattern(pattern)) {
    const plain = unquotedPattern(pattern);
    return isAllOf ? text.split(plain).join(replacement) : text.replace(plain, () => replacement);
  }
  return replacedMatches(text, pattern, replacement, isAllOf, scene);
}

/** The longest match at each place. */
function replacedMatches(text: string, pattern: string, replacement: string, isAllOf: boolean, scene: Scene): string {
  const compiled = new Pattern(pattern, { spend: spending(scene) });
  const letters = [...text];
  let result = '';
  for (let at = 0; at < letters.length; ) {
    const end = compiled.ends(letters, at).at(-1) ?? at;
    if (end === at) result += letters[at++] ?? '';
    else {
      result += replacement;
      if (!isAllOf) return result + letters.slice(end).join('');
      at = end;
    }
  }
  return result;
}

function recased(text: string, operator: string, pattern: string): string {
  const matches = matcher(pattern);
  const isUpper = operator.startsWith('^');
  const change = (char: string): string => {
    if (!matches(char)) return char;
    return isUpper ? char.toUpperCase() : char.toLowerCase();
  };
  const letters = [...text];
  return letters.map((char, i) => (i === 0 || operator.length === 2 ? change(char) : char)).join('');
}

/** The number that an expression comes to, as text; where it rests on a value that is not known, that one's mark. */
export async function arithmeticText(
  expression: ArithmeticExpression | undefined,
  text: string,
  offset: number,
  scene: Scene,
): Promise<string> {
  if (expression === undefined) return '0';
  try {
    const { pos, end } = expression;
    // Without the brackets around it.
    const body = text.slice(pos - offset, end - offset);
    return String(await evaluate(expression, arithmeticShell(scene), body, pos));
  } catch (error) {
    if (error instanceof UnknownNumber) return scene.shell.host.unknowns.markIn(error.mark);
    throw error;
  }
}

/** The same for an expression that is a text. */
export async function arithmeticOf(text: string, scene: Scene): Promise<string> {
  if (/^-?[1-9]\d{0,14}$|^0$/.test(text)) return text;
  if (isUnknown(text)) return scene.shell.host.unknowns.markIn(text);
  const expression = parseArithmetic(text, scene);
  if (expression === null) throw new ShellError(`${text}: syntax error in expression`);
  return arithmeticText(expression, text, 0, { ...scene, source: new Source('', text, scene.command) });
}

/** A text as one word in double quotes. */
async function expandAgain(text: string, scene: Scene): Promise<string> {
  const typed = `: "${text.replaceAll('"', '')}"`;
  const [statement] = scene.shell.host.parse(typed).commands;
  const [word] = statement?.command.type === 'Command' ? statement.command.args : [];
  if (word?.type !== 'Word') return text;
  return expandText(word, { ...scene, source: new Source(scene.source.file, typed, scene.command) });
}

/** Positions count from the beginning of `text`. */
function parseArithmetic(text: string, { shell }: Scene): ArithmeticExpression | null {
  const { expressions } = shell.host;
  const known = expressions.get(text);
  if (known !== undefined) return known;
  const expression = readArithmetic(text, shell);
  expressions.set(text, expression);
  return expression;
}

function readArithmetic(text: string, shell: Shell): ArithmeticExpression | null {
  if (text.trim() === '') return { type: 'ArithmeticWord', pos: 0, end: 0, value: '0' };
  const { commands, errors } = shell.host.parse(`((${text}))`);
  const [statement, more] = commands;
  if (more !== undefined || errors !== undefined || statement?.command.type !== 'ArithmeticCommand') return null;
  return statement.command.expression === undefined ? null : moved(statement.command.expression);
}

const BEFORE = '(('.length;

function moved<T extends ArithmeticExpression>(node: T): T {
  return JSON.parse(JSON.stringify(node), (key, value) =>
    (key === 'pos' || key === 'end') && typeof value === 'number' ? value - BEFORE : value,
  );
}

function arithmeticShell(scene: Scene): ArithmeticShell {
  const { shell } = scene;
  const { variables } = shell;
  const key = async (name: string, index: string): Promise<string> =>
    variables.get(name)?.isAssociative === true ? index : arithmeticOf(index, scene);
  return {
    async get(name, index) {
      const value =
        index === null
          ? (variables.text(name) ?? special(name, { pos: 0, end: 0 }, scene))
          : variables.element(name, await key(name, index));
      if (value === undefined && shell.options.has('u')) {
        throw new UnsetError(name, 'unbound variable', scene.command);
      }
      return value;
    },
    async set(name, index, value) {
      if (variables.get(name)?.isReadonly) throw new ShellError(`${name}: readonly variable`);
      if (index === null) variables.set(name, value);
      else variables.setElement(name, await key(name, index), value);
    },
    async expand(word: ArithmeticWord) {
      const texts: string[] = [];
      if (word.parts === undefined) return expandAgain(word.value, scene);
      for (const part of word.parts) {
        for (const { kind, text } of await partPieces(part, scene, true)) texts.push(kind === 'break' ? ' ' : text);
      }
      return texts.join('');
    },
    parse: (text) => parseArithmetic(text, scene),
    isUnknown,
  };
}

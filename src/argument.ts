/**
 * What a function of the library takes, checked where a caller comes in: at the doors (doors/), and in methods that are
 * called once for a chunk or a request. A Rule throws an ArgumentError that names the field, and gives nothing back.
 */
import { ArgumentError } from './errors.ts';

/** Checks one value. `field`: its name, for the error. */
export type Rule = (value: unknown, field: string) => void;
export type Rules = Readonly<Record<string, Rule>>;

/** Checks a part of a value. Its whole name is put together where it is wrong: that takes ten times as long as checking. */
function checkMember(check: Rule, value: unknown, of: string, name: string): void {
  try {
    check(value, name);
  } catch (error) {
    if (!(error instanceof ArgumentError)) throw error;
    throw new ArgumentError(`${of}${error.field.startsWith('[') ? '' : '.'}${error.field}`, error.problem);
  }
}

function checkItem(check: Rule, value: unknown, of: string, at: number): void {
  try {
    check(value, '');
  } catch (error) {
    if (!(error instanceof ArgumentError)) throw error;
    const { field, problem } = error;
    throw new ArgumentError(`${of}[${at}]${field}`, problem);
  }
}

/** How a value is named in an error: no text of the caller's, which might be long or hold anything. */
function shown(value: unknown): string {
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (value === undefined) return 'nothing';
  if (typeof value === 'string') return `a text of ${value.length} characters`;
  return Array.isArray(value) ? 'a list' : `a value of type ${typeof value}`;
}

function refuse(field: string, expected: string, value: unknown): never {
  throw new ArgumentError(field, `expected ${expected}, not ${shown(value)}`);
}

/** Whether a value is as a rule has it. */
export function holds(check: Rule, value: unknown): boolean {
  try {
    check(value, '');
    return true;
  } catch (error) {
    if (error instanceof ArgumentError) return false;
    throw error;
  }
}

/* @__NO_SIDE_EFFECTS__ */
function rule(expected: string, holds: (value: unknown) => boolean): Rule {
  return (value, field) => {
    if (!holds(value)) refuse(field, expected, value);
  };
}

/** A whole number. */
/* @__NO_SIDE_EFFECTS__ */
export function whole(min: number, max: number): Rule {
  return (value, field) => checkWhole(value, min, max, field);
}

export function checkWhole(value: unknown, min: number, max: number, field: string): void {
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return;
  refuse(field, `a whole number from ${min} to ${max}`, value);
}

/** 32 bits, signed or not. */
export const word32 = whole(-0x80000000, 0xffffffff);
export const word16 = whole(0, 0xffff);
export const byte = whole(0, 0xff);
/** A number of things, an offset or a size. */
export const count = whole(0, Number.MAX_SAFE_INTEGER);
/** Any finite number. */
export const finite = rule('a finite number', Number.isFinite);
export const text = rule('a text', (value) => typeof value === 'string');
/** The name of a file. */
export const path = rule('a text without a NUL', (value) => typeof value === 'string' && !value.includes('\0'));
export const yesOrNo = rule('true or false', (value) => typeof value === 'boolean');
export const callback = rule('a function', (value) => typeof value === 'function');
/** Anything that may be asked for its members. */
export const object = rule('an object', isObject);
export const anything: Rule = () => {};

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

const tagOf = (value: unknown): string => Object.prototype.toString.call(value).slice(8, -1);

/**
 * Whether the memory behind a view was given away (`postMessage(…, [buffer])`). Its length is 0 then, as an empty one's;
 * a new view of it cannot be made (ArrayBuffer.detached is not there in Node 20).
 */
function isDetached({ byteLength, buffer }: ArrayBufferView): boolean {
  if (byteLength > 0) return false;
  try {
    new Uint8Array(buffer);
    return false;
  } catch {
    return true;
  }
}

const DETACHED = 'its buffer is detached';

/** A Uint8Array, a Buffer of Node's too, whose memory is there. */
export const bytes: Rule = (value, field) => {
  if (!ArrayBuffer.isView(value) || tagOf(value) !== 'Uint8Array') refuse(field, 'bytes (a Uint8Array)', value);
  if (isDetached(value as ArrayBufferView)) throw new ArgumentError(field, DETACHED);
};

/** Numbers in a typed array or a list. */
export const numbers: Rule = (value, field) => {
  if (value instanceof Int32Array && value.length > 0) return;
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length; at++) checkItem(word32, value[at], field, at);
    return;
  }
  const tag = tagOf(value);
  if (!ArrayBuffer.isView(value) || tag === 'DataView' || tag.startsWith('Big')) refuse(field, 'numbers', value);
  if (isDetached(value as ArrayBufferView)) throw new ArgumentError(field, DETACHED);
};

/* @__NO_SIDE_EFFECTS__ */
export function oneOf(...values: readonly unknown[]): Rule {
  return rule(`one of ${values.map(String).join(', ')}`, (value) => values.includes(value));
}

/** An object of this class. */
/* @__NO_SIDE_EFFECTS__ */
export function made(of: abstract new (...args: never[]) => object, name = of.name): Rule {
  return rule(`a ${name}`, (value) => value instanceof of);
}

/* @__NO_SIDE_EFFECTS__ */
export function optional(inner: Rule): Rule {
  return (value, field) => {
    if (value !== undefined) inner(value, field);
  };
}

/* @__NO_SIDE_EFFECTS__ */
export function orNull(inner: Rule): Rule {
  return (value, field) => {
    if (value !== null) inner(value, field);
  };
}

/** The first of two that is for values of this type. */
/* @__NO_SIDE_EFFECTS__ */
export function either(isFirst: (value: unknown) => boolean, first: Rule, second: Rule): Rule {
  return (value, field) => (isFirst(value) ? first : second)(value, field);
}

/* @__NO_SIDE_EFFECTS__ */
export function listOf(item: Rule): Rule {
  return (value, field) => {
    if (!Array.isArray(value)) refuse(field, 'a list', value);
    for (let at = 0; at < value.length; at++) checkItem(item, value[at], field, at);
  };
}

/** What `for (const … of …)` takes, or `for await`. */
export const iterable: Rule = (value, field) => {
  const from = Object(value);
  const isOne = typeof from[Symbol.iterator] === 'function' || typeof from[Symbol.asyncIterator] === 'function';
  if (!isOne || typeof value === 'string') refuse(field, 'a list or a generator', value);
  if (ArrayBuffer.isView(value) && isDetached(value)) throw new ArgumentError(field, DETACHED);
};

/** An object with these members; others do not matter. */
/* @__NO_SIDE_EFFECTS__ */
export function members(rules: Rules): Rule {
  const rows = Object.entries(rules);
  return (value, field) => {
    if (!isObject(value)) refuse(field, 'an object', value);
    const of = value as Readonly<Record<string, unknown>>;
    for (const [name, member] of rows) checkMember(member, of[name], field, name);
  };
}

/** An object whose members are all of one sort. */
/* @__NO_SIDE_EFFECTS__ */
export function recordOf(member: Rule): Rule {
  return (value, field) => {
    object(value, field);
    for (const [name, of] of Object.entries(value as object)) checkMember(member, of, field, name);
  };
}

/** All rules hold. */
/* @__NO_SIDE_EFFECTS__ */
export function each(...rules: readonly Rule[]): Rule {
  return (value, field) => {
    for (const one of rules) one(value, field);
  };
}

/** A part of so many, from `at` up to `end`, where these are given. */
export function checkPart(length: number, at: unknown, end: unknown): void {
  if (at !== undefined) checkWhole(at, 0, length, 'at');
  if (end !== undefined) checkWhole(end, at === undefined ? 0 : Number(at), length, 'end');
}

/** Bytes of a buffer, as a frame or a packet has them. */
export interface Span {
  readonly data: Uint8Array;
  readonly at: number;
  readonly end: number;
}

export const isPart = (at: unknown, end: unknown, length: number): boolean =>
  Number.isInteger(at) &&
  Number.isInteger(end) &&
  (at as number) >= 0 &&
  (at as number) <= (end as number) &&
  (end as number) <= length;

/** Checked for every packet: quick where nothing is wrong. */
export function checkSpan(span: Span, field: string): void {
  const data = span?.data;
  if (data instanceof Uint8Array && isPart(span.at, span.end, data.length)) return;
  object(span, field);
  bytes(data, `${field}.data`);
  checkWhole(span.end, 0, data.length, `${field}.end`);
  checkWhole(span.at, 0, span.end, `${field}.at`);
}

/** A frame as a reader fills it. */
export interface Captured extends Span {
  readonly seconds: number;
  readonly nanoseconds: number;
}

/** Checked for every frame that comes from outside. */
export function checkFrame(frame: Captured): void {
  checkSpan(frame, 'frame');
  if (Number.isFinite(frame.seconds) && Number.isFinite(frame.nanoseconds)) return;
  finite(frame.seconds, 'frame.seconds');
  finite(frame.nanoseconds, 'frame.nanoseconds');
}

/** The same function, and what it gives is checked. */
export function giving<A extends readonly unknown[], T>(
  of: (...args: A) => T,
  check: Rule,
  name: string,
): (...args: A) => T {
  return (...args) => {
    const given = of(...args);
    check(given, `${name}()`);
    return given;
  };
}

type Callable = (...args: never[]) => unknown;

/** The same function behind rules for its arguments, in their order. Those that have no rule are handed on. */
/* @__NO_SIDE_EFFECTS__ */
export function checked<F extends Callable>(of: F, rules: Rules): F {
  const rows = Object.entries(rules);
  const call = (...args: unknown[]): unknown => {
    checkAll(rows, args);
    return Reflect.apply(of, undefined, args);
  };
  return Object.defineProperty(call, 'name', { value: of.name }) as unknown as F;
}

function checkAll(rows: readonly (readonly [string, Rule])[], args: readonly unknown[]): void {
  for (let at = 0; at < rows.length; at++) {
    const [name, check] = rows[at] as readonly [string, Rule];
    check(args[at], name);
  }
}

/** The same class with rules for the arguments of its constructor. `instanceof` holds for its objects as before. */
/* @__NO_SIDE_EFFECTS__ */
export function checkedClass<C extends abstract new (...args: never[]) => object>(of: C, rules: Rules): C {
  const rows = Object.entries(rules);
  return new Proxy(of, {
    construct(target, args, newTarget) {
      checkAll(rows, args);
      return Reflect.construct(target, args, newTarget);
    },
  });
}

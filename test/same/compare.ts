import type { Ended } from './one-process.ts';

/** What may differ, and why: the way a capture comes in decides on it, or the folder where it lies. */
const MAY_DIFFER: readonly string[] = ['engine', 'file'];

/** What must be equal. */
export interface Comparable {
  readonly exit: number;
  readonly stderr: string;
  readonly stdout: unknown;
}

/** What a run came to, but for what may differ. `path`: the capture's. */
export function comparable({ exit, stdout, stderr }: Ended, path: string): Comparable {
  const unnamed = (text: string): string => text.replaceAll(path, 'FILE').replaceAll('standard input', 'FILE');
  return { exit, stderr: unnamed(stderr), stdout: parsed(unnamed(stdout)) };
}

/** JSON, or a line of it for each packet. */
function parsed(text: string): unknown {
  try {
    return withoutThose(text);
  } catch {
    return lines(text);
  }
}

function lines(text: string): unknown {
  try {
    return text.trimEnd().split('\n').map(withoutThose);
  } catch {
    return text;
  }
}

/** A capture in the record of a run, with the name of its file or of standard input. */
const isCapture = (key: string, value: unknown): boolean => key === 'name' && (value === 'FILE' || value === '-');

const withoutThose = (text: string): unknown =>
  JSON.parse(text, (key, value) => (MAY_DIFFER.includes(key) || isCapture(key, value) ? undefined : value));

/** The first field that differs, with both values; null: they are equal. */
export function firstDifference(one: unknown, other: unknown, at = ''): string | null {
  if (Object.is(one, other)) return null;
  if (!isObject(one) || !isObject(other)) return `${at || 'all'}: ${shown(one)} and ${shown(other)}`;
  const keys = new Set([...Object.keys(one), ...Object.keys(other)]);
  for (const key of keys) {
    const found = firstDifference(one[key], other[key], at === '' ? key : `${at}.${key}`);
    if (found !== null) return found;
  }
  return null;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

const SHOWN = 200;
const shown = (value: unknown): string => (JSON.stringify(value) ?? 'nothing').slice(0, SHOWN);

import { matches } from '../../lang/index.ts';
import { OBJECTS } from '../tc.ts';

/**
 * What a text is that names a set-up: commands of tc alone, a shell script, what `tc -j … show` or what `tc … show` prints.
 * `binary`: no text at all.
 */
export type InputKind = 'batch' | 'shell' | 'dump' | 'listing' | 'binary';

const COMMENT = /^\s*(?:#|$)/;
/** An array in JSON: `{`, `[` or `]` follows its bracket. `[ -f x ]` and `[[ $a ]]` are tests of a shell. */
const DUMP = /^\s*\[(?:\s*\[)*\s*(?:[{\]]|$)/;

/** `qdisc sfq 1: root`, `class htb 1:1 root`, `filter parent 1: protocol ip pref 1 flow`: what tc prints, not what it takes. */
const LISTED = [
  /^qdisc \S+ [0-9a-f]+:(?: |$)/,
  /^class \S+ [0-9a-f]*:[0-9a-f]*(?: |$)/,
  /^filter (?:(?:dev|block|parent|protocol) \S+ |ingress |egress |root )*(?:pref \d+ \S+|\S+ chain \d+)(?: |$)/,
];

/** Tells what a text is, by the first line that is no comment. */
export function kindOf(text: string): InputKind {
  if (text.includes('\0')) return 'binary';
  if (DUMP.test(text)) return 'dump';
  const first = text.split('\n').find((line) => !COMMENT.test(line)) ?? '';
  if (isListed(first)) return 'listing';
  return isBatchLine(first) ? 'batch' : 'shell';
}

/** A line of `tc … show` that begins a qdisc, a class or a filter. */
export const isListed = (line: string): boolean => LISTED.some((pattern) => pattern.test(line.trimEnd()));

const VERBS: ReadonlySet<string> = new Set([
  ...['add', 'change', 'replace', 'delete', 'del', 'link', 'get', 'show', 'list', 'flush'],
]);

/**
 * A line of a `tc -batch` file: one of tc's objects, or its beginning before a verb: `qdisc …`, `q add …`. Not what tc
 * prints, and not the block of another language (`chain late {`).
 */
export function isBatchLine(line: string): boolean {
  const [first = '', second = ''] = line.trim().split(/\s+/, 2);
  if (VERBS.has(second)) return OBJECTS.some((object) => matches(first, object));
  return OBJECTS.includes(first) && !isListed(line.trim()) && !/\{\s*$/.test(line);
}

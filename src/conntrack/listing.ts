import { FormatError } from '../errors.ts';
import { parseAddress } from '../lang/index.ts';
import { isIcmp, Tuple } from './tuple.ts';

/** One line of a connection table. */
export interface ListedEntry {
  readonly original: Tuple;
  readonly reply: Tuple;
  readonly mark: number;
}

/** Names that stand between the protocol's number and the tuples, or behind them, are states and flags. */
const TUPLE_FIELDS: readonly string[] = ['src', 'dst', 'sport', 'dport', 'type', 'code', 'id', 'srckey', 'dstkey'];

/**
 * Reads what `conntrack -L` prints (with or without `-o extended`), or /proc/net/nf_conntrack: one connection a
 * line, two tuples in it. Zones, counters, states and time-outs are passed over. Throws a FormatError that names the
 * line (from 1) and the offset of its first character in `text`.
 */
export function parseListing(text: string): ListedEntry[] {
  return [...listedEntries(text.split('\n'))];
}

/** The same, an entry at a time, of lines that need not be in memory together. */
export function* listedEntries(lines: Iterable<string>): Generator<ListedEntry> {
  let offset = 0;
  let number = 0;
  for (const line of lines) {
    number++;
    const words = line.trim().split(/\s+/);
    // conntrack's own closing line goes to standard error, but ends up in many a file.
    if (words[0] !== '' && words[0] !== 'conntrack') yield parseLine(words, offset, number);
    offset += line.length + 1;
  }
}

function parseLine(words: readonly string[], offset: number, line: number): ListedEntry {
  const broken = (what: string): FormatError => new FormatError(offset, `line ${line}: ${what}`);
  // An address family and its number come first in /proc; then the protocol's name and number.
  const start = /^ipv[46]$/.test(words[0] ?? '') ? 2 : 0;
  const proto = Number(words[start + 1]);
  if (!/^\d{1,3}$/.test(words[start + 1] ?? '') || proto > 255) throw broken('a protocol number was expected');
  const halves: Map<string, string>[] = [];
  let mark = 0;
  for (const word of words.slice(start + 2)) {
    const [, name = '', value = ''] = /^([a-z-]+)=(.*)$/.exec(word) ?? [];
    if (name === 'src') halves.push(new Map());
    if (TUPLE_FIELDS.includes(name)) halves.at(-1)?.set(name, value);
    if (name === 'mark') mark = Number(value);
  }
  if (halves.length !== 2) throw broken(`two tuples were expected, ${halves.length} found`);
  const [original, reply] = halves.map((fields) => readTuple(fields, proto));
  if (!original || !reply) throw broken('a tuple is not complete, or holds what is no address or number');
  if (original.family !== reply.family) throw broken('its tuples are of two address families');
  if (!(mark >= 0 && mark <= 0xffffffff)) throw broken('the mark is not a number of 32 bits');
  return { original, reply, mark };
}

/** null: a field is missing or unreadable. */
function readTuple(fields: ReadonlyMap<string, string>, proto: number): Tuple | null {
  const src = parseAddress(fields.get('src') ?? '');
  const dst = parseAddress(fields.get('dst') ?? '');
  if (src === null || dst === null || src.family !== dst.family) return null;
  const tuple = new Tuple();
  tuple.family = src.family;
  tuple.proto = proto;
  tuple.src.set(src.words);
  tuple.dst.set(dst.words);
  if (isIcmp(proto)) {
    tuple.srcAll = number(fields.get('id'));
    tuple.dstAll = number(fields.get('type'), 0xff) * 256 + number(fields.get('code'), 0xff);
  } else {
    tuple.srcAll = number(fields.get('sport') ?? fields.get('srckey') ?? '0');
    tuple.dstAll = number(fields.get('dport') ?? fields.get('dstkey') ?? '0');
  }
  return Number.isNaN(tuple.srcAll) || Number.isNaN(tuple.dstAll) ? null : tuple;
}

/** A number of at most 16 bits, decimal or 0x…; NaN: it is not. */
function number(text: string | undefined, max = 0xffff): number {
  if (text === undefined || !/^(\d+|0x[0-9a-fA-F]+)$/.test(text)) return Number.NaN;
  return Number(text) <= max ? Number(text) : Number.NaN;
}

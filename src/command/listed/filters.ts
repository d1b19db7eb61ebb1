import { actionWords } from './actions.ts';
import { atEnd, Printed, Unread } from './printed.ts';

/** How tc's print of a filter is typed again. What cannot be is an Unread: a filter without a part is another filter. */

/** A filter's handle and the words behind its kind. */
export interface FilterWords {
  readonly handle: string | null;
  readonly words: readonly string[];
}

/** One word of a filter as it is printed: takes its values and gives what is typed. */
type Take = (printed: Printed, word: string) => readonly string[];
type Takes = Readonly<Record<string, Take>>;

const value: Take = (printed, word) => [word, printed.next()];
const flag: Take = (_, word) => [word];
const left: Take = () => [];
const leftValue: Take = (printed) => {
  printed.next();
  return [];
};
const seconds: Take = (printed, word) => [word, printed.next().replace(/sec$/, '')];
const all = (words: string, take: Take): Takes => Object.fromEntries(words.split(' ').map((word) => [word, take]));

/** Where hardware has it, nobody asks for. */
const PLACES: Takes = { ...all('skip_hw skip_sw', flag), ...all('in_hw not_in_hw', left), in_hw_count: leftValue };
/** `(rule hit 5 success 2)`: a counter in brackets. */
const COUNTER: Take = (printed, word) => {
  for (let last = word; !last.endsWith(')') && !printed.done; ) last = printed.next();
  return [];
};

/** ematches: tc prints them as one expression, which it takes as one. */
const ematches = (printed: Printed, word: string): string[] => ['match', [word, ...printed.until(atEnd)].join(' ')];

/** The kernel put a qdisc's number where none was given; what is listed without one was made in another way. */
const baseclass: Take = (printed, word) => {
  const id = printed.next();
  if (id.startsWith(':')) throw new Unread(`a base class ${id} cannot be asked for`);
  return [word, id];
};

const FLOW: Takes = {
  ...all('keys and or xor rshift addend divisor', value),
  baseclass,
  ...all('map hash', flag),
  perturb: seconds,
};
const FW: Takes = {
  classid: value,
  input: (printed) => {
    printed.take('dev');
    return ['indev', printed.next()];
  },
};
const MATCHALL: Takes = { flowid: value, classid: value, ...PLACES };
const BASIC: Takes = { flowid: value };
/** `eth_type` follows from the filter's protocol; what tc cannot take back in this form is not among them. */
const FLOWER: Takes = {
  ...all(
    'classid indev vlan_id vlan_prio vlan_ethtype dst_mac src_mac ip_proto dst_ip src_ip dst_port src_port',
    value,
  ),
  tcp_flags: value,
  ip_tos: inHex,
  ip_ttl: inHex,
  eth_type: leftValue,
  ...PLACES,
};

/** tc prints a decimal number and takes a hexadecimal one. */
function inHex(printed: Printed, word: string): readonly string[] {
  const [number = '', mask] = printed.next().split('/');
  const hex = word === 'ip_tos' ? `0x${Number(number).toString(16)}` : number;
  return [word, mask === undefined ? hex : `${hex}/${mask}`];
}

function optionWords(kind: string, printed: Printed, takes: Takes, hasEmatches: boolean): string[] {
  const typed: string[] = [];
  while (!printed.done && !atEnd(printed)) {
    const word = printed.next();
    if (word === '(rule') typed.push(...COUNTER(printed, word));
    else if (Object.hasOwn(takes, word)) typed.push(...(takes[word]?.(printed, word) ?? []));
    else if (hasEmatches && /\($|^NOT$|^\w+\(/.test(word)) typed.unshift(...ematches(printed, word));
    else if (word === 'kind') throw new Unread('the rates of its police are not in the JSON of tc');
    else throw new Unread(`"${word}" of ${kind} is not known here`);
  }
  return typed;
}

/** What the u32 filters of one preference need to know of each other. */
export interface U32Tables {
  /** Number of the table that came with the first of them: the kernel chooses it. null: it is not known. */
  readonly root: string | null;
}

/**
 * The tables of u32 filters, by the prints of one preference. `parents`: classes of one qdisc with filters of it. Under
 * each of them the kernel lists the tables of all.
 */
export function u32Tables(prints: readonly (readonly string[])[], parents: number): U32Tables {
  const tables = prints.filter(isTable).map(([, number = '']) => number);
  const own = tables.map((number) => Number.parseInt(number, 16)).filter((number) => number >= FIRST_OWN);
  const known = own.length === 1 || (own.length > 1 && parents === 1);
  return { root: known ? `${Math.min(...own).toString(16)}:` : null };
}

/** `fh 800: ht divisor 1`: a table of u32 is listed as a filter is. */
export const isTable = ([fh, , ht]: readonly string[]): boolean => fh === 'fh' && ht === 'ht';

/** The kernel numbers its own tables from here on. */
const FIRST_OWN = 0x800;

const U32: Takes = {
  order: leftValue,
  terminal: left,
  '???': left,
  link: value,
  flowid: value,
  mark: (printed) => {
    const words = ['match', 'mark', printed.next(), printed.next()];
    if (printed.peek() === '(success') COUNTER(printed, printed.next());
    return words;
  },
  match: (printed) => {
    const [number = '', mask = ''] = printed.next().split('/');
    printed.take('at');
    const words = ['match', 'u32', `0x${number}`, `0x${mask}`, 'at', printed.next()];
    if (printed.peek() === '(success') COUNTER(printed, printed.next());
    return words;
  },
  offset: (printed) => {
    const words = ['offset'];
    const [mask = '', shift] = printed.peek().split('>>');
    if (shift !== undefined) {
      printed.next();
      words.push('mask', `0x${mask}`, 'shift', shift);
      if (printed.take('at')) words.push('at', printed.next());
    }
    if (printed.take('plus')) words.push('plus', printed.next());
    if (printed.take('eat')) words.push('eat');
    return words;
  },
  eat: () => ['offset', 'eat'],
  hash: (printed) => {
    printed.take('mask');
    const words = ['hashkey', 'mask', `0x${printed.next()}`];
    if (printed.take('at')) words.push('at', printed.next());
    return words;
  },
  input: FW.input as Take,
  ...PLACES,
};

function u32Words(words: readonly string[], { root }: U32Tables): FilterWords | null {
  const printed = new Printed(words.map((word) => (word.startsWith('*') ? word.slice(1) : word)));
  printed.take('fh');
  const fh = printed.next();
  if (root === null) throw new Unread('u32 tables of several classes are listed as one: whose this is, is not told');
  const [number = '', bucket = '', node = ''] = fh.split(':');
  const table = `${number}:`;
  if (printed.take('ht', 'divisor')) {
    const divisor = printed.next();
    return table === root ? null : { handle: table, words: ['divisor', divisor] };
  }
  const options = optionWords('u32', afterKey(printed), U32, false);
  const own = table === root;
  const place = own ? [] : ['ht', `${table}${bucket}:`];
  return { handle: own ? `::${node}` : fh, words: [...place, ...options, ...actionWords(printed)] };
}

/** Behind `key ht 800 bkt 0`, which the handle tells too; without the order, which is its last part. */
function afterKey(printed: Printed): Printed {
  if (printed.take('order')) printed.next();
  if (printed.take('key', 'ht')) printed.next();
  if (printed.take('bkt')) printed.next();
  return printed;
}

/** How tc prints filters of one kind. */
interface Row {
  readonly takes: Takes;
  readonly ematches?: true;
  /** Its filters stand in tables, which decide how they are typed. */
  readonly tables?: true;
  /** A filter without options takes every packet of some sort, and nothing is printed behind its kind. */
  readonly bare?: true;
}

const KINDS: Readonly<Record<string, Row>> = {
  flow: { takes: FLOW, ematches: true },
  fw: { takes: FW, bare: true },
  matchall: { takes: MATCHALL },
  basic: { takes: BASIC, ematches: true },
  flower: { takes: FLOWER },
  u32: { takes: U32, tables: true },
};

/** Whether filters of a kind may be listed by the words before their options alone. */
export const isListedBare = (kind: string): boolean => KINDS[kind]?.bare === true;

/** The words of a filter. `tables`: of its preference. null: it is a table that is there by itself. */
export function filterWords(kind: string, words: readonly string[], tables: U32Tables): FilterWords | null {
  const row = KINDS[kind];
  if (row?.tables === true) return u32Words(words, tables);
  const printed = new Printed(words);
  const handle = printed.take('handle') ? printed.next() : null;
  if (row === undefined) return { handle, words: printed.until(() => false) };
  return { handle, words: [...optionWords(kind, printed, row.takes, row.ematches === true), ...actionWords(printed)] };
}

import { shellWords } from '../lang/index.ts';
import {
  type Asked,
  classOf,
  type Done,
  type Masked,
  numberOf,
  plainName,
  portRange,
  prefixesOf,
  protocolOf,
  type Range,
  type Step,
  type Target,
  unknown,
  type Write,
} from './steps.ts';

const ALL = 0xffffffff;

/** What stands behind a key: values, a set's name, or pairs of a map. */
interface Values {
  readonly not: boolean;
  readonly values: readonly string[];
}

/** The words of a rule, with a hand that goes along them. */
class Hand {
  readonly words: readonly string[];
  at = 0;

  constructor(words: readonly string[]) {
    // A comma may stand at a word's end or alone; parentheses change nothing in the sums that are read here.
    this.words = words.flatMap((word) =>
      word.startsWith('"')
        ? [word]
        : word
            .replace(/[()]/g, '')
            .split(/(,)/)
            .filter((part) => part !== ''),
    );
  }

  get word(): string {
    return this.words[this.at] ?? '';
  }

  get isAtEnd(): boolean {
    return this.at >= this.words.length;
  }

  next(): string {
    return this.words[this.at++] ?? '';
  }

  /** Goes past the words, if they come next. */
  takes(...words: readonly string[]): boolean {
    if (!words.every((word, index) => this.words[this.at + index] === word)) return false;
    this.at += words.length;
    return true;
  }

  /** `!= VALUE`, `{ VALUE, VALUE }`, `VALUE,VALUE`, `@set`. */
  values(): Values {
    const not = this.takes('!=');
    if (!not) this.takes('==');
    if (this.takes('{')) return { not, values: this.upToBrace() };
    const values = [this.next()];
    while (this.takes(',')) values.push(this.next());
    return { not, values: values.map(plainName) };
  }

  /** The elements of a set that is written within the rule, words of each joined. */
  upToBrace(): string[] {
    const found: string[] = [];
    let words: string[] = [];
    for (let depth = 1; !this.isAtEnd; ) {
      const word = this.next();
      depth += word === '{' ? 1 : word === '}' ? -1 : 0;
      if (depth === 0) break;
      if (word === ',' && depth === 1) {
        found.push(words.join(' '));
        words = [];
      } else words.push(plainName(word));
    }
    return [...found, words.join(' ')].filter((one) => one !== '');
  }
}

/** What is asked of a key's values; null: not evaluated here. */
type Key = (values: Values) => Asked | null;

const address =
  (kind: 'source' | 'destination', family: 4 | 6): Key =>
  ({ not, values }) => {
    const [set = ''] = values;
    if (set.startsWith('@'))
      return { kind: 'set', set: set.slice(1), fields: [kind === 'source' ? 'src' : 'dst'], not };
    const prefixes = prefixesOf(values);
    return prefixes?.every(({ address }) => address.family === family) ? { kind, prefixes, not } : null;
  };

const ports =
  (kind: 'sport' | 'dport'): Key =>
  ({ not, values }) => {
    const ranges = values.map(portRange);
    return ranges.every((range): range is Range => range !== null) ? { kind, ranges, not } : null;
  };

const device =
  (kind: 'in' | 'out'): Key =>
  ({ not, values }) =>
    values.some((value) => value.startsWith('@')) ? null : { kind, names: values, not };

const numbers =
  (kind: 'family' | 'protocol', numberOf: (word: string) => number | null): Key =>
  ({ not, values }) => {
    const found = values.map(numberOf);
    return found.every((number): number is number => number !== null) ? { kind, numbers: found, not } : null;
  };

const mark =
  (kind: 'mark' | 'ctmark'): Key =>
  ({ not, values }) => {
    const masked = values.map(numberOf);
    const isKnown = masked.every((value): value is number => value !== null);
    return isKnown ? { kind, masked: masked.map((value) => ({ value, mask: ALL })), not } : null;
  };

const FAMILIES: Readonly<Record<string, number>> = { ipv4: 4, ipv6: 6, ip: 4, ip6: 6 };
const familyOf = (word: string): number | null => FAMILIES[word] ?? null;

/** nft(8): the keys that are evaluated, by their words. What asks of TCP's ports asks for TCP too. */
const KEYS: readonly { readonly words: readonly string[]; readonly key: Key; readonly protocol?: number }[] = [
  { words: ['ip', 'saddr'], key: address('source', 4) },
  { words: ['ip', 'daddr'], key: address('destination', 4) },
  { words: ['ip6', 'saddr'], key: address('source', 6) },
  { words: ['ip6', 'daddr'], key: address('destination', 6) },
  { words: ['ip', 'protocol'], key: numbers('protocol', protocolOf) },
  { words: ['ip6', 'nexthdr'], key: numbers('protocol', protocolOf) },
  { words: ['meta', 'l4proto'], key: numbers('protocol', protocolOf) },
  { words: ['l4proto'], key: numbers('protocol', protocolOf) },
  { words: ['meta', 'nfproto'], key: numbers('family', familyOf) },
  { words: ['meta', 'protocol'], key: numbers('family', familyOf) },
  ...['iifname', 'iif'].flatMap((word) => [
    { words: ['meta', word], key: device('in') },
    { words: [word], key: device('in') },
  ]),
  ...['oifname', 'oif'].flatMap((word) => [
    { words: ['meta', word], key: device('out') },
    { words: [word], key: device('out') },
  ]),
  ...['tcp', 'udp', 'sctp', 'dccp', 'udplite'].flatMap((name) => [
    { words: [name, 'sport'], key: ports('sport'), protocol: protocolOf(name) ?? 0 },
    { words: [name, 'dport'], key: ports('dport'), protocol: protocolOf(name) ?? 0 },
  ]),
  { words: ['th', 'sport'], key: ports('sport') },
  { words: ['th', 'dport'], key: ports('dport') },
  { words: ['meta', 'mark'], key: mark('mark') },
  { words: ['mark'], key: mark('mark') },
  { words: ['ct', 'mark'], key: mark('ctmark') },
  { words: ['ct', 'state'], key: ({ not, values }) => ({ kind: 'state', states: values, not }) },
  {
    words: ['ct', 'direction'],
    key: ({ not, values: [value = ''] }) => ({ kind: 'direction', isReply: value === 'reply', not }),
  },
];

/** A named map's elements, `KEY : VALUE` each. */
export type Maps = (name: string) => readonly string[] | null;

/** A rule of nft in steps: nft(8). `maps`: the elements of the table's maps; null: they are not known. */
export function nftSteps(words: readonly string[], maps: Maps): readonly Step[] {
  const hand = new Hand(words);
  const steps: Step[] = [];
  while (!hand.isAtEnd)
    steps.push(...(passed(hand) ?? written(hand, maps) ?? verdict(hand) ?? nat(hand, maps) ?? asked(hand, maps)));
  return steps;
}

/** Statements that neither ask nor write. */
function passed(hand: Hand): readonly Step[] | null {
  if (hand.takes('counter')) {
    for (const word of ['packets', 'bytes']) if (hand.takes(word)) hand.next();
    if (hand.takes('name')) hand.next();
    return [];
  }
  if (hand.takes('comment')) {
    hand.next();
    return [];
  }
  if (hand.takes('continue')) return [];
  if (!hand.takes('log')) return null;
  while (/^(?:prefix|level|group|snaplen|queue-threshold|flags)$/.test(hand.word)) hand.at += 2;
  return [];
}

const VERDICTS: Readonly<Record<string, 'accept' | 'drop' | 'return'>> = {
  ...{ accept: 'accept', drop: 'drop', reject: 'drop', return: 'return' },
};

function verdict(hand: Hand): readonly Step[] | null {
  const { word } = hand;
  const kind = VERDICTS[word];
  if (kind !== undefined) {
    // What follows says how to refuse.
    hand.at = word === 'reject' ? hand.words.length : hand.at + 1;
    return [{ kind }];
  }
  if (word !== 'jump' && word !== 'goto') return null;
  hand.at++;
  return [{ kind: word, chain: hand.next() }];
}

const WRITES: readonly { readonly words: readonly string[]; readonly to: Target }[] = [
  { words: ['meta', 'mark', 'set'], to: 'mark' },
  { words: ['mark', 'set'], to: 'mark' },
  { words: ['ct', 'mark', 'set'], to: 'connmark' },
  { words: ['meta', 'priority', 'set'], to: 'class' },
];

function written(hand: Hand, maps: Maps): readonly Step[] | null {
  const row = WRITES.find(({ words }) => hand.takes(...words));
  if (row === undefined) return null;
  const from = hand.at;
  const value = sumOf(hand, row.to) ?? mapped(hand, row.to, from, maps);
  if (value !== null) return [value];
  hand.at = hand.words.length;
  return [{ kind: 'unread', words: hand.words.join(' ') }];
}

const OPERATORS: Readonly<Record<string, string>> = { and: '&', or: '|', xor: '^' };

/** `0x10`, `ct mark`, `meta mark and 0xff00 or 0x10`; null: something else. The hand stands behind it. */
function sumOf(hand: Hand, to: Target): Write | null {
  const isCt = hand.takes('ct', 'mark');
  const isMark = !isCt && (hand.takes('meta', 'mark') || hand.takes('mark'));
  const number = isCt || isMark ? 0 : (to === 'class' ? classValue : numberOf)(plainName(hand.next()));
  if (number === null) return null;
  let [and, xor] = isCt || isMark ? [ALL, 0] : [0, number];
  for (;;) {
    const operator = OPERATORS[hand.word] ?? hand.word;
    if (/^(?:<<|>>)$/.test(operator)) return null;
    if (!/^[&|^]$/.test(operator)) break;
    hand.at++;
    const bits = numberOf(hand.next());
    if (bits === null) return null;
    if (operator === '^') xor = (xor ^ bits) >>> 0;
    else if (operator === '&') [and, xor] = [(and & bits) >>> 0, (xor & bits) >>> 0];
    else [and, xor] = [(and & ~bits) >>> 0, (xor | bits) >>> 0];
  }
  return { kind: 'write', to, keep: 0, from: isCt ? 'connmark' : isMark ? 'mark' : to, and, xor };
}

/** `1:10`, `none`, `root`. */
function classValue(word: string): number | null {
  if (word === 'none') return 0;
  return word === 'root' ? ALL : (classOf(word) ?? numberOf(word));
}

/** `ip saddr map { 10.0.0.1 : 0x1, 10.0.0.2 : 0x2 }`: the key and its map at `from`. */
function mapped(hand: Hand, to: Target, from: number, maps: Maps): Done | null {
  hand.at = from;
  const row = KEYS.find(({ words }) => hand.takes(...words));
  if (row === undefined || !hand.takes('map')) return null;
  return choice(row, pairs(hand, maps), (value) => {
    const number = (to === 'class' ? classValue : numberOf)(value);
    return number === null ? null : { kind: 'write', to, keep: 0, from: to, and: 0, xor: number };
  });
}

/** The elements of a map: written within the rule, or of a named one. */
function pairs(hand: Hand, maps: Maps): readonly string[] | null {
  if (hand.takes('{')) return hand.upToBrace();
  const name = hand.next();
  return name.startsWith('@') ? maps(name.slice(1)) : null;
}

/** null: an element is not understood. */
function choice(
  row: (typeof KEYS)[number],
  elements: readonly string[] | null,
  doneOf: (value: string) => Done | null,
): Done | null {
  if (elements === null) return null;
  const of = elements.map((element) => {
    const [, key = '', value = ''] = /^(.*?)(?: comment \S+)? : (.*)$/.exec(element) ?? [];
    const [asked, done] = [askedOf(row, { not: false, values: [key] }), doneOf(value)];
    return asked === null || done === null ? null : { asked, done };
  });
  return of.every((one) => one !== null) ? { kind: 'choice', of } : null;
}

/** What a key asks, and the protocol that it is of. */
function askedOf({ key, protocol }: (typeof KEYS)[number], values: Values): readonly Asked[] | null {
  const own = values.values[0] === '*' ? [] : [key(values)];
  if (!own.every((one): one is Asked => one !== null)) return null;
  return protocol === undefined ? own : [{ kind: 'protocol', numbers: [protocol], not: false }, ...own];
}

function asked(hand: Hand, maps: Maps): readonly Step[] {
  const from = hand.at;
  const row = KEYS.find(({ words }) => hand.takes(...words));
  if (row === undefined) return [rest(hand, from)];
  if (hand.takes('vmap')) return [choice(row, pairs(hand, maps), verdictOf) ?? unreadFrom(hand, from)];
  const kind = row.words.join(' ');
  if (/^(?:meta mark|mark|ct mark)$/.test(kind) && /^(?:and|&)$/.test(hand.word)) return [maskedMark(hand, kind, from)];
  if (/^(?:[<>]=?|&|and|or|\||\^|xor)$/.test(hand.word)) return [rest(hand, from)];
  const values = hand.values();
  return askedOf(row, values) ?? [unknown(hand.words.slice(from, hand.at).join(' '))];
}

function verdictOf(value: string): Done | null {
  const [word = '', chain = ''] = shellWords(value);
  const kind = VERDICTS[word];
  if (kind !== undefined) return { kind };
  return word === 'jump' || word === 'goto' ? { kind: word, chain } : null;
}

/** `meta mark and 0xff == 0x10`, `ct mark & 0xf0 != 0`. */
function maskedMark(hand: Hand, kind: string, from: number): Asked {
  hand.at++;
  const mask = numberOf(hand.next());
  const { not, values } = hand.values();
  const masked = values.map((value): Masked | null => {
    const number = numberOf(value);
    return number === null || mask === null ? null : { value: number, mask };
  });
  const isKnown = masked.every((one): one is Masked => one !== null);
  return isKnown ? { kind: kind === 'ct mark' ? 'ctmark' : 'mark', masked, not } : rest(hand, from);
}

const END = /^(?:accept|drop|return|jump|goto|counter|log|comment|continue|reject)$/;

/** Something that is not evaluated, up to the next statement that is. */
function rest(hand: Hand, from: number): Asked {
  hand.at = Math.max(hand.at, from + 1);
  while (
    !hand.isAtEnd &&
    !END.test(hand.word) &&
    !(hand.words[hand.at + 2] === 'set' && /^(?:meta|ct)$/.test(hand.word))
  )
    hand.at++;
  return unknown(hand.words.slice(from, hand.at).join(' '));
}

function unreadFrom(hand: Hand, from: number): Done {
  hand.at = hand.words.length;
  return { kind: 'unread', words: hand.words.slice(from).join(' ') };
}

/** nft(8): masquerade, snat, dnat, redirect, notrack. */
function nat(hand: Hand, maps: Maps): readonly Step[] | null {
  const { word } = hand;
  if (!/^(?:masquerade|snat|dnat|redirect|notrack)$/.test(word)) return null;
  hand.at++;
  const told = hand.words.slice(hand.at);
  hand.at = hand.words.length;
  const random = told.some((one) => /^(?:fully-)?random$/.test(one));
  const kind = word as 'masquerade' | 'snat' | 'dnat' | 'redirect' | 'notrack';
  const at = told.indexOf('to');
  const isPrefix = told.slice(0, Math.max(at, 0)).includes('prefix');
  if (told.includes('map'))
    return natMap(told.slice(at + 1), kind, isPrefix, maps) ?? [{ kind: 'unread', words: told.join(' ') }];
  const target = at < 0 ? '' : (told[at + 1] ?? '');
  const to = isPrefix || (kind === 'snat' && target.includes('/')) ? 'netmap' : kind;
  return [{ kind: 'translate', to, target, random }];
}

/** `to ip saddr map { 10.141.11.0/24 : 192.168.2.0/24 }`. */
function natMap(
  words: readonly string[],
  kind: 'snat' | 'dnat' | string,
  isPrefix: boolean,
  maps: Maps,
): readonly Step[] | null {
  if (kind !== 'snat' && kind !== 'dnat') return null;
  const hand = new Hand(words);
  const row = KEYS.find((one) => hand.takes(...one.words));
  if (row === undefined || !hand.takes('map')) return null;
  const done = choice(row, pairs(hand, maps), (target) => ({
    ...{ kind: 'translate', to: isPrefix ? 'netmap' : kind, target, random: false },
  }));
  return done && [done];
}

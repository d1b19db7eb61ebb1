import {
  type Asked,
  classOf,
  type Done,
  listed,
  type Masked,
  numberOf,
  portRange,
  prefixesOf,
  protocolOf,
  type Range,
  type Step,
  type Target,
  unknown,
  type Write,
} from './steps.ts';

/** The rule's words while they are read. */
interface Reading {
  readonly words: readonly string[];
  at: number;
  /** The module that was named last: `--mark` belongs to it. */
  module: string;
  /** A `!` stood before. */
  not: boolean;
}

const ALL = 0xffffffff;

/** Modules and options that ask nothing of a packet. */
const ASKS_NOTHING = /^(?:--comment|--log-.*|--nflog-.*)$/;
const TARGET_WORDS =
  /^--(?:set-x?mark|(?:and|or|xor)-mark|mask|nfmask|ctmask|set-class|to|to-source|to-destination|to-ports|zone|set-dscp(?:-class)?|set-mss|set-tos)$/;
const TARGET_FLAGS =
  /^--(?:save-mark|restore-mark|random|random-fully|persistent|notrack|clamp-mss-to-pmtu|checksum-fill)$/;

/** A rule of iptables in steps: iptables(8), iptables-extensions(8). */
export function iptablesSteps(words: readonly string[]): readonly Step[] {
  const reading: Reading = { words, at: 0, module: '', not: false };
  const asked: Asked[] = [];
  let target: { readonly name: string; readonly isGoto: boolean } | null = null;
  while (reading.at < words.length) {
    const word = words[reading.at++] ?? '';
    if (word === '!') reading.not = true;
    else if (/^(?:-m|--match)$/.test(word)) reading.module = words[reading.at++] ?? '';
    else if (/^(?:-j|--jump|-g|--goto)$/.test(word))
      target = { name: words[reading.at++] ?? '', isGoto: /g/.test(word) };
    else if (TARGET_WORDS.test(word) || ASKS_NOTHING.test(word)) reading.at++;
    else if (word === '-c' || word === '--set-counters') reading.at += 2;
    else if (!TARGET_FLAGS.test(word)) asked.push(askedBy(word, reading));
  }
  return target === null ? asked : [...asked, ...doneBy(target.name, target.isGoto, words)];
}

/** One match and its value. */
function askedBy(word: string, reading: Reading): Asked {
  const { words, module } = reading;
  // An old way to write it: `-s ! 10.0.0.0/8`.
  if (words[reading.at] === '!') {
    reading.not = true;
    reading.at++;
  }
  const not = reading.not;
  reading.not = false;
  if (word === '--match-set') return matchSet(reading, not);
  const hasValue = reading.at < words.length && !/^(?:!|-)/.test(words[reading.at] ?? '');
  const value = hasValue ? (words[reading.at++] ?? '') : '';
  return matchOf(word, value, module, not) ?? unknown(`${not ? '! ' : ''}${word} ${value}`.trim());
}

function matchSet(reading: Reading, not: boolean): Asked {
  const [set = '', flags = ''] = reading.words.slice(reading.at, reading.at + 2);
  reading.at += 2;
  const fields = listed(flags);
  const isKnown = fields.every((flag): flag is 'src' | 'dst' => flag === 'src' || flag === 'dst');
  return isKnown ? { kind: 'set', set, fields, not } : unknown(`--match-set ${set} ${flags}`);
}

/** null: it is not evaluated here. */
function matchOf(word: string, value: string, module: string, not: boolean): Asked | null {
  const source = /^(?:-s|--source|--src)$/.test(word);
  if (source || /^(?:-d|--destination|--dst)$/.test(word)) {
    const prefixes = prefixesOf(listed(value));
    return prefixes && { kind: source ? 'source' : 'destination', prefixes, not };
  }
  if (/^(?:-p|--protocol|--proto)$/.test(word)) return protocolAsked(value, not);
  const incoming = /^(?:-i|--in-interface)$/.test(word);
  if (incoming || /^(?:-o|--out-interface)$/.test(word)) {
    return { kind: incoming ? 'in' : 'out', names: [value], not };
  }
  const [, which] = /^--(s|d|source-|destination-)?ports?$/.exec(word) ?? [];
  if (which !== undefined || word === '--ports') return portsAsked(which ?? '', value, not);
  if (word === '--mark' && (module === 'mark' || module === 'connmark')) {
    const masked = maskedOf(value);
    return masked && { kind: module === 'mark' ? 'mark' : 'ctmark', masked: [masked], not };
  }
  if (word === '--ctstate' || word === '--state') return { kind: 'state', states: listed(value.toLowerCase()), not };
  if (word === '--ctdir') return { kind: 'direction', isReply: value.toUpperCase() === 'REPLY', not };
  return null;
}

function protocolAsked(value: string, not: boolean): Asked | null {
  if (value === 'all' || value === '0') return { kind: 'family', numbers: [4, 6], not };
  const number = protocolOf(value);
  return number === null ? null : { kind: 'protocol', numbers: [number], not };
}

function portsAsked(which: string, value: string, not: boolean): Asked | null {
  const ranges = listed(value).map(portRange);
  if (!ranges.every((range): range is Range => range !== null)) return null;
  return { kind: which === '' ? 'ports' : which.startsWith('s') ? 'sport' : 'dport', ranges, not };
}

/** `VALUE`, `VALUE/MASK`. */
function maskedOf(text: string): Masked | null {
  const [value = '', mask] = text.split('/');
  const [number, bits] = [numberOf(value), mask === undefined ? ALL : numberOf(mask)];
  return number === null || bits === null ? null : { value: number, mask: bits };
}

const VERDICTS: Readonly<Record<string, 'accept' | 'drop' | 'return'>> = {
  ...{ ACCEPT: 'accept', DROP: 'drop', REJECT: 'drop', TARPIT: 'drop', RETURN: 'return' },
};
/** Targets after which the packet goes on, as it was for what is asked here. */
const PASSES =
  /^(?:LOG|NFLOG|ULOG|TRACE|TOS|DSCP|ECN|TTL|HL|TCPMSS|TCPOPTSTRIP|AUDIT|CHECKSUM|RATEEST|LED|IDLETIMER|SECMARK|CONNSECMARK|CT|HMARK|SET)$/;

/** iptables-extensions(8): what a target does. */
function doneBy(name: string, isGoto: boolean, words: readonly string[]): readonly Step[] {
  const value = (...options: readonly string[]): string | undefined => {
    const at = words.findIndex((word) => options.includes(word));
    return at < 0 ? undefined : words[at + 1];
  };
  const verdict = VERDICTS[name];
  if (verdict !== undefined) return [{ kind: verdict }];
  if (name === 'MARK' || name === 'CONNMARK') return [markDone(name, words, value) ?? unread(words)];
  if (name === 'CLASSIFY') {
    const number = classOf(value('--set-class') ?? '');
    return [number === null ? unread(words) : constant('class', 0, number)];
  }
  const nat = natDone(name, words, value);
  if (nat !== null) return [nat];
  // HMARK hashes, and nobody has its seed; SET changes what later rules find.
  if (name === 'HMARK' || name === 'SET') return [unread(words)];
  return PASSES.test(name) ? [] : [{ kind: isGoto ? 'goto' : 'jump', chain: name }];
}

const constant = (to: Target, keep: number, xor: number): Write => ({ kind: 'write', to, keep, from: to, and: 0, xor });

const unread = (words: readonly string[]): Done => ({ kind: 'unread', words: words.join(' ') });

/** net/netfilter/xt_mark.c, xt_connmark.c. */
function markDone(
  name: 'MARK' | 'CONNMARK',
  words: readonly string[],
  value: (...options: readonly string[]) => string | undefined,
): Write | null {
  const to = name === 'MARK' ? 'mark' : 'connmark';
  const set = maskedOf(value('--set-mark') ?? '');
  // --set-mark clears the bits of the value too: libxt_MARK.c, mark_tg_parse().
  if (set !== null) return constant(to, ~(set.mask | set.value) >>> 0, set.value);
  const xset = maskedOf(value('--set-xmark') ?? '');
  if (xset !== null) return constant(to, ~xset.mask >>> 0, xset.value);
  const [and, or, xor] = ['--and-mark', '--or-mark', '--xor-mark'].map((option) => numberOf(value(option) ?? ''));
  if (and != null) return constant(to, and, 0);
  if (or != null) return constant(to, ~or >>> 0, or);
  if (xor != null) return constant(to, ALL, xor);
  if (name === 'MARK') return null;
  const mask = (option: string): number | null => numberOf(value(option) ?? value('--mask') ?? '0xffffffff');
  const [packet, connection] = [mask('--nfmask'), mask('--ctmask')];
  if (packet === null || connection === null) return null;
  if (words.includes('--save-mark')) {
    return { kind: 'write', to: 'connmark', keep: ~connection >>> 0, from: 'mark', and: packet, xor: 0 };
  }
  if (!words.includes('--restore-mark')) return null;
  return { kind: 'write', to: 'mark', keep: ~packet >>> 0, from: 'connmark', and: connection, xor: 0 };
}

function natDone(
  name: string,
  words: readonly string[],
  value: (...options: readonly string[]) => string | undefined,
): Done | null {
  const random = words.includes('--random') || words.includes('--random-fully');
  const ports = value('--to-ports');
  const onlyPorts = ports === undefined ? '' : `:${ports}`;
  if (name === 'MASQUERADE') return { kind: 'translate', to: 'masquerade', target: onlyPorts, random };
  if (name === 'REDIRECT') return { kind: 'translate', to: 'redirect', target: onlyPorts, random };
  if (name === 'SNAT') return { kind: 'translate', to: 'snat', target: value('--to-source', '--to') ?? '', random };
  if (name === 'DNAT')
    return { kind: 'translate', to: 'dnat', target: value('--to-destination', '--to') ?? '', random };
  if (name === 'NETMAP') return { kind: 'translate', to: 'netmap', target: value('--to') ?? '', random };
  const isUntracked = name === 'NOTRACK' || (name === 'CT' && words.includes('--notrack'));
  return isUntracked ? { kind: 'translate', to: 'notrack', target: '', random } : null;
}

import { getClassid, getU32, parseProtocol, type Words } from '../lang/index.ts';
import { MAGIC_BLOCK, TC_H } from '../netlink/index.ts';
import { giveUp, type TcProcess, takeOnce } from './process.ts';

/** What may stand before a filter's kind, in add, get and list alike. */
export interface Selector {
  device: string;
  block: number;
  parent: number;
  handle: string | null;
  preference: number;
  protocol: number;
  protocolSet: boolean;
  /** null: not given. */
  chain: number | null;
}

export function emptySelector(protocol: number): Selector {
  return {
    device: '',
    block: 0,
    parent: 0,
    handle: null,
    preference: 0,
    protocol,
    protocolSet: false,
    chain: null,
  };
}

/** One word of the common part; `exact`: abbreviations are not taken. */
interface SelectorWord {
  readonly word: string;
  readonly exact: boolean;
  readonly take: (words: Words, s: Selector, texts: Texts) => void;
}

/** Where add, get and list word the same refusal differently. */
export interface Texts {
  readonly parent: string;
  readonly preference: string;
  readonly maxPreference: number;
  /** A list does not see that protocol 0 was given. */
  readonly hasProtocol: (s: Selector) => boolean;
  /** `word` came although `other` had been given. */
  readonly exclusive: (word: string, other: string) => string;
}

export const MODIFY: Texts = {
  parent: 'Invalid parent ID',
  preference: 'invalid priority value',
  maxPreference: 0xffff,
  hasProtocol: ({ protocolSet }) => protocolSet,
  exclusive: () => 'Error: "dev" and "block" are mutually exclusive',
};
export const LIST: Texts = {
  parent: 'invalid parent ID',
  preference: 'invalid preference',
  maxPreference: 0xffffffff,
  hasProtocol: ({ protocol }) => protocol !== 0,
  exclusive: (word, other) => `Error: "${word}" cannot be used in the same time as "${other}"`,
};

const SELECTORS: readonly SelectorWord[] = [
  { word: 'dev', exact: true, take: takeDevice },
  { word: 'block', exact: false, take: takeBlock },
  { word: 'root', exact: true, take: (_, s) => hook(s, 'root', TC_H.ROOT) },
  { word: 'ingress', exact: true, take: (_, s) => hook(s, 'ingress', TC_H.MIN_INGRESS) },
  { word: 'egress', exact: true, take: (_, s) => hook(s, 'egress', TC_H.MIN_EGRESS) },
  { word: 'parent', exact: true, take: takeParent },
  { word: 'handle', exact: true, take: takeHandle },
  { word: 'preference', exact: false, take: takePreference },
  { word: 'priority', exact: false, take: takePreference },
  { word: 'protocol', exact: false, take: takeProtocol },
  { word: 'chain', exact: false, take: takeChain },
];

/** tc/tc_filter.c: the loop over words before the kind. Stops on the first it does not know, not taken. */
export function takeSelectors(words: Words, s: Selector, texts: Texts): void {
  while (!words.done) {
    const row = SELECTORS.find(({ word, exact }) => (exact ? words.isExactly(word) : words.is(word)));
    if (row === undefined) return;
    words.next();
    row.take(words, s, texts);
  }
}

function takeDevice(words: Words, s: Selector, texts: Texts): void {
  const name = takeOnce(words, 'dev', s.device !== '');
  if (s.block !== 0) throw giveUp(texts.exclusive('dev', 'block'));
  s.device = name;
}

function takeBlock(words: Words, s: Selector, texts: Texts): void {
  const word = takeOnce(words, 'block', s.block !== 0);
  if (s.device !== '') throw giveUp(texts.exclusive('block', 'dev'));
  const block = getU32(word);
  if (!block) throw words.invalid('invalid block index value');
  s.block = block;
}

function hook(s: Selector, name: string, parent: number): void {
  if (s.parent !== 0) throw giveUp(`Error: "${name}" is duplicate parent ID`);
  s.parent = parent;
}

function takeParent(words: Words, s: Selector, texts: Texts): void {
  const word = takeOnce(words, 'parent', s.parent !== 0);
  const parent = getClassid(word);
  if (parent === undefined) throw words.invalid(texts.parent);
  s.parent = parent;
}

function takeHandle(words: Words, s: Selector): void {
  s.handle = takeOnce(words, 'handle', s.handle !== null);
}

function takePreference(words: Words, s: Selector, texts: Texts): void {
  const word = takeOnce(words, 'priority', s.preference !== 0);
  const preference = getU32(word);
  if (preference === undefined || preference > texts.maxPreference) throw words.invalid(texts.preference);
  s.preference = preference;
}

function takeProtocol(words: Words, s: Selector, texts: Texts): void {
  const word = takeOnce(words, 'protocol', texts.hasProtocol(s));
  const protocol = parseProtocol(word);
  if (protocol === null) throw words.invalid('invalid protocol');
  s.protocol = protocol;
  s.protocolSet = true;
}

function takeChain(words: Words, s: Selector): void {
  const word = takeOnce(words, 'chain', s.chain !== null);
  const chain = getU32(word);
  if (chain === undefined) throw words.invalid('invalid chain index value');
  s.chain = chain;
}

/** ifindex and parent of a request about a device or a shared block. */
export function deviceAndParent(s: Selector, tc: TcProcess): { ifindex: number; parent: number } {
  if (s.device !== '') return { ifindex: tc.index(s.device), parent: s.parent };
  if (s.block !== 0) return { ifindex: MAGIC_BLOCK, parent: s.block };
  return { ifindex: 0, parent: s.parent };
}

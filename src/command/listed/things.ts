/** What stands before the options of a qdisc, a class or a filter that tc lists. */
export interface Thing {
  readonly noun: 'qdisc' | 'class' | 'filter';
  /** Line of the text, from 1. */
  readonly line: number;
  readonly kind: string;
  /** Of a qdisc `1:`, of a class `1:10`; of a filter it is among its options. */
  readonly handle: string;
  /** null: it is not printed where one device was asked for. */
  readonly device: string | null;
  /** Of a shared block; a filter then stands at no device. */
  readonly block: string | null;
  /** `root`, `ingress`, `egress` or an id; null: it is not printed where one parent was asked for. */
  readonly parent: string | null;
  /** Of a filter, words between its verb and its kind: protocol, preference, chain. */
  readonly place: readonly string[];
  /** Words behind the kind, as they are printed. */
  readonly printed: readonly string[];
}

/** What the words before a kind's own are. */
interface Head {
  device: string | null;
  block: string | null;
  parent: string | null;
  readonly place: string[];
}

/** The thing that these words of `tc … show` tell. */
export function thingOf(line: number, words: readonly string[]): Thing {
  const [noun = '', ...rest] = words;
  if (noun === 'filter') return filterOf(line, rest);
  const [kind = '', handle = '', ...more] = rest;
  const head: Head = { device: null, block: null, parent: null, place: [] };
  const printed = readHead(more, head, OF_QUEUES);
  return { noun: noun === 'qdisc' ? 'qdisc' : 'class', line, kind, handle, ...head, printed };
}

function filterOf(line: number, words: readonly string[]): Thing {
  const head: Head = { device: null, block: null, parent: null, place: [] };
  const [kind = '', ...rest] = readHead(words, head, OF_FILTERS);
  const printed = readHead(rest, head, OF_CHAINS);
  return { noun: 'filter', line, kind, handle: '', ...head, printed };
}

type HeadWords = Readonly<Record<string, (head: Head, value: string) => void>>;

const keep =
  (word: string) =>
  (head: Head, value: string): void => {
    head.place.push(word, value);
  };
const set =
  (name: 'device' | 'block' | 'parent') =>
  (head: Head, value: string): void => {
    head[name] = value;
  };
const nothing = (): void => {};
const WHERE: HeadWords = { dev: set('device'), parent: set('parent') };
const OF_QUEUES: HeadWords = {
  ...WHERE,
  refcnt: nothing,
  leaf: nothing,
  ingress_block: keep('ingress_block'),
  egress_block: keep('egress_block'),
};
const OF_FILTERS: HeadWords = { ...WHERE, block: set('block'), protocol: keep('protocol'), pref: keep('pref') };
/** The chain that every filter is in unless another is named is not named again. */
const OF_CHAINS: HeadWords = {
  chain(head, value) {
    if (value !== '0') head.place.push('chain', value);
  },
};
const HOOKS: ReadonlySet<string> = new Set(['root', 'ingress', 'egress']);
/** Words before the options that stand alone and tell nothing that can be typed. */
const ALONE: ReadonlySet<string> = new Set(['offloaded', 'added', 'replaced']);

/** Takes the words that stand before a kind's own, and returns the rest. */
function readHead(words: readonly string[], head: Head, known: HeadWords): readonly string[] {
  let at = 0;
  for (;;) {
    const word = words[at] ?? '';
    const take = Object.hasOwn(known, word) ? known[word] : undefined;
    if (take !== undefined) {
      take(head, words[at + 1] ?? '');
      at += 2;
    } else if (HOOKS.has(word) && head.parent === null && known !== OF_CHAINS) {
      head.parent = word;
      at++;
    } else if (ALONE.has(word)) at++;
    else return words.slice(at);
  }
}

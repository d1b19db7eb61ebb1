/** One command of nft, cut into words; a block's rules are commands of their own. */
export interface NftCommand {
  /** add, insert, create, delete, destroy, flush, list, reset, … */
  readonly verb: string;
  /** table, chain, rule, set, ruleset, … */
  readonly object: string;
  readonly family: string;
  readonly table: string;
  readonly chain: string;
  /** What follows: the rule's words, a handle, a set's name. */
  readonly rest: readonly string[];
}

const FAMILIES = ['ip', 'ip6', 'inet', 'arp', 'bridge', 'netdev'];
const VERBS = [
  'add',
  'create',
  'insert',
  'replace',
  'delete',
  'destroy',
  'flush',
  'list',
  'reset',
  'rename',
  'monitor',
];
const OBJECTS =
  /^(?:tables?|chains?|rules?|sets?|maps?|meters?|elements?|flowtables?|counters?|quotas?|limits?|ruleset|ct|hooks)$/;

/** Quoted text is one word; braces, semicolons and line ends stand alone. */
const TOKEN = /"[^"]*"|\\\n|#[^\n]*|[{};\n]|[^\s{};"\\]+|\\/g;

function tokensOf(text: string): readonly string[] {
  return (text.match(TOKEN) ?? []).filter((token) => token !== '\\\n' && !token.startsWith('#'));
}

/** `define NAME = VALUE`, and `$NAME` behind it. */
function withoutNames(text: string): string {
  const values = new Map<string, string>();
  const kept = text.replace(/^[ \t]*define[ \t]+(\w+)[ \t]*=[ \t]*(.*)$/gm, (_, name: string, value: string) => {
    values.set(name, value.trim());
    return '';
  });
  return kept.replace(/\$(\w+)/g, (whole, name: string) => values.get(name) ?? whole);
}

/** What stands in one pair of braces, or up to the end: statements, each with the block behind it. */
interface Statement {
  readonly words: string[];
  block: Statement[] | null;
}

/** Braces behind these words hold other statements; all others are part of a rule: sets, maps. */
const OPENS_BLOCK = /^(?:table|chain|set|map|flowtable|counter|quota|limit|ct)$/;

class Reader {
  readonly #tokens: readonly string[];
  #at = 0;

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
  }

  /** Statements up to the brace that closes them. `depth`: how many blocks they stand in. */
  statements(depth = 0): Statement[] {
    const found: Statement[] = [];
    for (;;) {
      const statement = this.#statement(depth);
      if (statement === null) return found;
      if (statement.words.length > 0) found.push(statement);
    }
  }

  /** null: the block is at its end. */
  #statement(depth: number): Statement | null {
    const statement: Statement = { words: [], block: null };
    while (this.#at < this.#tokens.length) {
      const token = this.#tokens[this.#at++] ?? '';
      if (token === ';' || token === '\n') return statement;
      if (token === '}') {
        if (statement.words.length === 0) return null;
        this.#at--;
        return statement;
      }
      if (token !== '{') statement.words.push(token);
      else if (opensBlock(statement.words, depth)) {
        statement.block = this.statements(depth + 1);
        return statement;
      } else this.#takeBraces(statement.words);
    }
    return statement.words.length > 0 ? statement : null;
  }

  /** The words of a set that is written within a rule. */
  #takeBraces(words: string[]): void {
    words.push('{');
    for (let depth = 1; depth > 0 && this.#at < this.#tokens.length; this.#at++) {
      const token = this.#tokens[this.#at] ?? '';
      depth += token === '{' ? 1 : token === '}' ? -1 : 0;
      if (token !== '\n') words.push(token);
    }
  }
}

/** A chain stands in a table at most; braces within a chain belong to its rules. */
const CHAIN_DEPTH = 2;

function opensBlock(words: readonly string[], depth: number): boolean {
  if (depth >= CHAIN_DEPTH) return false;
  const [first = '', second = ''] = words;
  return OPENS_BLOCK.test(VERBS.includes(first) ? second : first);
}

/** The head of a command, by its words. */
function readCommand(words: readonly string[]): NftCommand {
  const rest = [...words];
  const verb = VERBS.includes(rest[0] ?? '') ? (rest.shift() ?? '') : 'add';
  // `add rule` may leave `rule` out.
  const object = OBJECTS.test(rest[0] ?? '') ? (rest.shift() ?? '') : 'rule';
  const family = FAMILIES.includes(rest[0] ?? '') ? (rest.shift() ?? '') : 'ip';
  const table = rest.shift() ?? '';
  const chain = /^(?:chain|rule)s?$/.test(object) ? (rest.shift() ?? '') : '';
  return { verb, object, family, table, chain, rest };
}

/** The words of a block, each statement with its semicolon. */
function wordsIn(block: readonly Statement[] | null): readonly string[] {
  return block === null ? [] : ['{', ...block.flatMap(({ words }) => [...words, ';']), '}'];
}

/** A table's block: its chains, and the rules of each. */
function* tableBlock(head: NftCommand, block: readonly Statement[]): Generator<NftCommand> {
  for (const { words, block: inner } of block) {
    const [object = '', name = ''] = words;
    if (object !== 'chain') yield { ...head, object, chain: '', rest: [...words.slice(1), ...wordsIn(inner)] };
    else yield* chainBlock({ ...head, object: 'chain', chain: name, rest: [] }, inner ?? []);
  }
}

/** A chain's block: its hook and policy, then rules. */
function* chainBlock(head: NftCommand, block: readonly Statement[]): Generator<NftCommand> {
  const isAbout = ({ words }: Statement): boolean => /^(?:type|policy|comment|devices?)$/.test(words[0] ?? '');
  yield { ...head, rest: block.filter(isAbout).flatMap(({ words }) => words) };
  for (const statement of block) {
    if (!isAbout(statement)) yield { ...head, object: 'rule', rest: statement.words };
  }
}

/** Statements of a file that change nothing, or that need another file. */
const IS_PASSED_OVER = /^(?:include|define|redefine|undefine|describe)$/;

/** The commands of a text: of the command line, or of a file for `nft -f`. */
export function* nftCommands(text: string): Generator<NftCommand> {
  for (const { words, block } of new Reader(tokensOf(withoutNames(text))).statements()) {
    if (IS_PASSED_OVER.test(words[0] ?? '')) continue;
    const head = readCommand(words);
    if (head.object === 'chain' && block !== null) yield* chainBlock(head, block);
    else if (head.object === 'table') yield head;
    else yield { ...head, rest: [...head.rest, ...wordsIn(block)] };
    if (head.object === 'table' && block !== null) yield* tableBlock(head, block);
  }
}

/** Where the commands of a call come from: its words, or the file that -f names (`-`: standard input). */
export function nftInput(args: readonly string[]): { readonly file: string | null; readonly words: readonly string[] } {
  let at = 0;
  for (; /^-[a-zA-Z-]/.test(args[at] ?? ''); at++) {
    const word = args[at] ?? '';
    if (/^(?:-[a-zA-Z]*f|--file)$/.test(word)) return { file: args[at + 1] ?? '-', words: [] };
    if (/^(?:-I|--includepath|-D|--define)$/.test(word)) at++;
  }
  return { file: null, words: args.slice(at) };
}

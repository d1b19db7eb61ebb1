import type { Env } from '../../env.ts';
import { Errno, KernelError, UsageError } from '../../errors.ts';
import type { Printer, Words } from '../../lang/index.ts';
import { AttrReader, type AttrWriter, decode, nest, struct, table, u16, u32 } from '../../netlink/index.ts';
import { le32, word } from '../../u32.ts';
import type { Match, Scope, World } from '../notation.ts';
import { type Arg, Args, ArgsError, textOf } from './args.ts';
import { argsRead, ILLEGAL, kindName, parseExpr, Relation, type Term, wordsRead } from './expr.ts';
import type { FieldTest } from './field-test.ts';
import type { Ematch } from './kind.ts';

/*
 * A tree of matches is a flat array: each element is joined to the next by END, AND or OR, and a container holds the
 * index of its first member. `A and (B or C) and D` is
 *
 *     0: A AND   1: container→3 AND   2: D END   3: B OR   4: C END
 *
 * and is walked 0, 1, 3, 4, back to 1, then 2: a match or a container ends its list at once where the rest cannot matter
 * (a false one before AND, a true one before OR), which makes `a or b and c` mean `a or (b and c)`.
 */

/** include/uapi/linux/pkt_cls.h: TCA_EMATCH_TREE_*. The list's elements are told apart by rules of their own. */
const TCA_EMATCH_TREE = { hdr: [1, struct({ count: u16, progid: u16 })], list: [2, nest] } as const;
const TREE = table(TCA_EMATCH_TREE);
/** struct tcf_ematch_hdr */
const HEADER = struct({ matchid: u16, kind: u16, flags: u16, pad: u16 });

const RELATION = 3;
const INVERT = 4;
const SIMPLE = 8;
const CONTAINER = 0;
/** CONFIG_NET_EMATCH_STACK */
const STACK = 32;
/** Steps a packet may cost. Only a tree made by hand, of containers that share members, comes near it. */
const STEPS_MAX = 1 << 20;
/** Characters a tree may print. */
const TEXT_MAX = 1 << 20;

type Header = ReturnType<(typeof HEADER)['read']>;

/** One element: its header, and the bytes behind. */
interface Element {
  readonly header: Header;
  readonly data: Uint8Array;
}

/** One element, built. */
interface Node {
  /** Index of a container's first member; 0: a match. */
  readonly first: number;
  readonly relation: number;
  readonly inverted: boolean;
  readonly match: Match;
}

const always: Match = () => true;

/**
 * net/sched/ematch.c: tcf_em_tree_validate() — checked in the kernel's order. Calls `each` for every element that has
 * a valid shape, so that its own errors come in their place. Throws KernelError.
 */
function walkList(payload: Uint8Array, each: (element: Element, index: number, count: number) => void): void {
  const { hdr, list } = decode(TREE, payload);
  if (hdr === undefined || list === undefined) throw new KernelError(Errno.EINVAL);
  let index = 0;
  for (const r = new AttrReader(list); r.next(); index++) {
    const misplaced = r.flags !== 0 || r.type !== index + 1 || index >= hdr.count;
    if (misplaced || r.end - r.at < HEADER.size) throw new KernelError(Errno.EINVAL);
    const header = HEADER.read(list, r.at, r.end);
    each({ header, data: list.subarray(r.at + HEADER.size, r.end) }, index, hdr.count);
  }
  if (index !== hdr.count) throw new KernelError(Errno.EINVAL);
}

/** tcf_em_validate(), for a container: members stand behind it, so that there is no loop. */
function firstMember(data: Uint8Array, index: number, count: number): number {
  const first = data.length < 4 ? 0 : le32(data, 0) >>> 0;
  if (first >= count || first <= index) throw new KernelError(Errno.EINVAL);
  return first;
}

/** The kind of an element that is no container, or ENOENT. */
function kindOf({ kind, flags }: Header, kinds: readonly Ematch[]): Ematch {
  const known = kinds.find(({ id }) => id === kind);
  if (known === undefined) throw new KernelError(Errno.ENOENT);
  // All kinds have data of more than a number, or a setup of their own: none is simple.
  if ((flags & SIMPLE) !== 0) throw new KernelError(Errno.EINVAL);
  return known;
}

const SCOPES: readonly Scope[] = ['packet', 'flow', 'all'];
const wider = (a: Scope, b: Scope): Scope => (SCOPES.indexOf(a) < SCOPES.indexOf(b) ? b : a);

/**
 * The payload of an ematch nest as a function of a packet: net/sched/ematch.c tcf_em_tree_validate() and, as `match`,
 * __tcf_em_tree_match(). Builds everything now and allocates nothing later. `scope` is the widest of its matches'.
 * Throws KernelError: the first in the kernel's order.
 */
export function compileTree(
  payload: Uint8Array,
  world: World,
  env: Env,
  kinds: readonly Ematch[],
): { readonly match: Match; readonly scope: Scope } {
  const nodes: Node[] = [];
  let scope: Scope = 'packet';
  walkList(payload, ({ header, data }, index, count) => {
    const relation = header.flags & RELATION;
    if (relation === RELATION) throw new KernelError(Errno.EINVAL);
    const inverted = (header.flags & INVERT) !== 0;
    if (header.kind === CONTAINER) {
      nodes.push({ first: firstMember(data, index, count), relation, inverted, match: always });
      return;
    }
    const built = kindOf(header, kinds).build(data, world, env);
    scope = wider(scope, built.scope);
    nodes.push({ first: 0, relation, inverted, match: built.match });
  });
  if (nodes.length === 0) return { match: always, scope };
  checkSteps(nodes);
  return { match: walker(nodes), scope };
}

/** The longest walk, from the last element to the first: members stand behind their containers. */
function checkSteps(nodes: readonly Node[]): void {
  const steps = new Float64Array(nodes.length + 1);
  for (const [i, { first, relation }] of [...nodes.entries()].reverse()) {
    const rest = relation === Relation.END ? 0 : (steps[i + 1] ?? 0);
    steps[i] = 1 + (first === 0 ? 0 : (steps[first] ?? 0)) + rest;
  }
  if ((steps[0] ?? 0) > STEPS_MAX) throw new KernelError(Errno.EINVAL, `ematch tree takes over ${STEPS_MAX} steps`);
}

/** A tree as data: what compileTree() would ask, in the order in which it does. */
export type MatchPlan =
  | { readonly test: FieldTest }
  | { readonly not: MatchPlan }
  | { readonly op: 'and' | 'or'; readonly first: MatchPlan; readonly rest: MatchPlan };

/** Steps of a tree that is told as data: of deeper ones, and of those that share members, only the walk is told. */
const PLAN_MAX = STACK;

/** A payload that compileTree() took, as data; null: it asks what is no number of the packet, or nothing at all. */
export function planTree(payload: Uint8Array, kinds: readonly Ematch[]): MatchPlan | null {
  const elements: Element[] = [];
  walkList(payload, (element) => elements.push(element));
  let steps = 0;
  const from = (index: number): MatchPlan | null => {
    const element = elements[index];
    if (element === undefined || ++steps > PLAN_MAX) return null;
    const { kind, flags } = element.header;
    const asked = kind === CONTAINER ? from(le32(element.data, 0)) : planOne(element);
    const first = asked === null || (flags & INVERT) === 0 ? asked : { not: asked };
    const relation = flags & RELATION;
    if (first === null || relation === Relation.END) return first;
    const rest = from(index + 1);
    return rest === null ? null : { op: relation === Relation.AND ? 'and' : 'or', first, rest };
  };
  const planOne = ({ header, data }: Element): MatchPlan | null => {
    const test = kindOf(header, kinds).test(data);
    return test === null ? null : { test };
  };
  return from(0);
}

/** tcf_em_early_end() */
function ends({ relation }: Node, result: boolean): boolean {
  if (relation === Relation.END) return true;
  return result ? relation === Relation.OR : relation === Relation.AND;
}

/** net/sched/ematch.c: __tcf_em_tree_match() */
function walker(nodes: readonly Node[]): Match {
  const stack = new Int32Array(STACK);
  return (p) => {
    let result = false;
    let depth = 0;
    let at = 0;
    for (;;) {
      while (at < nodes.length) {
        const node = nodes[at] as Node;
        if (node.first > 0) {
          // Quirk 22: the kernel's -1 for "too deep" is a match to its caller.
          if (depth === STACK) return true;
          stack[depth++] = at;
          at = node.first;
          continue;
        }
        result = node.match(p) !== node.inverted;
        if (ends(node, result)) break;
        at++;
      }
      let container: Node;
      do {
        if (depth === 0) return result;
        at = word(stack, --depth);
        container = nodes[at] as Node;
        result = result !== container.inverted;
      } while (ends(container, result));
      at++;
    }
  };
}

/**
 * net/sched/ematch.c: tcf_em_tree_dump() — a payload that compileTree() took as the kernel dumps it, or null: a tree
 * without matches is not dumped.
 */
export function dumpTree(payload: Uint8Array, kinds: readonly Ematch[], w: AttrWriter): boolean {
  const { hdr } = decode(TREE, payload);
  if (hdr === undefined || hdr.count === 0) return false;
  w.put(TCA_EMATCH_TREE.hdr, hdr);
  w.nest(TCA_EMATCH_TREE.list[0], () =>
    walkList(payload, ({ header, data }, index) => {
      w.nest(index + 1, () => {
        HEADER.write({ ...header, pad: 0 }, w);
        if (header.kind === CONTAINER) u32.write(le32(data, 0), w);
        else writePadded(w, () => kindOf(header, kinds).dump(data, w));
      });
    }),
  );
  return true;
}

/** nla_put_nohdr(), addraw_l(): the padding belongs to the attribute. */
function writePadded(w: AttrWriter, write: () => void): void {
  const start = w.length;
  write();
  w.zeros(-(w.length - start) & 3);
}

/**
 * iproute2 tc/m_ematch.c: print_ematch() — as tc 6.1 prints it, unfinished where tc gives up: at data that is too
 * short, at an unknown set. In JSON the text is a string.
 */
export function printTree(payload: Uint8Array, out: Printer, world: World, kinds: readonly Ematch[]): void {
  let text = '';
  const write = (part: string): void => {
    text += part;
  };
  const elements = readElements(payload);
  if (elements.length > 0) {
    write('\n  ');
    const printSequence = (start: number, prefix: number): boolean => {
      for (let i = start; text.length < TEXT_MAX; i++) {
        const element = elements[i];
        if (element === undefined || !printElement(element, prefix)) return false;
        const relation = element.header.flags & RELATION;
        if (relation !== Relation.AND && relation !== Relation.OR) return true;
        write(relation === Relation.AND ? 'AND ' : 'OR ');
      }
      return false;
    };
    const printElement = ({ header, data }: Element, prefix: number): boolean => {
      if ((header.flags & INVERT) !== 0) write('NOT ');
      if (header.kind === CONTAINER) {
        if (data.length < 4 || prefix > elements.length) return false;
        write(`(\n${'  '.repeat(prefix + 1)}`);
        if (!printSequence(le32(data, 0) >>> 0, prefix + 1)) return false;
        write(`${'  '.repeat(prefix)}) `);
        return true;
      }
      const kind = kinds.find(({ id, usage }) => id === header.kind && usage !== '');
      if (kind === undefined) write(`[unknown ematch ${header.kind}]\n`);
      else {
        write(`${kind.kind}(`);
        if (!kind.print(data, write, world)) return false;
        write(')\n');
      }
      if ((header.flags & RELATION) !== 0) write('  '.repeat(prefix));
      return true;
    };
    printSequence(0, 1);
  }
  out.unconverted((plain) => plain.put('match', text.trim(), text));
}

/** parse_rtattr_nested(): elements by their numbers, the first of each; damage ends the list without a word. */
function readElements(payload: Uint8Array): (Element | undefined)[] {
  const elements: (Element | undefined)[] = [];
  let [count, list] = [0, new Uint8Array(0)];
  for (const r = new AttrReader(payload); r.next(); ) {
    if (r.type === TCA_EMATCH_TREE.hdr[0] && r.end - r.at >= 4) count = le32(payload, r.at) & 0xffff;
    if (r.type === TCA_EMATCH_TREE.list[0]) list = payload.slice(r.at, r.end);
  }
  for (const r = new AttrReader(list); r.next(); ) {
    if (r.type < 1 || r.type > count || elements[r.type - 1] !== undefined || r.end - r.at < HEADER.size) continue;
    elements[r.type - 1] = {
      header: HEADER.read(list, r.at, r.end),
      data: list.subarray(r.at + HEADER.size, r.end),
    };
  }
  return elements;
}

/** A term in its place in the array. */
interface Placed {
  readonly term: Term;
  first: number;
}

/** iproute2 tc/m_ematch.c: flatten_tree() — the top list, then each group's members as the walk comes upon the group. */
function flatten(top: readonly Term[]): Placed[] {
  const placed: Placed[] = top.map((term) => ({ term, first: 0 }));
  const lists = [{ at: 0, end: placed.length }];
  for (let list = lists.at(-1); list !== undefined; list = lists.at(-1)) {
    const entry = placed[list.at++];
    if (list.at > list.end || entry === undefined) {
      lists.pop();
      continue;
    }
    if (entry.term.group === null) continue;
    entry.first = placed.length;
    for (const term of entry.term.group) placed.push({ term, first: 0 });
    lists.push({ at: entry.first, end: placed.length });
  }
  return placed;
}

/**
 * iproute2 tc/m_ematch.c: parse_ematch() — the words behind `match` as the payload of an ematch nest. Throws
 * UsageError in tc's words; its hint is what tc shows below them.
 */
export function speakTree(words: Words, w: AttrWriter, world: World, kinds: readonly Ematch[]): void {
  const start = words.at;
  const placed = flatten(parseExpr(words));
  if (placed.length === 0) return;
  w.put(TCA_EMATCH_TREE.hdr, { count: placed.length & 0xffff, progid: 0 });
  w.nest(TCA_EMATCH_TREE.list[0], () => {
    for (const [index, { term, first }] of placed.entries()) {
      w.nest(index + 1, () => writeTerm(term, first));
    }
  });

  function writeTerm({ inverted, relation, args, group }: Term, first: number): void {
    const flags = relation | (inverted ? INVERT : 0);
    if (group !== null) {
      HEADER.write({ matchid: 0, kind: CONTAINER, flags, pad: 0 }, w);
      w.u32(first);
      return;
    }
    const [name, ...rest] = args;
    const called = name === undefined ? '' : kindName(name);
    const kind = kinds.find((known) => known.kind === called && known.usage !== '');
    if (kind === undefined) throw new UsageError(`Unknown ematch "${called}"\n${ILLEGAL}`, wordWith(name));
    HEADER.write({ matchid: 0, kind: kind.id, flags, pad: 0 }, w);
    try {
      writePadded(w, () => kind.speak(new Args(rest), w, world));
    } catch (error) {
      throw error instanceof ArgsError ? refused(error, kind, name) : error;
    }
  }

  /** The word of the command in which an argument stands. The word at the cursor may be the expression's last (quirk 21). */
  function wordWith(arg: Arg | undefined): number {
    const text = arg === undefined ? '' : textOf(arg);
    const at = words.list.slice(start, words.at + 1).findIndex((word) => word.includes(text));
    return at < 0 ? start : start + at;
  }

  function refused({ message, shown, mark, bare }: ArgsError, { kind, usage }: Ematch, called?: Arg): UsageError {
    if (bare) return new UsageError(`${message}\n${ILLEGAL}`, wordWith(called));
    const lines = [message, wordsRead(words, start, words.at)];
    if (shown !== null) lines.push(argsRead(kind, shown, mark));
    return new UsageError(lines.join('\n'), wordWith(mark ?? called), `${usage}\n${ILLEGAL}`);
  }
}

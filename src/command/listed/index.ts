/**
 * What tc prints, read back: `tc -j … show` and `tc … show` of qdiscs, classes and filters give the commands that make
 * the same again. Counters, the kernel's own qdiscs and seeds of hashes are not in them.
 */
import { findQdisc, isHook } from '../../sched/qdisc/index.ts';
import { Listener } from '../encode.ts';
import { runTc } from '../tc.ts';
import { readDump } from './dump.ts';
import { filterWords, isListedBare, isTable, type U32Tables, u32Tables } from './filters.ts';
import { classOptions, qdiscOptions, type Typed } from './options.ts';
import { devicesOf, type Node, parentsFirst } from './place.ts';
import { Unread } from './printed.ts';
import { readListing } from './text.ts';
import type { Thing } from './things.ts';

export { type InputKind, isBatchLine, kindOf } from './kind-of.ts';
export { listingOf, type Shown } from './list.ts';

/** A command that makes a part of what is listed. */
export interface Listed {
  /** Line of the text that tells it, from 1. */
  readonly line: number;
  /** What follows `tc`; null: nothing can be typed for what the line tells. */
  readonly words: readonly string[] | null;
  /** What of the line is not made, or why nothing is; null: all of it is. */
  readonly unread: string | null;
  readonly noun: Thing['noun'];
}

/** The device of a listing that names none. */
const NAMELESS = 'dev0';

/** The commands, parents first, then the filters. Throws FormatError if a dump ends early. */
export function listedCommands(text: string, kind: 'dump' | 'listing', nameless = NAMELESS): Listed[] {
  const things = kind === 'dump' ? readDump(text) : readListing(text);
  const deviceOf = devicesOf(things, nameless);
  const nodes: Node[] = [];
  const filters: Node[] = [];
  const lost: Listed[] = [];
  for (const thing of things) {
    const device = thing.block === null ? deviceOf(thing) : '';
    if (device === null) lost.push(unreadAt(thing, 'on which device this is, is not told'));
    else (thing.noun === 'filter' ? filters : nodes).push({ thing, device });
  }
  const placed: Node[] = [];
  for (const filter of filters) {
    const { parent, unread } = parentOf(filter, nodes);
    // The line before a filter, which says no more than its kind, need not be told of too.
    if (unread !== null && filter.thing.printed.length > 0) lost.push(unreadAt(filter.thing, unread));
    if (parent !== undefined) placed.push({ ...filter, thing: { ...filter.thing, parent } });
  }
  const listed = [...parentsFirst(nodes).flatMap(nodeCommands), ...filterCommands(placed)];
  return [...once(listed).map(understood), ...lost];
}

/** What a filter hangs on; undefined: nothing tells it. */
interface Parent {
  readonly parent: string | null | undefined;
  readonly unread: string | null;
}

/** tc leaves out the parent that it was asked for: where one qdisc is listed, that is it. */
function parentOf({ thing, device }: Node, nodes: readonly Node[]): Parent {
  if (thing.parent !== null || thing.block !== null) return { parent: thing.parent, unread: null };
  const around = nodes.filter((node) => node.device === device && node.thing.handle !== '0:');
  const qdiscs = around.filter((node) => node.thing.noun === 'qdisc');
  const [qdisc] = qdiscs;
  if (qdisc === undefined) return { parent: null, unread: null };
  if (qdiscs.length > 1) return { parent: undefined, unread: 'its parent is not printed, and could be any of several' };
  const { kind, handle } = qdisc.thing;
  const { ingress = false, egress = false } = findQdisc(kind) ?? {};
  if (egress) return { parent: undefined, unread: 'its parent is not printed: ingress or egress' };
  const parent = ingress ? 'ingress' : handle;
  const hasClasses = around.length > 1;
  return { parent, unread: hasClasses ? `its parent is not printed: ${parent} is taken, no class` : null };
}

const unreadAt = ({ line, noun }: Thing, unread: string): Listed => ({ line, words: null, unread, noun });

/** Without what is listed twice: by `qdisc show` and by `qdisc show dev eth0`. */
function once(listed: readonly Listed[]): Listed[] {
  const seen = new Set<string>();
  return listed.filter(({ words }) => {
    const name = words?.join(' ') ?? '';
    if (words === null || !seen.has(name)) {
      seen.add(name);
      return true;
    }
    return false;
  });
}

/** What tc itself would not take is no command, whatever it looks like. */
function understood(one: Listed): Listed {
  if (one.words === null || one.words.some((word) => /\bipset\(/.test(word))) return one;
  const { exit, stderr } = runTc(one.words, { transport: new Listener() });
  if (exit === 0) return one;
  return { ...one, words: null, unread: `tc does not take back what it prints here (${stderr.split('\n')[0] ?? ''})` };
}

/** Qdiscs that the kernel puts there by itself; noop, of a device that is down, has no row. */
const isOwn = (kind: string): boolean => kind === 'noop' || findQdisc(kind)?.unasked === true;

function nodeCommands({ thing, device }: Node): Listed[] {
  const { noun, kind, handle, parent, place } = thing;
  const where = ['dev', device, ...(parent === null ? [] : whereOf(parent))];
  if (noun === 'class') {
    const typed = handle.endsWith(':') ? null : classOptions(kind, thing.printed);
    return typed === null ? [] : listedOf(thing, ['class', 'add', ...where, 'classid', handle, kind], typed);
  }
  const { words, table } = withoutTable(thing.printed);
  const typed = qdiscOptions(kind, words);
  if (isHook((name) => name === kind)) return listedOf(thing, ['qdisc', 'add', 'dev', device, ...place, kind], typed);
  if (handle === '0:' && (isOwn(kind) || parent === null || parent.startsWith(':'))) return [];
  const number = handle === '0:' ? [] : ['handle', handle];
  return listedOf(thing, ['qdisc', 'add', ...where, ...number, ...place, ...table, kind], typed);
}

/** The words of a size table go before the kind. */
function withoutTable(printed: readonly string[]): {
  readonly words: readonly string[];
  readonly table: readonly string[];
} {
  const at = printed.indexOf('stab');
  return at < 0 ? { words: printed, table: [] } : { words: printed.slice(0, at), table: printed.slice(at) };
}

const whereOf = (parent: string): string[] => (/:/.test(parent) ? ['parent', parent] : [parent]);

function listedOf({ line, noun }: Thing, words: readonly string[], typed: Typed): Listed[] {
  const all = { line, noun, words: [...words, ...typed.words], unread: null };
  return [all, ...typed.unread.map((unread) => ({ line, noun, words: null, unread }))];
}

/** The filters as they are listed; of u32 the tables first. */
function filterCommands(filters: readonly Node[]): Listed[] {
  const groups = new Map<string, [Node, ...Node[]]>();
  for (const filter of filters) {
    const { block, parent, kind, place } = filter.thing;
    const name = [filter.device, block, parent, kind, ...place].join(' ');
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [filter]);
    else group.push(filter);
  }
  const parents = new Map<string, number>();
  for (const [first] of groups.values()) parents.set(levelOf(first), (parents.get(levelOf(first)) ?? 0) + 1);
  return [...groups.values()].flatMap((group) => {
    const own = group.filter(({ thing }) => thing.printed.length > 0);
    const tables = u32Tables(
      own.map(({ thing }) => thing.printed),
      parents.get(levelOf(group[0])) ?? 1,
    );
    if (own.length === 0) return group.filter(({ thing }) => isListedBare(thing.kind)).map((filter) => bare(filter));
    const ofTable = ({ thing }: Node): boolean => isTable(thing.printed);
    const order = [...own.filter(ofTable), ...own.filter((filter) => !ofTable(filter))];
    return order.flatMap((filter) => filterCommand(filter, tables));
  });
}

/** A preference of one qdisc, whatever the class. */
function levelOf({ thing: { parent, kind, place }, device }: Node): string {
  return [device, kind, ...(parent ?? '').split(':', 1), place[place.indexOf('pref') + 1]].join(' ');
}

function filterCommand(filter: Node, tables: U32Tables): Listed[] {
  const { line, noun, kind, printed } = filter.thing;
  try {
    const typed = filterWords(kind, printed, tables);
    if (typed === null) return [];
    const handle = typed.handle === null ? [] : ['handle', typed.handle];
    return [{ line, noun, words: [...headOf(filter), ...handle, kind, ...typed.words], unread: null }];
  } catch (reason) {
    if (reason instanceof Unread) return [unreadAt(filter.thing, reason.message)];
    throw reason;
  }
}

const bare = (filter: Node): Listed => {
  const { line, noun, kind } = filter.thing;
  return { line, noun, words: [...headOf(filter), kind], unread: null };
};

function headOf({ thing: { block, parent, place }, device }: Node): string[] {
  const where = block === null ? ['dev', device, ...(parent === null ? [] : whereOf(parent))] : ['block', block];
  return ['filter', 'add', ...where, ...place];
}

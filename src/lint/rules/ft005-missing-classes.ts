import type { Qdisc } from '../../kernel/index.ts';
import { getClassid, matches } from '../../lang/index.ts';
import { Key, keysOf, Mode } from '../../sched/flow/index.ts';
import { classidText, classText, tcH, tcMajor, tcMinor } from '../../u32.ts';
import { type Edit, type Found, option, type Rule } from '../finding.ts';
import { bucketsOf, defaultMinor, drops, fateOfLost, lostAt } from '../kinds.ts';
import { minorsOf, minorsText } from '../minors.ts';
import { type Command, flowArgument } from '../script.ts';
import { type FilterAt, isDeaf, type Setup } from '../setup.ts';
import { decimalQdiscs } from './ft007-counted-in-decimal.ts';
import type { Page } from './page.ts';

/** Keys whose values somebody chooses: of all the numbers that they could be, few are meant. */
const CHOSEN: ReadonlySet<Key> = new Set([Key.MARK, Key.PRIORITY, Key.RTCLASSID, Key.SKUID, Key.SKGID]);

export const FT005: Rule = {
  code: 'FT005',
  severity: 'error',
  title: 'classes that do not exist',
  *look(tree) {
    if (tree.hides('class')) return;
    yield* named(tree);
    const isDecimal = decimalQdiscs(tree);
    for (const { q, flow, command } of tree.flows()) {
      if (lostAt(q) === 'own' || bucketsOf(q) !== null) continue;
      const { config } = flow;
      const major = tcMajor(config.baseclass);
      const there = major === tcMajor(q.handle) || lostAt(q) === 'band' ? tree.classMinors(q) : NONE;
      const minors = minorsOf(config)?.filter((minor) => minor !== 0) ?? unbounded({ flow }, there);
      const missing = minors.filter((minor) => !there.has(minor));
      if (missing.length === 0) continue;
      const { effect, lost } = fateOfLost(q);
      const decimal = isDecimal(q);
      const mend = config.mode === Mode.HASH && !decimal ? shorter(q, command, there, minors) : null;
      const at = flowArgument(command, 'baseclass');
      const divisor = flowArgument(command, 'divisor');
      yield {
        command,
        word: at >= 0 ? at : divisor >= 0 ? divisor : command.words.indexOf('flow', 2),
        message: `${count(missing.length, minors.length)}: ${minorsText(missing, major)}`,
        effect: `${effect}${decimal ? DECIMAL : mend === null && q.kind.classes !== null ? WAY_OUT : ''}`,
        severity: lost ? 'error' : 'warning',
        mend,
      };
    }
  },
};

/** Filters of other kinds: each names one class. */
function* named(tree: Setup): Generator<Found> {
  for (const filter of tree.filters) {
    const { q, target, actions, command } = filter;
    if (target === null || !tree.known(q) || isDeaf(filter) || actions?.leavesToClass === false) continue;
    if (lostAt(q) === 'own' || isThere(target, q)) continue;
    const { effect, lost } = fateOfLost(q);
    const buckets = bucketsOf(q);
    const id = classText(target);
    yield {
      command,
      word: classWord(command, target),
      message: buckets === null ? `the class ${id} does not exist` : `${id} names none of the ${buckets} buckets`,
      effect,
      severity: lost ? 'error' : 'warning',
    };
  }
}

/** The class, band or bucket; or the qdisc itself where that is no loss: X:0 is htb's way past all classes. */
function isThere(target: number, q: Qdisc): boolean {
  const minor = tcMinor(target);
  if (target === q.handle && !drops(q)) return true;
  const buckets = bucketsOf(q);
  if (buckets !== null) return minor >= 1 && minor <= buckets;
  // prio_classify(), ets_classify(): of the class id only the minor counts.
  return lostAt(q) === 'band' ? minor >= 1 && minor <= q.bandCount : q.classes.get(target) !== null;
}

/** Index of the class id, behind whichever of tc's two words for it. */
function classWord({ words }: Command, target: number): number {
  const isKeyword = (word = ''): boolean => word !== '' && (matches(word, 'flowid') || matches(word, 'classid'));
  return words.findIndex((word, i) => i > 2 && isKeyword(words[i - 1]) && getClassid(word) === target);
}

const DECIMAL = '; the classes are counted in decimal: see FT007';
const WAY_OUT = '; cls-flow classes --script FILE prints the commands that make all classes';

const NONE: ReadonlySet<number> = new Set();

/** How many of how many are missing. */
function count(missing: number, all: number): string {
  if (all === 1) return 'the class does not exist';
  return missing === all ? `none of the ${all} classes exists` : `${missing} of ${all} classes do not exist`;
}

/** Numbers that somebody chooses: reported only where not one of them could be a class. */
function unbounded({ flow }: Pick<FilterAt, 'flow'>, there: ReadonlySet<number>): number[] {
  const [key] = keysOf(flow?.config.keymask ?? 0);
  if (key === undefined || !CHOSEN.has(key) || flow?.config.mode === Mode.HASH) return [];
  const base = tcMinor(flow?.config.baseclass ?? 0);
  return [...there].some((minor) => minor >= base) ? [] : [base];
}

/**
 * A hash over the longest row of leaf classes that are there. null: there is no such row, or classes that the filter
 * gives today would be left out: then it is the missing ones that are meant.
 */
function shorter(q: Qdisc, command: Command, there: ReadonlySet<number>, minors: readonly number[]): Edit[] | null {
  const major = tcMajor(q.handle);
  const leaves = new Set([...there].filter((minor) => (q.classes.get(tcH(major, minor))?.children ?? 0) === 0));
  const rows = [...leaves]
    .filter((minor) => !leaves.has(minor - 1))
    .map((first) => ({ first, count: row(leaves, first) }));
  const [best] = rows.sort((a, b) => b.count - a.count);
  if (best === undefined || best.count < 2) return null;
  const inRow = (minor: number): boolean => minor >= best.first && minor < best.first + best.count;
  if (minors.some((minor) => leaves.has(minor) && minor !== defaultMinor(q) && !inRow(minor))) return null;
  const base = classidText(tcH(major, best.first));
  return [
    option(command, flowArgument(command, 'divisor'), 'divisor', String(best.count)),
    option(command, flowArgument(command, 'baseclass'), 'baseclass', base),
  ];
}

function row(leaves: ReadonlySet<number>, first: number): number {
  let count = 0;
  while (leaves.has(first + count)) count++;
  return count;
}

export const PAGE: Page = {
  happens: [
    'A flow filter gives numbers of classes, filters of other kinds name one. What happens depends on the qdisc.',
    'drr and qfq drop the packet (fate-018, fate-019).',
    'htb uses the default class; if that is missing or has children, htb sends the packet directly, past all limits (fate-009 to fate-013).',
    'hfsc does the same, but drops where htb sends directly (fate-015).',
    'prio and ets use the band of priority 0, whatever priority the packet has (fate-020).',
  ],
  mend: [
    'Make the classes, with their numbers in hexadecimal: `cls-flow classes` prints the commands.',
    'Or give the filter the `baseclass` and `divisor` of the classes that exist.',
  ],
  found: [
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: drr',
        'tc class add dev eth0 parent 1: classid 1:1 drr',
        'tc class add dev eth0 parent 1: classid 1:2 drr',
        'tc filter add dev eth0 parent 1: protocol all prio 1 handle 1 flow hash keys src divisor 3',
      ],
      line: 4,
      word: '3',
    },
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: prio',
        'tc filter add dev eth0 parent 1: protocol ip prio 1 u32 match ip protocol 1 0xff flowid 1:9',
      ],
      line: 2,
      word: '1:9',
    },
  ],
  clean: [
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: htb default 10',
        'tc class add dev eth0 parent 1: classid 1:10 htb rate 1mbit',
        'tc filter add dev eth0 parent 1: protocol ip prio 1 u32 match ip protocol 1 0xff flowid 1:10',
        'tc filter add dev eth0 parent 1: protocol all prio 2 matchall classid 1:77 action drop',
      ],
      why: 'The class is there; of packets that an action takes the class does not count.',
    },
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: drr',
        'tc class add dev eth0 parent 1: classid 1:1 drr',
        'tc class add dev eth0 parent 1: classid 1:2 drr',
        'tc filter add dev eth0 parent 1: protocol all prio 1 handle 1 flow hash keys src divisor 2',
      ],
      why: 'There are two classes for two numbers.',
    },
  ],
};

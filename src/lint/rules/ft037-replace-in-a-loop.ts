import { counted, matches } from '../../lang/index.ts';
import type { Found, Rule } from '../finding.ts';
import type { Command, Script } from '../script.ts';
import type { Page } from './page.ts';

/** net/sched/sch_api.c: tc_modify_qdisc() and net/sched/cls_api.c: tc_new_tfilter() with NLM_F_REPLACE. */
export const FT037: Rule = {
  code: 'FT037',
  severity: 'warning',
  title: '`replace` in a loop, where only the last turn stays',
  *look({ script }) {
    yield* script.simulated === null ? written(script) : turns(script);
  },
};

/** What a loop makes once and again, by the place and the object. */
function* turns({ commands }: Script): Generator<Found> {
  const seen = new Map<string, { readonly command: Command; readonly text: string; readonly count: number }>();
  for (const command of commands) {
    const object = command.loops.length === 0 ? null : objectOf(command.words);
    if (object === null) continue;
    const { file, line, column } = command.place;
    const key = `${command.netns} ${object.name} ${line}:${column} ${file ?? ''}`;
    const text = command.words.join(' ');
    const before = seen.get(key);
    const isOther = before !== undefined && before.text !== text;
    seen.set(key, { command, text, count: (before?.count ?? 0) + (isOther || before === undefined ? 1 : 0) });
  }
  for (const { command, count } of seen.values()) {
    if (count > 1) yield found(command, `${counted(count, 'turn')} of the loop make the same`);
  }
}

/** Lines that no run has expanded: the object is the same in every turn, and something else is not. */
function* written({ unexpanded, texts }: Script): Generator<Found> {
  const commands = unexpanded.filter(({ words }) => hasVariable(objectOf(words)?.name) === false);
  if (commands.length === 0) return;
  const loops = linesInFor(texts.get(null) ?? '');
  for (const command of commands) {
    if (loops.has(command.line)) yield found(command, 'every turn of the loop makes the same');
  }
}

const hasVariable = (text: string | undefined): boolean | null => (text === undefined ? null : /[$`]/.test(text));

function found(command: Command, turns: string): Found {
  const { what } = objectOf(command.words) ?? { what: 'object' };
  return {
    command,
    word: 1,
    message: `${turns} ${what}, and each replaces the one before`,
    effect: `only what the last turn makes is there in the end; a ${what} for each turn needs another ${DIFFERS[what] ?? 'name'}`,
  };
}

/** What tells objects of one kind apart. */
const DIFFERS: Readonly<Record<string, string>> = {
  qdisc: 'parent or device',
  class: 'classid',
  filter: 'prio or handle',
};

/** The words of an object's name that a value follows, and those that stand for themselves. */
const NAMED = ['dev', 'block', 'parent', 'classid', 'handle', 'chain', 'preference', 'priority', 'protocol'];
const ALONE = ['root', 'ingress', 'egress'];

/** What `replace` names; null: these words replace nothing, or each time make something new. */
function objectOf(words: readonly string[]): { readonly what: string; readonly name: string } | null {
  const [object = '', verb = ''] = words;
  const what = Object.keys(DIFFERS).find((one) => matches(object, one));
  if (what === undefined || verb === '' || !matches(verb, 'replace')) return null;
  const options = optionsOf(words);
  // A qdisc is told by its place. A filter without these gets a number that is free.
  if (what === 'qdisc') options.delete('handle');
  if (what === 'filter' && !(options.has('preference') && options.has('handle'))) return null;
  if (what === 'class' && !options.has('classid')) return null;
  const name = Array.from(options, ([option, value]) => `${option} ${value}`).sort();
  return { what, name: [what, ...name].join(' ') };
}

function optionsOf(words: readonly string[]): Map<string, string> {
  const options = new Map<string, string>();
  for (let at = 2; at < words.length; at++) {
    const word = words[at] ?? '';
    const option = NAMED.find((one) => word === one || (word.length > 2 && matches(word, one)));
    if (option === undefined && !ALONE.includes(word)) return options;
    options.set(
      option === 'priority' ? 'preference' : (option ?? word),
      option === undefined ? '' : (words[++at] ?? ''),
    );
  }
  return options;
}

const KEYWORD = /(?:^|[;&|]|\b(?:do|then|else)\b)\s*(?<word>for|while|until|done)\b/g;

/** Lines that a `for` loop goes over. What `while` does again and again may well be meant to replace. */
function linesInFor(text: string): Set<number> {
  const found = new Set<number>();
  const open: string[] = [];
  for (const [i, line] of text.split('\n').entries()) {
    let isInside = open.includes('for');
    for (const { groups: { word = '' } = {} } of line.matchAll(KEYWORD)) {
      if (word === 'done') open.pop();
      else open.push(word);
      isInside ||= word === 'for';
    }
    if (isInside) found.add(i + 1);
  }
  return found;
}

export const PAGE: Page = {
  happens: [
    '`replace` changes the object that is there, or makes it.',
    'In a loop that names the same object in every turn, each turn replaces what the turn before made: only the last one stays.',
    'With `add`, the second turn would be refused, and the mistake would be seen.',
  ],
  mend: ['Give each turn a prio, a handle, a parent or a device of its own: `prio $i`.'],
  found: [
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: htb default 10',
        'for mark in 1 2 3; do',
        '  tc filter replace dev eth0 parent 1: protocol all prio 1 handle 1 fw classid 1:$mark',
        'done',
      ],
      line: 3,
      word: 'replace',
    },
    {
      script: [
        'for rate in 1mbit 2mbit; do tc qdisc replace dev eth0 root tbf rate $rate burst 15k latency 50ms; done',
      ],
      line: 1,
      word: 'replace',
    },
  ],
  clean: [
    {
      script: ['for dev in eth0 eth1; do', '  tc qdisc replace dev $dev root fq_codel', 'done'],
      why: 'Each turn has another device.',
    },
    {
      script: ['while sleep 9; do', '  tc qdisc replace dev eth0 root tbf rate $RATE burst 15k latency 50ms', 'done'],
      why: 'The rate follows something, so it is meant to be replaced.',
    },
    {
      script: [
        'tc qdisc add dev eth0 root handle 1: htb default 10',
        'for mark in 1 2 3; do',
        '  tc filter replace dev eth0 parent 1: protocol all prio 1 handle $mark fw classid 1:$mark',
        'done',
      ],
      why: 'Each turn has another handle.',
    },
  ],
};

import { bucketSize } from './bucket.ts';
import { atAction, atPolice, type Printed, Unread } from './printed.ts';

/** How tc's print of a filter's actions is typed again. */

/** The words of all actions of a filter, which stand at the end of its print. */
export function actionWords(printed: Printed): string[] {
  const words: string[] = [];
  if (atPolice(printed)) words.push(...police(printed));
  while (!printed.done) {
    if (!atAction(printed)) throw new Unread(`"${printed.peek()}" is not known here`);
    printed.next();
    printed.next();
    printed.next();
    words.push('action', ...oneAction(printed));
  }
  return words;
}

/** Its number and what stands around it: the same number in two filters is one action. */
interface Around {
  readonly index: string;
  /** What is printed behind the number and belongs to the action. */
  readonly behind: readonly string[];
}

/** What each kind prints before its number, typed again without the number. */
type Body = (body: string[], around: Around) => readonly string[];

const asPrinted: Body = (body) => withoutDefault(body);

/** The last word is what becomes of the packet. `stolen` is nothing that can be typed: redirecting is followed by it. */
function withoutDefault(body: readonly string[]): readonly string[] {
  return body.at(-1) === 'stolen' ? body.slice(0, -1) : body;
}

const BODIES: Readonly<Record<string, Body>> = {
  gact,
  mirred,
  skbedit: asPrinted,
  connmark: asPrinted,
  ctinfo: ([kind = '', ...zoneAndControl], { behind }) => {
    const at = behind.indexOf('dscp');
    const marks = behind.indexOf('cpmark');
    return [
      kind,
      ...(at < 0 ? [] : behind.slice(at, at + 3)),
      ...(marks < 0 ? [] : behind.slice(marks, marks + 2)),
      ...zoneAndControl,
    ];
  },
  vlan: asPrinted,
  nat: asPrinted,
  ct: asPrinted,
  csum: (body) => body.flatMap((word) => (word === 'action' ? [] : [word.replace(/[(),]/g, '')])),
  sample: (body) =>
    asPrinted(
      body.map((word, i) => (body[i - 1] === 'rate' ? word.replace('1/', '') : word === 'trunc_size' ? 'trunc' : word)),
      NOWHERE,
    ),
};

const NOWHERE: Around = { index: '', behind: [] };

/** `gact action goto chain 5 random type none pass val 0` */
function gact(body: string[]): readonly string[] {
  const [kind = ''] = body;
  const at = body.indexOf('random');
  const control = body.slice(2, at < 0 ? body.length : at);
  const [, , type = 'none', ...then] = at < 0 ? [] : body.slice(at);
  const value = then.indexOf('val');
  if (type === 'none') return [kind, ...control];
  return [kind, ...control, 'random', type, ...then.slice(0, value), then[value + 1] ?? ''];
}

/** `mirred (Egress Redirect to device ifb0) stolen` */
function mirred(body: string[]): readonly string[] {
  const [, direction = '', what = '', , , device = '', ...control] = body;
  const words = ['mirred', direction.slice(1).toLowerCase(), what.toLowerCase(), 'dev', device.replace(/\)$/, '')];
  return withoutDefault([...words, ...control]);
}

function oneAction(printed: Printed): string[] {
  if (atPolice(printed)) return police(printed);
  const body = printed.until((at) => atAction(at) || atNumber(at));
  const [kind = ''] = body;
  const typed = BODIES[kind];
  if (typed === undefined || !printed.take('index')) throw new Unread(`an action ${kind} is not read back`);
  const index = printed.next();
  const behind = printed.until(atAction);
  const cookie = behind.indexOf('cookie');
  const stats = behind.indexOf('hw_stats');
  const end = [
    ...['index', index, ...(cookie < 0 ? [] : behind.slice(cookie, cookie + 2))],
    ...(stats < 0 ? [] : behind.slice(stats, stats + 2)),
    ...(behind.includes('no_percpu') ? ['no_percpu'] : []),
  ];
  return [...typed(body, { index, behind }), ...end];
}

const atNumber = (printed: Printed): boolean => printed.peek() === 'index' && printed.peek(2) === 'ref';

/** `police 0x1 rate 1Mbit burst 10Kb mtu 2Kb action drop/pipe overhead 0b` */
function police(printed: Printed): string[] {
  printed.next();
  const words = ['police', 'index', String(Number(printed.next()))];
  for (;;) {
    const word = printed.next();
    if (POLICE_VALUES.has(word)) words.push(word, printed.next());
    else if (word === 'overhead') words.push(word, printed.next().replace(/b$/, ''));
    else if (word === 'action') words.push('conform-exceed', controls(printed));
    else if (word === 'ref') break;
    else throw new Unread(`"${word}" of police is not known here`);
  }
  printed.until(atAction);
  return withoutDefaults(words);
}

const POLICE_VALUES: ReadonlySet<string> = new Set([
  ...['rate', 'burst', 'mtu', 'peakrate', 'avrate', 'linklayer', 'pkts_rate', 'pkts_burst'],
]);

/** `drop/pipe`: what becomes of packets that exceed, and of those that conform. */
function controls(printed: Printed): string {
  const control = printed.next();
  if (/^(?:goto|jump)/.test(control)) throw new Unread('police with goto or jump is not read back');
  return control;
}

/** What tc prints where nothing was given: a policer may count packets, or only look at the average. */
const DEFAULTS: Readonly<Record<string, string>> = { rate: '0bit', burst: '0b', mtu: '4096Mb', linklayer: 'unspec' };

function withoutDefaults(words: readonly string[]): string[] {
  const rate = words[words.indexOf('rate') + 1] ?? '';
  const isDefault = (at: number): boolean =>
    Object.hasOwn(DEFAULTS, words[at] ?? '') && DEFAULTS[words[at] ?? ''] === words[at + 1];
  return words.flatMap((word, at) => {
    if (isDefault(at) || isDefault(at - 1)) return [];
    return words[at - 1] === 'burst' ? [bucketSize(word, rate)] : [word];
  });
}

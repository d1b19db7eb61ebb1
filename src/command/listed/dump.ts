import { FormatError } from '../../errors.ts';
import { isClassOption } from './options.ts';
import { type Thing, thingOf } from './things.ts';

type Members = Readonly<Record<string, unknown>>;

/** What tc before 2024 wrote into its JSON where a flow filter's options belong: the text that it prints otherwise. */
const BROKEN = /"options":\s*\{\s*(handle 0x[0-9a-f]+[^"{}[\]]*)/g;

/** The things in what `tc -j … show` prints: one array, or several one after the other. Throws FormatError if it ends early. */
export function readDump(text: string): Thing[] {
  const repaired = text.replace(BROKEN, (whole, options: string, at: number) => {
    const comma = text[at + whole.length] === '"' ? ',' : '';
    const feeds = '\n'.repeat(options.split('\n').length - 1);
    return `"options":{"text":${JSON.stringify(options)}${comma}${feeds}`;
  });
  return [...objectsOf(repaired)].flatMap(({ line, members }) => {
    const words = wordsOf(members);
    return words === null ? [] : [thingOf(line, words)];
  });
}

/** Each object of the arrays, with the line on which its options begin, or its own. */
function* objectsOf(text: string): Generator<{ readonly line: number; readonly members: Members }> {
  let line = 1;
  let at = 0;
  for (const [from, to] of spansOf(text)) {
    line += feeds(text.slice(at, from));
    at = from;
    const source = text.slice(from, to);
    const options = source.indexOf('"options":');
    yield { line: line + (options < 0 ? 0 : feeds(source.slice(0, options))), members: parsed(source, from) };
  }
}

const feeds = (text: string): number => text.split('\n').length - 1;

/** From where to where the outermost objects reach. */
function* spansOf(text: string): Generator<readonly [from: number, to: number]> {
  let depth = 0;
  let from = 0;
  let arrays = 0;
  for (const { 0: token, index } of text.matchAll(/"(?:\\.|[^"\\])*"|[{}[\]]|[^\s,"{}[\]]+/g)) {
    if (token === '{' && depth++ === 0) from = index;
    else if (token === '}' && --depth === 0) yield [from, index + 1];
    else if (depth === 0 && token === '[') arrays++;
    else if (depth === 0 && token === ']') arrays--;
    else if (depth <= 0) throw damaged(index);
    if (arrays < 0) throw damaged(index);
  }
  if (depth !== 0 || arrays !== 0) throw damaged(text.length);
}

const damaged = (at: number): FormatError =>
  new FormatError(at, 'this is not what tc -j prints: it ends early or is no JSON');

/** The keys of u32 filters have one name all, of which JSON keeps the last only. */
function parsed(source: string, at: number): Members {
  let keys = 0;
  const named = source.replace(/"match":(?=\s*\{\s*"value")/g, () => `"match ${keys++}":`);
  try {
    return JSON.parse(named) as Members;
  } catch {
    throw damaged(at);
  }
}

/** The same in the words of the text that tc prints; null: it is nothing that can be made. */
function wordsOf(members: Members): string[] | null {
  if (typeof members.class === 'string') {
    const kind = members.class;
    const options = Object.fromEntries(Object.entries(members).filter(([name]) => isClassOption(kind, name)));
    return ['class', kind, one(members.handle), ...headOf(members), ...optionWords(kind, options)];
  }
  if (typeof members.kind !== 'string') return null;
  const { kind } = members;
  const options = isMembers(members.options) ? members.options : {};
  if (members.handle === undefined) {
    const chain = members.chain === undefined ? [] : ['chain', one(members.chain)];
    return ['filter', ...headOf(members), kind, ...chain, ...filterWords(kind, options)];
  }
  return ['qdisc', kind, one(members.handle), ...headOf(members), ...optionWords(kind, options)];
}

const HEAD = ['dev', 'block', 'parent', 'protocol', 'pref', 'refcnt', 'ingress_block', 'egress_block'];

function headOf(members: Members): string[] {
  const hooks = ['root', 'ingress', 'egress'].filter((name) => members[name] === true);
  return [...hooks, ...HEAD.flatMap((name) => (members[name] === undefined ? [] : [name, one(members[name])]))];
}

const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A member as one word; tc prints no objects there, whose texts might be anything. */
function one(value: unknown): string {
  if (typeof value === 'object') throw new FormatError(0, 'this is not what tc -j prints: a text or a number expected');
  return String(value).replace(/\s+/g, '');
}

/** Bytes a second and microseconds are numbers in JSON; the text has units. */
const UNITS: Readonly<Record<string, string>> = {
  ...units('bps', 'rate ceil peakrate maxrate defrate low_rate_threshold bandwidth m1 m2'),
  ...units('us', 'target interval ce_threshold tupdate rtt lat refill_delay horizon d rehash db'),
  timer_slack: 'ns',
};

function units(unit: string, names: string): Record<string, string> {
  return Object.fromEntries(names.split(' ').map((name) => [name, unit]));
}

/** Members whose text is not their name and their value, by kind. `null`: it is not printed. */
const SPECIAL: Readonly<Record<string, Readonly<Record<string, (value: unknown) => readonly string[]>>>> = {
  cake: {
    ...Object.fromEntries(['diffserv', 'flowmode', 'autorate', 'atm'].map((name) => [name, (value) => [one(value)]])),
    nat: (on) => [on === true ? 'nat' : 'nonat'],
    wash: (on) => [on === true ? 'wash' : 'nowash'],
    split_gso: (on) => [on === true ? 'split-gso' : 'no-split-gso'],
    'ack-filter': (value) => [
      { enabled: 'ack-filter', aggressive: 'ack-filter-aggressive' }[one(value)] ?? 'no-ack-filter',
    ],
    fwmark: (value) => (one(value) === '0' ? [] : ['fwmark', one(value)]),
    rtt: (value) => (value === 0 ? [] : ['rtt', `${one(value)}us`]),
  },
  fq: {
    pacing: (on) => (on === false ? ['nopacing'] : []),
    horizon_cap: () => ['horizon_cap'],
    horizon_drop: () => ['horizon_drop'],
  },
  htb: {
    burst_cell: () => [],
    cburst_cell: () => [],
    mpu_ceil: () => [],
    mpu_rate: (value) => ['mpu', one(value)],
    offload: () => ['offload'],
  },
  multiq: { max_bands: () => [] },
  sfb: { target: (value) => ['target', one(value)] },
};

/** A qdisc's or a class's members as words. */
function optionWords(kind: string, options: Members): string[] {
  return Object.entries(options).flatMap(([name, value]) => {
    const special = SPECIAL[kind]?.[name];
    if (special !== undefined) return special(value);
    if (name === 'ce_threshold_mask') return [];
    if (name === 'ce_threshold_selector') return [name, `${one(value)}/${one(options.ce_threshold_mask ?? 0)}`];
    return memberWords(name, value);
  });
}

function memberWords(name: string, value: unknown): string[] {
  if (value === true) return [name];
  if (value === false || value === null) return [];
  if (Array.isArray(value)) return [name, ...value.map(one)];
  if (isMembers(value)) return [name, ...Object.entries(value).flatMap(([inner, it]) => memberWords(inner, it))];
  const unit = typeof value === 'number' ? (UNITS[name] ?? '') : '';
  return [name, `${one(value)}${unit}`];
}

/** A filter's options as words: of each kind its own, then what it does with a packet. */
function filterWords(kind: string, options: Members): string[] {
  if (typeof options.text === 'string') {
    const { text, actions: _, ...more } = options;
    // A policer of old, which is not in the text.
    return [...options.text.trim().split(/\s+/), ...Object.keys(more), ...actionsOf(options)];
  }
  const { actions: _, ...own } = options;
  const write = FILTERS[kind];
  const words =
    write === undefined ? Object.entries(own).flatMap(([name, value]) => memberWords(name, value)) : write(own);
  return [...words, ...actionsOf(options)];
}

const FILTERS: Readonly<Record<string, (options: Members) => readonly string[]>> = {
  flow: ({ mode, keys, match, ...rest }) => {
    const names = [keys ?? []].flat().map(one).join(',');
    const { handle, ...own } = rest;
    return [
      ...(handle === undefined ? [] : ['handle', one(handle)]),
      ...(mode === undefined ? [] : [one(mode)]),
      ...(names === '' ? [] : ['keys', names]),
      ...Object.entries(own).flatMap(([name, value]) => memberWords(name, value)),
      ...matchOf(match),
    ];
  },
  fw: ({ fw, indev, ...rest }) => {
    const { mark = '0x0', mask } = isMembers(fw) ? fw : {};
    const whole = mask === undefined || one(mask) === '0xffffffff' ? one(mark) : `${one(mark)}/${one(mask)}`;
    return [
      ...(fw === undefined ? [] : ['handle', whole]),
      ...Object.entries(rest).flatMap(([name, value]) => memberWords(name, value)),
      ...(indev === undefined ? [] : ['input', 'dev', one(indev)]),
    ];
  },
  basic: ({ handle, match, ...rest }) => [
    ...(handle === undefined ? [] : ['handle', `0x${one(handle)}`]),
    ...Object.entries(rest).flatMap(([name, value]) => memberWords(name, value)),
    ...matchOf(match),
  ],
  matchall: ({ handle, rule_hit: _, ...rest }) => [
    ...handleOf(handle),
    ...Object.entries(rest).flatMap(([name, value]) => memberWords(name, value)),
  ],
  flower: ({ handle, keys, ...rest }) => [
    ...handleOf(handle),
    ...Object.entries(rest).flatMap(([name, value]) => memberWords(name, value)),
    ...(isMembers(keys) ? flowerKeys(keys) : []),
  ],
  u32: u32Words,
};

const handleOf = (handle: unknown): string[] =>
  typeof handle === 'number'
    ? ['handle', `0x${handle.toString(16)}`]
    : handle === undefined
      ? []
      : ['handle', one(handle)];

const matchOf = (match: unknown): string[] => (match === undefined ? [] : String(match).trim().split(/\s+/));

function flowerKeys(keys: Members): string[] {
  return Object.entries(keys).flatMap(([name, value]) => {
    if (name.endsWith('_mask')) return [];
    const mask = keys[`${name}_mask`];
    if (isMembers(value)) return [name, `${one(value.start)}-${one(value.end)}`];
    return [name, mask === undefined ? one(value) : `${one(value)}/0x${one(mask)}`];
  });
}

function u32Words(options: Members): string[] {
  return Object.entries(options).flatMap(([name, value]) => {
    if (name.startsWith('match ') && isMembers(value)) {
      return ['match', `${hex8(value.value)}/${hex8(value.mask)}`, 'at', `${one(value.offmask)}${one(value.off)}`];
    }
    const write = U32[name];
    return write === undefined ? memberWords(name, value) : write(value, options);
  });
}

const hex8 = (value: unknown): string => one(value).padStart(8, '0');

const U32: Readonly<Record<string, (value: unknown, options: Members) => readonly string[]>> = {
  ht_divisor: (value) => ['ht', 'divisor', one(value)],
  key_ht: (value) => ['key', 'ht', one(value)],
  fwmark_value: (value, { fwmark_mask: mask }) => ['mark', one(value), one(mask)],
  fwmark_mask: () => [],
  fwmark_success: () => [],
  rule_hit: () => [],
  success: () => [],
  input_dev: (value) => ['input', 'dev', one(value)],
  offset_mask: (mask, { offset_shift: shift, offset_off: off }) => [
    'offset',
    `${one(mask)}>>${one(shift)}`,
    'at',
    one(off),
  ],
  offset_shift: () => [],
  offset_off: () => [],
  plus: (value, { offset_mask: mask }) => [...(mask === undefined ? ['offset'] : []), 'plus', one(value)],
  hash_mask: (mask, { hash_off: off }) => ['hash', 'mask', one(mask), 'at', one(off)],
  hash_off: () => [],
};

/** Members of an action that stand behind its number, or tell nothing that can be typed. */
const BEHIND: ReadonlySet<string> = new Set([
  ...[
    'order',
    'kind',
    'type',
    'index',
    'ref',
    'bind',
    'cookie',
    'installed',
    'last_used',
    'first_used',
    'expires',
    'stats',
  ],
  ...['not_in_hw', 'in_hw', 'in_hw_count', 'skip_hw', 'skip_sw', 'no_percpu', 'used_hw_stats', 'hw_stats'],
]);

function actionsOf({ actions }: Members): string[] {
  if (!Array.isArray(actions)) return [];
  return actions
    .filter(isMembers)
    .flatMap((action) => ['action', 'order', `${one(action.order)}:`, ...actionOf(action)]);
}

function actionOf(action: Members): string[] {
  const kind = one(action.kind ?? action.type ?? '');
  const own = Object.fromEntries(Object.entries(action).filter(([name]) => !BEHIND.has(name)));
  const write = ACTIONS[kind];
  const body = write === undefined ? ['not', 'read', 'in', 'JSON'] : write(own);
  const cookie = action.cookie === undefined ? [] : ['cookie', one(action.cookie)];
  return [kind, ...body, 'index', one(action.index ?? 0), 'ref', '1', 'bind', '1', ...marksOf(action), ...cookie];
}

function controlOf(control: unknown): string[] {
  if (!isMembers(control)) return [];
  const { type, chain, jump } = control;
  return [
    ...one(type).split(/\s+/),
    ...(chain === undefined ? [] : ['chain', one(chain)]),
    ...(jump === undefined ? [] : [one(jump)]),
  ];
}

/** What ctinfo sets stands behind the number. */
function marksOf({ dscpmask, dscpstatemask, cpmark }: Members): string[] {
  return [
    ...(dscpmask === undefined ? [] : ['dscp', one(dscpmask), one(dscpstatemask ?? 0)]),
    ...(cpmark === undefined ? [] : ['cpmark', one(cpmark)]),
  ];
}

const ACTIONS: Readonly<Record<string, (action: Members) => readonly string[]>> = {
  gact: ({ control_action: control, prob }) => {
    const { random_type: type = 'none', control_action: then, val = 0 } = isMembers(prob) ? prob : {};
    return ['action', ...controlOf(control), 'random', 'type', one(type), ...controlOf(then), 'val', one(val)];
  },
  mirred: ({ mirred_action: what, direction, to_dev: device, control_action: control }) => [
    `(${one(direction)}`,
    one(what),
    'to',
    'device',
    `${one(device)})`,
    ...controlOf(control),
  ],
  skbedit: ({ mask, control_action: control, ...rest }) => [
    ...Object.entries(rest).flatMap(([name, value]) =>
      name === 'mark' && mask !== undefined
        ? ['mark', `${one(value)}/0x${one(mask)}`]
        : value === null
          ? [name]
          : memberWords(name, value),
    ),
    ...controlOf(control),
  ],
  connmark: ({ zone, control_action: control }) => ['zone', one(zone), ...controlOf(control)],
  ctinfo: ({ zone, control_action: control }) => ['zone', one(zone), ...controlOf(control)],
  vlan: ({ vlan_action: what, control_action: control, ...rest }) => [
    one(what),
    ...Object.entries(rest).flatMap(([name, value]) => memberWords(name, value)),
    ...controlOf(control),
  ],
  csum: ({ csum, control_action: control }) => [...String(csum).split(/[\s,]+/), 'action', ...controlOf(control)],
  nat: ({ direction, old_addr: from, new_addr: to, control_action: control }) => [
    ...[direction, from, to].map(one),
    ...controlOf(control),
  ],
  sample: ({ rate, control_action: control, ...rest }) => [
    'rate',
    one(rate),
    ...Object.entries(rest).flatMap(([name, value]) => memberWords(name, value)),
    ...controlOf(control),
  ],
  ct: ({ action, control_action: control, ...rest }) => [
    ...(action === undefined ? [] : String(action).split(/\s+/)),
    ...Object.entries(rest).flatMap(([name, value]) => [name, ...String(value).split(/\s+/)]),
    ...controlOf(control),
  ],
};

/**
 * Calls every function and constructor of every door with wrong values, one argument at a time, and prints what was no
 * result and no error of our own. In a program of its own: a call that does not end is ended from outside.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const ROOT = new URL('../../', import.meta.url);
/** Arguments that are tried: no function has more that must be there. */
const MOST_ARGUMENTS = 5;
/** How much of a generator is taken. */
const MOST_ITEMS = 100;

type Callable = (...args: unknown[]) => unknown;
type Door = Readonly<Record<string, unknown>>;

interface Entry {
  readonly name: string;
  readonly call: Callable;
  readonly door: string;
}

const manifest = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8')) as {
  readonly exports: Readonly<Record<string, { readonly default?: string }>>;
};
const DOORS: ReadonlyMap<string, Door> = new Map(
  await Promise.all(
    Object.entries(manifest.exports).flatMap(([name, { default: file }]) =>
      file === undefined ? [] : [import(new URL(file, ROOT).href).then((door: Door) => [name, door] as const)],
    ),
  ),
);

/** A class's prototype cannot be replaced, a function's can. */
const isClass = (of: Callable): boolean => Object.getOwnPropertyDescriptor(of, 'prototype')?.writable === false;

const entries: readonly Entry[] = [...DOORS].flatMap(([door, exports]) =>
  Object.entries(exports).flatMap(([name, of]) => {
    if (typeof of !== 'function') return [];
    const call = isClass(of as Callable) ? (...args: unknown[]) => Reflect.construct(of, args) : (of as Callable);
    return [{ name: `${door} ${name}`, call, door }];
  }),
);

function detached(): Uint8Array {
  const bytes = new Uint8Array(8);
  structuredClone(bytes, { transfer: [bytes.buffer] });
  return bytes;
}

/** Values that hardly any argument may have. */
const HOSTILE: readonly unknown[] = [
  ...[undefined, null, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1, 0.5, -0],
  ...[2 ** 31, 2 ** 32, 2 ** 40, 2 ** 53, -(2 ** 31) - 1, 1e300, 1n, -1n, 2n ** 80n, true, false],
  ...['', ' ', '\0', '\u001b[31m\u202e', '__proto__', 'constructor', '-1', '9'.repeat(400), '((((((', '"', '\ud800'],
  ...[Symbol('wrong'), {}, [], [null], [undefined], [Number.NaN], [2 ** 40], ['x', null], Object.create(null)],
  ...[() => {}, () => 'x', new Date(Number.NaN), new Map(), new Map([[{}, 'x']]), new Set(), Promise.resolve(1), /x/],
  ...[
    detached(),
    new Uint8Array(0),
    new Uint8Array(3),
    new Uint8Array(64).fill(0xff),
    new DataView(new ArrayBuffer(8)),
  ],
  ...[new Float64Array([Number.NaN]), new BigInt64Array(2), new ArrayBuffer(8)],
  ...[{ length: 2 ** 40 }, { length: -1 }, { [Symbol.iterator]: null }, new Proxy({}, {})],
  ...[{ data: new Uint8Array(4), at: 0, end: 400, length: 400, linkType: 1, seconds: 0, nanoseconds: 0 }],
  ...[{ data: detached(), at: 0, end: 8, length: 8, linkType: 1, seconds: 0, nanoseconds: 0 }],
];

/** Values that some argument takes: what is found to fit stands in the places that are not tried. */
function fitting(): readonly unknown[] {
  const { createEnv, createPacket, ERAS, describeFrame, planFilter, NO_METADATA } = door('.');
  const { Frame, UnpackNotes } = door('./capture');
  const { FlowKeys, Packet } = door('./packet');
  const { Tuple } = door('./conntrack');
  const { Printer, Words } = door('./lang');
  const { AttrWriter, u32, RTM } = door('./netlink');
  const { Netns } = door('./netns');
  const { NO_PARTS } = door('./flow');
  const { ACTIONS } = door('./action');
  const { EMATCHES, SET_TYPES } = door('./ematch');
  const { UNPACKERS } = door('./node');
  const clock = { now: 0 };
  const env = createEnv({ era: ERAS['6.1'], seed: 1, clock });
  const data = describeFrame('udp 192.0.2.1:1 > 192.0.2.4:2');
  const frame = Object.assign(new Frame(), { data, end: data.length, length: data.length, linkType: 1 });
  const packet = createPacket(env);
  const device = { hook: 'egress', vlan: 'offload' };
  door('./packet').enter(frame, packet, device);
  const netns = new Netns({ env, devices: [{ name: 'eth0', ifindex: 2 }] });
  const plan = planFilter('hash keys src divisor 8');
  const { classify, run } = runOf({ env, clock, device, filters: [plan] });
  const result = { classid: 0, handle: 0 };
  const transport = { request: (datagram: Uint8Array) => netns.request(datagram), links: netns.links };
  const world = { device: () => null, set: () => null, action: () => null };
  const show = { stats: true, details: true, raw: false, iec: false, device: () => null };
  const filter = classify.change(1, plan.options, {
    ...{ env, qdisc: 0x10000, sharedBlock: false, userNamespace: false, stream: 1 },
    build: () => ({ match: () => true, act: () => 0 }),
  });
  const sipKey = { k0lo: 1, k0hi: 2, k1lo: 3, k1hi: 4 };
  const tcm = { ifindex: 2, handle: 0, parent: 0x10000, info: 0 };
  const payload = new Uint8Array(64);
  const message = { type: RTM.NEWQDISC, flags: 1, seq: 1, pid: 0, payload };
  const prefix = { address: { family: 4, words: [1] }, length: 8 };
  const place = { dev: 'eth0', hook: 'egress' };
  return [
    ...[
      1,
      8,
      4,
      0,
      new Error('wrong'),
      'old',
      'eth0',
      '6.1',
      'flow',
      'exact',
      'egress',
      'text',
      'qdisc',
      'pcap',
      true,
      1n,
    ],
    ...[payload, plan.payload, ['a', 'b'], [1, 2, 3], new Int32Array(16), [frame], [message], [packet]],
    ...[() => netns, () => 0, (x: unknown) => x, frame, packet, new Packet(), new FlowKeys(), new Tuple()],
    ...[
      env,
      env.era,
      new Printer(),
      new Printer('json'),
      new Words(['map', 'key', 'dst']),
      new AttrWriter(),
      netns,
      run,
    ],
    ...[device, place, plan, plan.options, filter, result, transport, { transport }, world, show, sipKey, tcm, message],
    ...[
      NO_METADATA,
      NO_PARTS,
      UNPACKERS,
      new UnpackNotes(),
      ACTIONS[0],
      EMATCHES[0],
      u32,
      [EMATCHES[0]],
      prefix,
      clock,
    ],
    ...[
      { a: u32 },
      { a: [1, u32] },
      { a: 4 },
      { value: 1, selector: 1 },
      { input: 'mark', packets: 1 },
      new Map([[1, 1]]),
    ],
    ...[
      { env, devices: [] },
      { linkType: 1 },
      { era: env.era, seed: 1 },
      { format: 'pcap', little: true },
      [{ words: [] }],
    ],
    ...[{ quoted: false, bytes: payload }, { name: 'a', type: SET_TYPES[0], family: 4, netmask: 32 }, { name: 'eth1' }],
    ...[{ stopAtLabel: true, compressedPpp: true }, { rxhashKey: true, foldKey: true }, run.options],
    ...[{ tally: run.tally, sharing: null, filters: run.filterRows(), era: '6.1', seed: 1, errors: [] }],
    ...[{ parent: 'a', preference: 'b', maxPreference: 9, exclusive: () => '' }, door('./command').emptySelector(3)],
    ...[
      { node: () => ({ qdisc: '', kind: '', classes: [] }), device: () => null },
      door('./replay').explain(run, frame),
    ],
    ...[[], [{ quoted: false, bytes: payload }], [{ skipped: false, run: () => 0 }], door('./action').ACTIONS],
    ...[{ kind: 'own', id: 99, usage: '', codec: u32, ...partsOfEmatch }, () => trialOf()],
    ...[[{ linkType: 1, snapLength: 0, name: '' }], { ...place, ...settlePlace(env) }, { schema: 1, sets: [] }],
  ];
}

/** Arguments that a call takes, where they are not found by what it refuses: a source that is wrong is an error of its result. */
async function goodArguments(): Promise<Readonly<Record<string, readonly unknown[]>>> {
  const { tc, ERAS, createEnv, planFilter, Frame, describeFrame } = door('.');
  const { Observations, Takings } = door('./study');
  const { UNPACKERS } = door('./node');
  const capture = captureOf(describeFrame('udp 192.0.2.1:1 > 192.0.2.4:2'));
  const question = { filters: ['hash keys src divisor 16 perturb 10'], seed: 1, nat: [], flows: false };
  const nothing = (): void => {};
  const options = {
    ...{ signal: { aborted: false }, progress: nothing, warn: nothing, failed: nothing, note: nothing },
    ...{ script: nothing, copied: nothing, engine: 'auto', unpackers: UNPACKERS, tables: {} },
  };
  const search = async () => ({ seeds: [1], left: [1] });
  const seeds = { filter: 'hash keys src divisor 4', pairs: ['10.0.0.1>8.8.8.8=1:1'], first: 0, count: 64 };
  const plan = 'qdisc add dev eth0 root handle 1: htb';
  const { state } = tc(plan, null, { devices: ['eth0'] });
  const clock = { now: 0 };
  const env = createEnv({ era: ERAS['6.1'], seed: 1, clock });
  const { run } = runOf({
    env,
    clock,
    device: { hook: 'egress', vlan: 'offload' },
    filters: [planFilter('hash keys src')],
  });
  const seen = new Observations('host', [1, 3], env);
  const takings = new Takings(run);
  const data = describeFrame('udp 192.0.2.1:1 > 192.0.2.4:2');
  run.step(Object.assign(new Frame(), { data, end: data.length, length: data.length, linkType: 1 }));
  takings.add();
  seen.add(run.packet);
  const { transport } = transportOf(env);
  const { readSetup, planScript, study } = door('./study');
  const installed = readSetup(transport, 2);
  const tree = 'qdisc add dev eth0 root handle 1: htb\nclass add dev eth0 parent 1: classid 1:1 htb rate 1mbit\n';
  const planned = planScript(tree, () => transportOf(env).transport, 'eth0', installed);
  const choices = study(seen, [8], [1, 2]);
  const setup = { kind: 'htb', dev: 'eth0', keys: 'src', divisor: 4, link: 1e6 };
  const wanted = { dev: 'eth0', kind: 'htb', rate: 1e6, max: 64, tagged: false, active: 1 };
  const proposal = { qdisc: 'htb', shaper: null, keys: 'src', filter: 'hash keys src divisor 4', divisor: 4 };
  const sample = { keys: Int32Array.of(1), bucket: 1 };
  return {
    '. classify': [capture, question, { ...options, tables: { conntrack: [], metadata: [], sets: [] } }],
    '. explain': ['udp 10.0.0.1:1 > 8.8.8.8:53', question, options],
    '. check': [plan, { hosts: 5, txQueues: 2, name: 'plan' }],
    '. advise': [capture, { by: 'host', qdisc: 'htb', rate: '1mbit', dev: 'eth0', seeds: 2, max: 64 }, options],
    '. classes': [{ filters: ['hash keys src divisor 4'], kind: 'htb', rate: '1mbit', max: 9 }, options],
    '. captureHelp': [{ dev: 'wan0', lan: 'lan0' }, options],
    '. compare': [capture, question, question, options],
    '. recoverSeed': [seeds, { search, signal: { aborted: false }, progress: nothing }],
    '. diff': [plan, state, 'eth0'],
    '. tc': [['qdisc', 'show'], state, { kernel: '6.1', txQueues: 1, devices: ['eth1'] }],
    '. packets': [capture, question, nothing, options],
    '. spread': [capture, question, 3, { ...options, ended: nothing }],
    '. perturbed': [capture, question, { ...options, ended: nothing }],
    '. readQuestion': [question],
    '. hosts': [capture, question, { ...options, classid: '1:5', limit: 3 }],
    '. overTime': [capture, question, { ...options, bins: 4 }],
    '. indexPackets': [capture, question, { ...options, limit: 4 }],
    './study diffSetups': [planned, installed, 'eth0'],
    './study planScript': [tree, () => transportOf(env).transport, 'eth0', installed],
    './study readSetup': [transport, 2],
    './study searchSeeds': [[sample], 4, 0, 1000, []],
    './study setupCommands': [setup],
    './study setupScript': [setup],
    './study spreadOverSeeds': [takings, env, 1, 3],
    './study periods': [takings, run],
    './study study': [seen, [8, 16], [1, 2]],
    './study weigh': [choices, 1, wanted],
    './study setupOf': [proposal, wanted],
    './study mostOf': ['htb', 60, 4096],
    './study evenRates': [1e6, 4],
    './study rollbackCommands': [setup],
    './study Expecting': [run, [door('./study').parseExpectation('10.0.0.1 -> 1:1', false)]],
  };
}

function captureOf(data: Uint8Array): Uint8Array {
  const { Frame, PcapWriter } = door('./capture');
  const chunks: Uint8Array[] = [];
  const writer = new PcapWriter({ linkType: 1 }, (chunk: Uint8Array) => void chunks.push(chunk.slice()));
  writer.write(Object.assign(new Frame(), { data, end: data.length, length: data.length, linkType: 1 }));
  writer.finish();
  return new Uint8Array(Buffer.concat(chunks));
}

// biome-ignore lint/suspicious/noExplicitAny: the doors are taken as they come
function transportOf(env: unknown): any {
  const { Netns } = door('./netns');
  const netns = new Netns({ env, devices: [{ name: 'eth0', ifindex: 2 }] });
  return { netns, transport: { request: (datagram: Uint8Array) => netns.request(datagram), links: netns.links } };
}

const partsOfEmatch = { speak: () => {}, print: () => true, scope: () => 'packet', compile: () => () => true };
const trialOf = () => ({ run: () => ({ exit: 0, refusal: null }), assume: () => ({ exit: 0, refusal: null }) });
const settlePlace = (env: unknown) => ({
  ...{ env, qdisc: 0x10000, sharedBlock: false, userNamespace: false, stream: 1 },
  build: () => ({ match: () => true, act: () => 0 }),
});

// biome-ignore lint/suspicious/noExplicitAny: the doors are taken as they come
const door = (name: string): any => DOORS.get(name);

// biome-ignore lint/suspicious/noExplicitAny: the doors are taken as they come
function runOf(options: any): any {
  const { Run, FlowClassifier, NO_METADATA } = door('.');
  const known = { rxhashKey: false, foldKey: false };
  const run = new Run({ ...options, known, metadata: NO_METADATA, tracker: null, sharing: true });
  return { run, classify: new FlowClassifier(options.env) };
}

const OURS: readonly (abstract new () => unknown)[] = [
  ...[
    'ArgumentError',
    'FormatError',
    'KernelError',
    'UsageError',
    'NoPacketError',
    'SourceError',
    'CancelledError',
  ].map((name) => door('.')[name]),
  ...[door('./ematch').ArgsError, door('./node').ExistsError, door('./node').WriteError],
];

/** An error of our own, or what the system said of a file. */
function isOurs(error: unknown): boolean {
  if (OURS.some((kind) => error instanceof kind)) return true;
  const { syscall } = Object(error) as { readonly syscall?: unknown };
  return typeof syscall === 'string';
}

/** The error that a call throws, at once or later; null: it has a result. */
async function errorOf(call: Callable, args: readonly unknown[]): Promise<{ readonly error: unknown } | null> {
  try {
    await taken(call(...args));
    return null;
  } catch (error) {
    return { error };
  }
}

/** What is made only when it is taken, is taken. */
async function taken(result: unknown): Promise<void> {
  const { next } = Object(await result) as { readonly next?: unknown };
  if (typeof next !== 'function' || !(Symbol.iterator in Object(result) || Symbol.asyncIterator in Object(result)))
    return;
  const items = result as AsyncIterator<unknown>;
  for (let left = MOST_ITEMS; left > 0; left--) if ((await items.next()).done) return;
}

const fieldOf = (error: unknown): string => /^[^.[]*/.exec(String((error as { field?: unknown }).field))?.[0] ?? '';

/** Arguments that a function takes, found by what it refuses; where none fits, the place stays empty. */
async function argumentsOf({ call }: Entry, pool: readonly unknown[]): Promise<unknown[]> {
  const args: unknown[] = [];
  for (let at = 0; at < MOST_ARGUMENTS; at++) {
    const refused = await errorOf(call, args);
    if (!(refused?.error instanceof door('.').ArgumentError)) break;
    const field = fieldOf(refused?.error);
    for (const value of pool) {
      const next = await errorOf(call, [...args, value]);
      if (next?.error instanceof door('.').ArgumentError && fieldOf(next?.error) === field) continue;
      args[at] = value;
      break;
    }
    if (args.length <= at) args.push(undefined);
  }
  return args;
}

const describe = (value: unknown): string => {
  if (typeof value === 'bigint' || typeof value === 'symbol') return String(value);
  try {
    return (JSON.stringify(value) ?? String(value)).slice(0, 60);
  } catch {
    return typeof value;
  }
};

/** Files of the doors' functions stand in a folder of their own. */
const folder = mkdtempSync(path.join(tmpdir(), 'cls-flow-doors-'));
const inFolder = (value: unknown): unknown =>
  typeof value === 'string' ? path.join(folder, `f${value.replaceAll('/', '-').slice(0, 100)}`) : value;

/** The same object with one member that is wrong. */
function* wrongInside(of: unknown): Generator<{ readonly name: string; readonly value: unknown }> {
  if (typeof of !== 'object' || of === null) return;
  const prototype = Object.getPrototypeOf(of);
  if (prototype !== Object.prototype && prototype !== door('.').Frame.prototype) return;
  for (const key of Object.keys(of)) {
    for (const wrong of HOSTILE) {
      const value = Object.assign(Object.create(prototype), of, { [key]: wrong });
      yield { name: `${key} ${describe(wrong)}`, value };
    }
  }
}

const failures: string[] = [];
let calls = 0;
let answered = 0;

async function attempt({ name, call }: Entry, args: readonly unknown[], what: string): Promise<void> {
  calls++;
  const thrown = await errorOf(call, args);
  if (thrown === null) answered++;
  else if (!isOurs(thrown.error)) failures.push(`${name}: ${what}: ${String(thrown.error)}`);
}

async function main(): Promise<void> {
  const pool = fitting();
  const good = await goodArguments();
  for (const entry of entries) {
    const map = entry.door === './node' ? inFolder : (value: unknown) => value;
    const args = good[entry.name] ?? (await argumentsOf(entry, pool.map(map)));
    for (let at = 0; at < MOST_ARGUMENTS; at++) {
      for (const wrong of HOSTILE) {
        const given = [...args];
        given[at] = map(wrong);
        await attempt(entry, given, `argument ${at + 1} ${describe(wrong)}`);
      }
      for (const { name, value } of wrongInside(args[at])) {
        const given = [...args];
        given[at] = value;
        await attempt(entry, given, `argument ${at + 1}.${name}`);
      }
    }
    if (process.argv.includes('--list')) console.error(`${entry.name}(${args.map(describe).join(', ')})`);
  }
  console.log(JSON.stringify({ entries: entries.length, calls, answered, failures }));
}

try {
  await main();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit(0);

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import type * as Main from 'cls-flow';
import type * as Action from 'cls-flow/action';
import type * as Capture from 'cls-flow/capture';
import type * as Command from 'cls-flow/command';
import type * as Conntrack from 'cls-flow/conntrack';
import type * as EmatchDoor from 'cls-flow/ematch';
import type * as Flow from 'cls-flow/flow';
import type * as Hash from 'cls-flow/hash';
import type * as Lang from 'cls-flow/lang';
import type * as Lint from 'cls-flow/lint';
import type * as Netlink from 'cls-flow/netlink';
import type * as NetnsDoor from 'cls-flow/netns';
import type * as Node from 'cls-flow/node';
import type * as PacketDoor from 'cls-flow/packet';
import type * as Qdisc from 'cls-flow/qdisc';
import type * as ReplayDoor from 'cls-flow/replay';
import type * as Report from 'cls-flow/report';
import type * as ShellDoor from 'cls-flow/shell';
import type * as Study from 'cls-flow/study';
import { describe, expect, test } from 'vitest';

const ROOT = new URL('../', import.meta.url);
const { resolve } = createRequire(import.meta.url);
const load = (name: string): Promise<unknown> => import(pathToFileURL(resolve(name)).href);

interface Doors {
  readonly 'cls-flow': typeof Main;
  readonly 'cls-flow/action': typeof Action;
  readonly 'cls-flow/capture': typeof Capture;
  readonly 'cls-flow/command': typeof Command;
  readonly 'cls-flow/conntrack': typeof Conntrack;
  readonly 'cls-flow/ematch': typeof EmatchDoor;
  readonly 'cls-flow/flow': typeof Flow;
  readonly 'cls-flow/hash': typeof Hash;
  readonly 'cls-flow/lang': typeof Lang;
  readonly 'cls-flow/lint': typeof Lint;
  readonly 'cls-flow/netlink': typeof Netlink;
  readonly 'cls-flow/netns': typeof NetnsDoor;
  readonly 'cls-flow/node': typeof Node;
  readonly 'cls-flow/packet': typeof PacketDoor;
  readonly 'cls-flow/qdisc': typeof Qdisc;
  readonly 'cls-flow/replay': typeof ReplayDoor;
  readonly 'cls-flow/report': typeof Report;
  readonly 'cls-flow/shell': typeof ShellDoor;
  readonly 'cls-flow/study': typeof Study;
}

const door = async <K extends keyof Doors>(name: K): Promise<Doors[K]> => (await load(name)) as Doors[K];

/** A network namespace with one device, and tc's way to it. */
async function setup() {
  const { createEnv, ERAS } = await door('cls-flow');
  const { Netns } = await door('cls-flow/netns');
  const env = createEnv({ era: ERAS['6.1'], seed: 0 });
  const netns = new Netns({ env, devices: [{ name: 'eth0', ifindex: 2 }] });
  return { env, netns, transport: { request: (datagram: Uint8Array) => netns.request(datagram), links: netns.links } };
}

/** A script whose filter gives classes that nobody makes. */
const UNMADE = `qdisc add dev eth0 root handle 1: htb
filter add dev eth0 parent 1: protocol ip prio 1 handle 1 flow hash keys src divisor 4
`;

/** One real thing done with each door of the built package. */
const DEEDS: Readonly<Record<keyof Doors, () => Promise<void>>> = {
  async 'cls-flow'() {
    const { parseFlowOptions, classText } = await door('cls-flow');
    expect(parseFlowOptions('map key mark divisor 8')).toMatchObject({ keys: 1 << 7, divisor: 8 });
    expect(classText(0x1002a)).toBe('1:2a');
  },
  async 'cls-flow/action'() {
    const { actionPart, NOBODY } = await door('cls-flow/action');
    const { AttrWriter } = await door('cls-flow/netlink');
    const { Printer, Words } = await door('cls-flow/lang');
    const part = actionPart(NOBODY);
    const w = new AttrWriter();
    part.speak(new Words(['drop']), w);
    const out = new Printer();
    part.print(w.done(), out);
    expect(out.toString()).toContain('gact action drop');
  },
  async 'cls-flow/capture'() {
    const { Frame, openCapture, PcapWriter } = await door('cls-flow/capture');
    const reader = openCapture();
    const writer = new PcapWriter({ linkType: 1 }, (chunk) => reader.push(chunk));
    const frame = new Frame();
    Object.assign(frame, { data: Uint8Array.of(1, 2, 3), end: 3, length: 3, linkType: 1, seconds: 9 });
    writer.write(frame);
    writer.finish();
    const read = new Frame();
    expect([reader.next(read), read.end - read.at, read.seconds]).toEqual([true, 3, 9]);
  },
  async 'cls-flow/command'() {
    const { runTc } = await door('cls-flow/command');
    const { transport } = await setup();
    const { exit, stderr } = runTc(['qdisc', 'add', 'dev', 'eth1', 'root', 'drr'], { transport });
    expect([exit, stderr]).toEqual([1, 'Cannot find device "eth1"\n']);
  },
  async 'cls-flow/conntrack'() {
    const { parseNat } = await door('cls-flow/conntrack');
    expect(() => parseNat('masquerade 10.0.0.0/8')).toThrow();
    expect(parseNat('masquerade 10.0.0.0/8 to 192.0.2.1')).toBeDefined();
  },
  async 'cls-flow/ematch'() {
    const { parseSets } = await door('cls-flow/ematch');
    expect(parseSets('10.0.0.1', () => 0, 'a')[0]?.lines[0]).toBe('create a hash:net family inet');
  },
  async 'cls-flow/flow'() {
    const { ALL_KEYS } = await door('cls-flow/flow');
    expect(ALL_KEYS).toHaveLength(18);
  },
  async 'cls-flow/hash'() {
    const { siphash1u64Low } = await door('cls-flow/hash');
    expect(siphash1u64Low).toBeTypeOf('function');
  },
  async 'cls-flow/lang'() {
    const { shellWords } = await door('cls-flow/lang');
    expect(shellWords("a 'b c'")).toEqual(['a', 'b c']);
  },
  async 'cls-flow/netlink'() {
    const { joinMessages, splitMessages } = await door('cls-flow/netlink');
    const message = { type: 44, flags: 1, seq: 2, pid: 3, payload: Uint8Array.of(4, 5, 6, 7) };
    expect([...splitMessages(joinMessages([message]))]).toMatchObject([message]);
  },
  async 'cls-flow/netns'() {
    const { createPacket, describeFrame, Frame } = await door('cls-flow');
    const { runScript } = await door('cls-flow/command');
    const { enter } = await door('cls-flow/packet');
    const { env, netns, transport } = await setup();
    const filter = 'filter add dev eth0 parent 1: protocol ip prio 1 handle 1 flow map key dst and 0xff';
    runScript(`qdisc add dev eth0 root handle 1: drr\n${filter}\n`, transport);
    const frame = new Frame();
    frame.data = describeFrame('udp 192.0.2.1:1 > 192.0.2.4:2');
    frame.end = frame.length = frame.data.length;
    frame.linkType = 1;
    const packet = createPacket(env);
    enter(frame, packet, { hook: 'egress', vlan: 'offload' });
    const { verdict, result } = netns.classify(packet, { dev: 'eth0', hook: 'egress' });
    expect([verdict, result.classid]).toEqual([0, 0x10005]);
  },
  async 'cls-flow/node'() {
    const { readFrames } = await door('cls-flow/node');
    let frames = 0;
    await readFrames(fileURLToPath(new URL('examples/household.pcapng', ROOT)), () => ++frames < 5);
    expect(frames).toBe(5);
  },
  async 'cls-flow/packet'() {
    const { describeFrame, LINK_TYPES } = await door('cls-flow/packet');
    expect(describeFrame('udp 192.0.2.1:1 > 192.0.2.4:2').slice(12, 14)).toEqual(Uint8Array.of(8, 0));
    expect(LINK_TYPES.map(({ name }) => name)).toContain('LINUX_SLL2');
  },
  async 'cls-flow/qdisc'() {
    const { findQdisc, QDISCS } = await door('cls-flow/qdisc');
    expect(findQdisc('htb')?.classes?.tree).toBe(true);
    expect(QDISCS.length).toBeGreaterThan(20);
  },
  async 'cls-flow/lint'() {
    const { check, mended, RULES } = await door('cls-flow/lint');
    const report = check(UNMADE);
    expect(report.findings.map(({ code }) => code)).toEqual(['FT005']);
    expect(mended(UNMADE, report)).toEqual({ text: UNMADE, fixes: 0, changes: [] });
    expect(RULES.length).toBeGreaterThan(30);
  },
  async 'cls-flow/replay'() {
    const { engineFor, explain, explainText, Replay } = await door('cls-flow/replay');
    const { frame, run } = await oneFrame();
    const { capture } = await householdCapture();
    const replay = new Replay(run, 'auto');
    for (let at = 0; at < capture.length; at += 1000) replay.push(capture.subarray(at, at + 1000));
    expect(replay.finish()).toBe(null);
    expect(run.number).toBe(replay.packets.compiled + replay.packets.plain);
    expect([run.tally.packets, replay.why]).toEqual([run.number, null]);
    expect(engineFor(run, frame)).toBe('compiled');
    expect(explainText(explain(run, frame))).toContain('192.0.2.4');
  },
  async 'cls-flow/report'() {
    const { csv, fairness, ndjson, summarise, Tally, WordSet } = await door('cls-flow/report');
    const tally = new Tally();
    tally.add(0x10005, 100);
    const summary = summarise({ tally, sharing: null, filters: [], era: '6.1', seed: 1, errors: [] });
    expect(summary.classes).toMatchObject([{ classid: '1:5', packets: 1, bytes: 100 }]);
    expect(ndjson(summary)).toContain('"type":"class"');
    expect(csv([['a', '=1', null]])).toBe(`a,"'=1",\n`);
    expect(fairness([1, 1])?.jain).toBe(1);
    const set = new WordSet(1);
    expect([set.add(Int32Array.of(7)), set.add(Int32Array.of(7)), set.size]).toEqual([true, false, 1]);
  },
  async 'cls-flow/shell'() {
    const { loadTextTools, simulate } = await door('cls-flow/shell');
    const asked: string[] = [];
    const tc = (words: readonly string[], netns: string) => {
      asked.push(`${netns} ${words.join(' ')}`.trim());
      return { exit: 0, stdout: '', stderr: '' };
    };
    const { commands, ended } = await simulate(
      'for i in $(seq 2); do tc -n "$1" class add dev $DEV classid 1:$i; done\n',
      {
        ...{ name: 'q.sh', path: '/q.sh', args: ['lab'], env: { DEV: 'wan0' } },
        files: { read: () => undefined, is: () => null, list: () => [] },
        ...{ kernel: () => ({ tc }), textTools: loadTextTools },
      },
    );
    expect(asked).toEqual(['lab class add dev wan0 classid 1:1', 'lab class add dev wan0 classid 1:2']);
    expect([commands.map(({ netns }) => netns), ended]).toEqual([['lab', 'lab'], null]);
  },
  async 'cls-flow/study'() {
    const { diffSetups, planScript, readSetup, reachableMinors, searchSeeds, setupCommands } =
      await door('cls-flow/study');
    const { transport } = await setup();
    const { runScript } = await door('cls-flow/command');
    runScript('qdisc add dev eth0 root handle 1: drr\n', transport);
    const installed = readSetup(transport, 2);
    const fresh = (await setup()).transport;
    const plan = planScript('qdisc add dev eth0 root handle 1: htb\n', () => fresh, 'eth0', installed);
    expect(diffSetups(plan, installed, 'eth0').differences).toHaveLength(1);
    expect(setupCommands({ kind: 'drr', dev: 'eth0', keys: 'src', divisor: 2, link: 1e6 })).toHaveLength(10);
    const { run } = await oneFrame();
    const [first] = run.filters;
    expect(first === undefined ? [] : reachableMinors(first.filter)).toHaveLength(16);
    expect(searchSeeds([{ keys: Int32Array.of(1), bucket: 0 }], 2, 0, 100).length).toBeGreaterThan(20);
  },
};

/** A run with a filter, and a frame that it has not seen. */
async function oneFrame() {
  const { createEnv, describeFrame, ERAS, Frame, NO_METADATA, planFilter, Run } = await door('cls-flow');
  const clock = { now: 0 };
  const run = new Run({
    ...{ env: createEnv({ era: ERAS['6.1'], seed: 0, clock }), clock, device: { hook: 'egress', vlan: 'offload' } },
    ...{ filters: [planFilter('map key dst and 0xff divisor 16')], known: { rxhashKey: false, foldKey: false } },
    ...{ metadata: NO_METADATA, tracker: null, sharing: false },
  });
  const data = describeFrame('udp 192.0.2.1:1 > 192.0.2.4:2');
  return { run, frame: Object.assign(new Frame(), { data, end: data.length, length: data.length, linkType: 1 }) };
}

async function householdCapture() {
  const capture = new Uint8Array(readFileSync(new URL('examples/household.pcapng', ROOT)));
  return { capture, question: { filters: ['hash keys src,dst divisor 16'] } };
}

interface Manifest {
  readonly exports: Readonly<Record<string, unknown>>;
}

describe('the doors of the built package', () => {
  test('each has its deed', () => {
    const { exports } = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8')) as Manifest;
    const names = Object.keys(exports).filter((name) => name !== './package.json');
    expect(Object.keys(DEEDS)).toEqual(expect.arrayContaining(names.map((name) => name.replace('.', 'cls-flow'))));
  });

  test.each(Object.entries(DEEDS))('%s', async (_, deed) => {
    await deed();
  });
});

describe('the calls of the main door', () => {
  const filters = (spec: string) => ({ filters: [spec] });

  test('about captures', async () => {
    const { advise, classify, compare, packets, perturbed, spread } = await door('cls-flow');
    const { capture, question } = await householdCapture();
    const { packets: all, classes } = await classify(capture, question);
    expect(classes.reduce((sum, row) => sum + row.packets, 0)).toBe(all);
    const numbers: number[] = [];
    await packets(capture, question, ({ packet }) => numbers.push(packet));
    expect([numbers.length, numbers.at(-1)]).toEqual([all, all]);
    expect(await compare(capture, question, question)).toMatchObject({ packets: all, movedPackets: 0 });
    expect((await advise(capture, { seeds: 3 })).recommended).not.toBe(null);
    expect((await spread(capture, question, 3)).spread).toMatchObject({ seeds: 3 });
    expect((await perturbed(capture, filters('hash keys src perturb 10 divisor 4'))).periods[0]?.period).toBe(0);
  });

  test('about a packet, a script, a seed and a kernel', async () => {
    const { check, classes, diff, explain, readQuestion, recoverSeed, tc } = await door('cls-flow');
    const found = await explain('udp 192.0.2.1:1 > 192.0.2.4:2', filters('map key dst and 0xff'));
    expect(found.classid).toBe('1:5');
    const script = 'qdisc add dev eth0 root handle 1: htb default 10\n';
    expect(check(UNMADE).findings.map(({ code }) => code)).toEqual(['FT005']);
    expect(classes({ ...filters('hash keys src divisor 4'), kind: 'drr' }).commands).toHaveLength(4);
    const { state, exit } = tc('qdisc add dev eth0 root handle 1: htb\n');
    expect([exit, diff(script, state, 'eth0').equal]).toEqual([0, false]);
    const pair = { filter: 'hash keys src divisor 4', pairs: ['10.0.0.1>8.8.8.8=1:1'] };
    const { seeds, left } = await recoverSeed({ ...pair, first: 0, count: 1000 });
    expect([seeds.length]).toEqual(left);
    expect(readQuestion(filters('hash keys src'))).toEqual(filters('hash keys src'));
  });

  test('about a shell script, which is not run', async () => {
    const { ArgumentError, checkScript, isShellScript, simulateQuestion, simulateScript } = await door('cls-flow');
    const text = '#!/bin/sh\n. /etc/qos.conf\nfor i in 1 2; do tc qdisc add dev $IF$i root handle 1: drr; done\n';
    expect([isShellScript(text), isShellScript(UNMADE)]).toEqual([true, false]);
    const question = { files: { '/etc/qos.conf': 'IF=wan\n' } };
    const ran = await simulateQuestion({ ...question, script: text });
    expect(ran?.commands.map(({ words }) => words[3]?.text)).toEqual(['wan1', 'wan2']);
    expect(await simulateQuestion({ script: UNMADE })).toBe(null);
    const { findings, record } = await checkScript(
      `${text}tc filter add dev wan1 parent 1: protocol all handle 1 flow hash keys src divisor 4\n`,
      question,
    );
    expect(findings.filter(({ severity }) => severity === 'error')).toMatchObject([{ code: 'FT005', line: 4 }]);
    expect(record.inputs.map(({ name }) => name)).toEqual(['script', '/etc/qos.conf']);
    const { commands } = await simulateScript({ text: 'tc qdisc add dev $1 root drr', args: ['eth7'] });
    expect(commands[0]?.words[3]).toMatchObject({ text: 'eth7', literal: false, place: { line: 1, column: 18 } });
    await expect(simulateScript({ text: '', args: wrong('start') })).rejects.toThrow(ArgumentError);
    await expect(checkScript('', { env: { A: wrong(1) } })).rejects.toThrow('env.A');
  });

  test('name the option that is wrong', async () => {
    const { ArgumentError, classify, recoverSeed } = await door('cls-flow');
    const { capture, question } = await householdCapture();
    const fieldOf = (options: object): Promise<string | null> =>
      classify(capture, question, options).then(
        () => null,
        (error) => (error instanceof ArgumentError ? error.field : String(error)),
      );
    expect(await fieldOf({})).toBe(null);
    expect(await fieldOf({ signal: 1 })).toBe('options.signal');
    expect(await fieldOf({ signal: {} })).toBe('options.signal.aborted');
    expect(await fieldOf({ progress: true })).toBe('options.progress');
    expect(await fieldOf({ unpackers: { deflate: 1 } })).toBe('options.unpackers.deflate');
    expect(await fieldOf({ tables: { conntrack: 'tcp' } })).toBe('options.tables.conntrack');
    expect(await fieldOf({ tables: { conntrack: [{}] } })).toBe('options.tables.conntrack');
    expect(await fieldOf({ tables: { sets: [{ lines: 7 }] } })).toBe('options.tables.sets[0].lines');
    expect(await fieldOf({ engine: 'fast' })).toBe('options.engine');
    expect(await fieldOf({ sginal: AbortSignal.abort() })).toBe('options.sginal');
    const seeds = { filter: 'hash keys src divisor 4', pairs: ['10.0.0.1>8.8.8.8=1:1'], count: 64 };
    const search = wrong(async () => ({ seeds: [-(2 ** 40)], left: [] }));
    await expect(recoverSeed(seeds, { search })).rejects.toThrow('options.search().seeds[0]');
  });
});

interface Tried {
  readonly entries: number;
  readonly calls: number;
  readonly answered: number;
  readonly failures: readonly string[];
}

describe('a wrong value', () => {
  test('at any argument gives a result or an error of our own, and always ends', () => {
    const program = fileURLToPath(new URL('dist/test/hostile.js', ROOT));
    const tried: Tried = JSON.parse(execFileSync(process.execPath, [program], { encoding: 'utf8', timeout: 100_000 }));
    expect(tried.failures).toEqual([]);
    expect(tried.entries).toBeGreaterThan(200);
    expect(tried.answered).toBeGreaterThan(0);
    expect(tried.answered).toBeLessThan(tried.calls);
  }, 120_000);

  test('is named by the field that it stands in', async () => {
    const { createEnv, ERAS, ArgumentError, planFilter } = await door('cls-flow');
    const { jhash2 } = await door('cls-flow/hash');
    const { PcapWriter } = await door('cls-flow/capture');
    const calls = [
      () => jhash2([1, 2], Number.POSITIVE_INFINITY, 0),
      () => jhash2([1, Number.NaN], 2, 0),
      () => createEnv({ era: ERAS['6.1'], seed: 2 ** 40 }),
      () => createEnv({ era: wrong('6.1'), seed: 1 }),
      () => planFilter('hash keys src', { hashrnd: wrong('1') }),
      () => new PcapWriter({ linkType: 1, unit: wrong('ms') }, () => {}),
    ];
    const fields = fieldsOf(calls, ArgumentError);
    expect(fields).toEqual(['count', 'words[1]', 'options.seed', 'options.era', 'options.hashrnd', 'options.unit']);
  });

  test('is refused where chunks, frames, requests and devices come in', async () => {
    const { ArgumentError, Frame } = await door('cls-flow');
    const { openCapture, PcapReader, PcapWriter } = await door('cls-flow/capture');
    const { netns } = await setup();
    const reader = new PcapReader();
    const writer = new PcapWriter({ linkType: 1 }, () => {});
    const frame = (of: object) => Object.assign(new Frame(), { data: new Uint8Array(4), linkType: 1 }, of);
    const calls = [
      () => openCapture().push(wrong('text')),
      () => reader.push(detached()),
      () => reader.room(2 ** 40),
      () => reader.filled(1 << 20),
      () => writer.write(frame({ end: 400 })),
      () => writer.write(frame({ at: 3, end: 2 })),
      () => writer.write(frame({ data: detached(), end: 8 })),
      () => writer.write(frame({ seconds: Number.POSITIVE_INFINITY })),
      () => netns.request(wrong([1])),
      () => netns.addDevice({ name: 'eth1', ifindex: Number.NaN }),
    ];
    const first = ['chunk', 'chunk', 'size', 'size', 'frame.end', 'frame.at'];
    const rest = ['frame.data', 'frame.seconds', 'datagram', 'device.ifindex'];
    expect(fieldsOf(calls, ArgumentError)).toEqual([...first, ...rest]);
  });

  test('in a frame leaves the run as it was', async () => {
    const { ArgumentError, createEnv, ERAS, Frame, NO_METADATA, planFilter, Run } = await door('cls-flow');
    const clock = { now: 0 };
    const run = new Run({
      env: createEnv({ era: ERAS['6.1'], seed: 0, clock }),
      clock,
      device: { hook: 'egress', vlan: 'offload' },
      filters: [planFilter('hash keys src perturb 1')],
      known: { rxhashKey: false, foldKey: false },
      metadata: NO_METADATA,
      tracker: null,
      sharing: false,
    });
    const frames = [{ end: 5 }, { seconds: Number.NaN }, { data: detached(), end: 8 }, { at: wrong(1n), end: 2 }];
    const calls = frames.map((of) => () => run.step(Object.assign(new Frame(), { data: new Uint8Array(4) }, of)));
    expect(fieldsOf(calls, ArgumentError)).toEqual(['frame.end', 'frame.seconds', 'frame.data', 'frame.at']);
    expect([run.number, run.tally.packets]).toEqual([0, 0]);
  });
});

/** What a call throws: the field of an ArgumentError, else the error as text; null: it has a result. */
const fieldsOf = (calls: readonly (() => unknown)[], ArgumentError: typeof Main.ArgumentError): (string | null)[] =>
  calls.map((call) => {
    try {
      call();
    } catch (error) {
      return error instanceof ArgumentError ? error.field : String(error);
    }
    return null;
  });

const wrong = (value: unknown) => value as never;

function detached(): Uint8Array {
  const bytes = new Uint8Array(8);
  structuredClone(bytes, { transfer: [bytes.buffer] });
  return bytes;
}

/** Names of the language itself: what a context of its own has without Node and without a browser. */
const LANGUAGE: readonly string[] = runInNewContext('Object.getOwnPropertyNames(globalThis)').filter(
  (name: string) => name !== 'console' && name !== 'WebAssembly',
);

/** Takes everything else away, then loads the core and classifies a packet with it. */
const BARE = `
const { parentPort, workerData } = require('node:worker_threads');
const keep = new Set(workerData.language);
const load = () => import(workerData.core);
for (const name of Object.getOwnPropertyNames(globalThis)) if (!keep.has(name)) delete globalThis[name];
load().then((core) => {
  const clock = { now: 0 };
  const run = new core.Run({
    env: core.createEnv({ era: core.ERAS['6.1'], seed: 0, clock }), clock,
    device: { hook: 'egress', vlan: 'offload' },
    filters: [{ spec: '', options: core.parseFlowOptions("map key dst and 0xff divisor 16") }],
    known: { rxhashKey: false, foldKey: false }, metadata: core.NO_METADATA, tracker: null, sharing: true,
  });
  const frame = new core.Frame();
  frame.data = core.describeFrame('tcp 192.0.2.1:1 > 192.0.2.4:2');
  frame.end = frame.length = frame.data.length;
  frame.linkType = 1;
  run.step(frame);
  parentPort.postMessage({ left: Object.getOwnPropertyNames(globalThis).filter((name) => !keep.has(name)), classid: run.classid });
}, (error) => parentPort.postMessage({ error: String(error && error.stack) }));
`;

describe('the core', () => {
  test('imports nothing but itself', () => {
    const folder = fileURLToPath(new URL('dist/src/', ROOT));
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.js'));
    expect(files.length).toBeGreaterThan(100);
    const foreign = files.flatMap((name) =>
      [...readFileSync(folder + name, 'utf8').matchAll(/^(?:import|export)\b[^;]*?\bfrom\s*['"]([^'"]+)['"]/gm)]
        .map(([, specifier = '']) => specifier)
        .filter((specifier) => !specifier.startsWith('.'))
        .map((specifier) => `${name}: ${specifier}`),
    );
    expect(foreign).toEqual([]);
  });

  test('classifies where there is neither Node nor a browser', async () => {
    const core = new URL('dist/src/doors/main.js', ROOT).href;
    const worker = new Worker(BARE, { eval: true, workerData: { core, language: LANGUAGE } });
    const answer = await new Promise((done, failed) => worker.once('message', done).once('error', failed));
    await worker.terminate();
    expect(answer).toEqual({ left: [], classid: 0x10005 });
  });
});

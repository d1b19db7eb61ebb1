import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Netns } from '../../src/kernel/index.ts';
import { pcap } from '../captures.ts';
import { envOf } from '../frames.ts';

/*
 * Commands that between them make all calls of the system that the command line makes, typed in a folder that has their
 * inputs.
 */

/** One of them. */
export interface Typed {
  readonly name: string;
  readonly args: (at: (name: string) => string) => readonly string[];
  /** What it writes: these files are there already, with a text of no meaning or that of OLDS. */
  readonly outputs?: readonly string[];
  /** An input that is made for it, as it is large. */
  readonly inputs?: Readonly<Record<string, () => Uint8Array>>;
  /** The file that standard input is. */
  readonly stdin?: string;
  /** A named pipe that in.pcap comes out of. */
  readonly pipe?: string;
  /** Where calls are made in threads too. */
  readonly threads?: true;
}

const PACKETS = pcap('udp 192.0.2.2:1000 > 10.0.0.1:53', 'tcp 192.0.2.1:1000 > 10.0.0.2:80');
const HEADER = 24;
/** More than two threads are worth. */
const LARGE = 3 << 20;

/** The same packets again and again. */
function large(): Uint8Array {
  const records = PACKETS.subarray(HEADER);
  const whole = new Uint8Array(HEADER + records.length * Math.ceil(LARGE / records.length));
  whole.set(PACKETS.subarray(0, HEADER));
  for (let at = HEADER; at < whole.length; at += records.length) whole.set(records, at);
  return whole;
}

const SCRIPT = `qdisc add dev eth0 root handle 1: drr
class add dev eth0 parent 1: classid 1:2 drr
filter add dev eth0 parent 1: protocol all prio 1 handle 1 flow hash keys src divisor 16
`;
const SHOWN = (sent: number): string => `[{"class":"hfsc","handle":"1:2","stats":{"packets":${sent}}}]`;
const FILES: Readonly<Record<string, string | Uint8Array>> = {
  'in.pcap': PACKETS,
  'in.pcap.gz': gzipSync(PACKETS),
  'a.tc': SCRIPT,
  'a.sh': 'tc qdisc add dev eth0 root sfq\n',
  'b.sh': '#!/bin/sh\ntc qdisc add dev eth0 root sfq\n',
  expect: '192.0.2.2 -> 1:2\n',
  hex: '2c000000240005060100000000000000000000000100000000000000ffffffff000000000800010073667100\n',
  conntrack:
    'tcp 6 431999 ESTABLISHED src=192.0.2.1 dst=10.0.0.2 sport=1000 dport=80 src=10.0.0.2 dst=192.0.2.1 sport=80 dport=1000 [ASSURED]\n',
  meta: '{"packet":1,"mark":7}\n',
  set: '192.0.2.2\n',
  before: SHOWN(0),
  after: SHOWN(1),
  'pairs.json': '{"keys":"src","divisor":16,"baseclass":"1:1","observed":[{"keyValues":[3221225986],"class":"1:1"}]}',
};
const MAP = ['--filter', 'map key dst and 0xff'];
const HASH = ['--filter', 'hash keys src divisor 16'];
const OLD = 'old\n';
/** Stands for a folder's name, which is another one in each run. */
export const HERE = 'HERE';

const DEVICE = { name: 'd0', ifindex: 2 };
/** What is there before where that cannot be any text. */
const OLDS: Readonly<Record<string, string>> = {
  'kept.json': JSON.stringify(new Netns({ env: envOf(), devices: [DEVICE] }).save()),
};

export const COMMANDS: readonly Typed[] = [
  {
    name: 'classify --script',
    args: (at) => ['classify', at('in.pcap'), '--script', at('a.tc'), '--format', 'json'],
  },
  {
    name: 'classify with every input',
    args: (at) => [
      ...[
        'classify',
        at('in.pcap'),
        '--filter',
        "map key dst and 0xff match 'ipset(good src)' divisor 256",
        '--ipset',
        `good=${at('set')}`,
      ],
      ...['--conntrack', at('conntrack'), '--meta', at('meta'), '--format', 'csv'],
    ],
  },
  {
    name: 'classify --export --copies',
    args: (at) => [
      ...['classify', at('in.pcap'), ...MAP, '--expect', at('expect'), '--export', at('one')],
      ...['--export-class', `1:2=${at('two')}`, '--copies', at('three')],
    ],
    outputs: ['one', 'two', 'three'],
  },
  { name: 'classify --packets', args: (at) => ['classify', at('in.pcap'), ...MAP, '--packets'] },
  { name: 'classify, table', args: (at) => ['classify', at('in.pcap'), at('in.pcap.gz'), ...MAP] },
  { name: 'classify -', args: () => ['classify', '-', ...MAP, '--format', 'csv'], stdin: 'in.pcap' },
  { name: 'classify a pipe', args: (at) => ['classify', at('pipe'), ...MAP, '--format', 'csv'], pipe: 'pipe' },
  { name: 'classify --seeds', args: (at) => ['classify', at('in.pcap'), ...HASH, '--seeds', '3'] },
  {
    name: 'classify --threads',
    args: (at) => ['classify', at('large.pcap'), ...HASH, '--no-flows', '--threads', '2', '--format', 'csv'],
    inputs: { 'large.pcap': large },
    threads: true,
  },
  { name: 'compare', args: (at) => ['compare', at('in.pcap'), ...HASH, '--filter', 'hash keys src divisor 32'] },
  {
    name: 'compare --script',
    args: (at) => ['compare', at('in.pcap'), '--script', at('a.tc'), '--script', at('a.tc')],
  },
  { name: 'explain', args: (at) => ['explain', at('in.pcap'), '--packet', '1', ...MAP] },
  { name: 'explain --script', args: (at) => ['explain', at('in.pcap'), '--packet', '2', '--script', at('a.tc')] },
  { name: 'advise -o', args: (at) => ['advise', at('in.pcap'), '-o', at('one')], outputs: ['one'] },
  { name: 'check', args: () => ['check', '-', '--format', 'json'], stdin: 'a.tc' },
  { name: 'check --fix', args: (at) => ['check', at('a.tc'), '--fix', '--force'], outputs: ['a.fixed.tc'] },
  { name: 'classes', args: (at) => ['classes', '--script', at('a.tc')] },
  { name: 'tc -batch', args: (at) => ['tc', '--state', at('s.json'), '-batch', at('a.tc')] },
  { name: 'tc -batch -', args: (at) => ['tc', '--state', at('state/s.json'), '-batch', '-'], stdin: 'a.tc' },
  {
    name: 'tc --ipset',
    args: (at) => [
      'tc',
      '--state',
      at('s.json'),
      '--ipset',
      `good=${at('set')}`,
      'qdisc',
      'add',
      'dev',
      'd0',
      'root',
      'sfq',
    ],
  },
  {
    name: 'tc with a state',
    args: (at) => [
      ...['tc', '--state', at('kept.json'), '--ipset', `good=${at('set')}`],
      // A request would be kept once more by the run after one that was killed.
      ...['qdisc', 'show'],
    ],
    outputs: ['kept.json'],
  },
  { name: 'tc show', args: (at) => ['tc', '--state', at('s.json'), 'qdisc', 'show'] },
  { name: 'record --unsafe', args: (at) => ['record', '--unsafe', '--', at('b.sh')] },
  {
    name: 'record --unsafe -o',
    args: (at) => ['record', '--unsafe', '-o', at('one'), '--', 'sh', at('a.sh')],
    outputs: ['one'],
  },
  { name: 'netlink decode', args: (at) => ['netlink', 'decode', at('hex')] },
  { name: 'netlink encode', args: () => ['netlink', 'encode', 'qdisc', 'add', 'dev', 'lo', 'root', 'sfq'] },
  { name: 'diff --live', args: (at) => ['diff', at('a.tc'), '--live', 'cls-flow-none'] },
  { name: 'recover-seed', args: (at) => ['recover-seed', at('pairs.json'), '--range', '0-1000'] },
  {
    name: 'recover-seed --before',
    args: (at) => [
      ...['recover-seed', ...['--filter', 'hash keys dst divisor 8'], '--range', '0-1000'],
      ...['--before', at('before'), '--after', at('after'), '--probe', '192.0.2.2>10.0.0.1'],
    ],
  },
  { name: 'completion', args: () => ['completion', 'zsh'] },
  { name: '--help', args: () => ['help', 'classify'] },
];

/** One whose output takes many calls to be written. */
export const LARGE_EXPORT: Typed = {
  name: 'classify --export, large',
  args: (at) => ['classify', at('large.pcap'), ...HASH, '--export', at('one'), '--format', 'csv'],
  outputs: ['one'],
  inputs: { 'large.pcap': large },
};

/** A folder that a command is typed in. */
export interface Folder {
  readonly path: string;
  at(name: string): string;
  /** What its outputs hold, without the folder's name. */
  outputs(): readonly string[];
  /** Temporary files and locks. */
  left(): readonly string[];
  remove(): void;
}

/** Where a file reaches the disk at once. */
const PLACE = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

export function folderFor({ outputs = [], inputs = {} }: Typed): Folder {
  const path = mkdtempSync(join(PLACE, 'cls-flow-errno-'));
  const at = (name: string): string => join(path, name);
  for (const [name, content] of Object.entries(FILES)) writeFileSync(at(name), content, { mode: 0o755 });
  for (const [name, content] of Object.entries(inputs)) writeFileSync(at(name), content());
  for (const name of outputs) writeFileSync(at(name), OLDS[name] ?? OLD);
  mkdirSync(at('tmp'));
  return {
    path,
    at,
    outputs: () => outputs.map((name) => outputOf(name, readFileSync(at(name), 'latin1')).replaceAll(path, HERE)),
    left: () => leftIn(path),
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}

const outputOf = (name: string, text: string): string => (text === OLDS[name] ? OLD : text);

const leftIn = (path: string): string[] =>
  readdirSync(path, { recursive: true, encoding: 'utf8' }).filter((name) => /\.(tmp|lock)$|record-/.test(name));

/** What an output is that nobody has touched. */
export const isOld = (text: string): boolean => text === OLD;

import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { tc } from '../../src/api/index.ts';
import { cli } from './cli.ts';

const SCRIPT = `qdisc add dev eth0 root handle 1: htb default 10
class add dev eth0 parent 1: classid 1:10 htb rate 1mbit
class add dev eth0 parent 1: classid 1:11 htb rate 1mbit
qdisc add dev eth0 parent 1:10 handle 10: sfq
filter add dev eth0 parent 1: protocol ip pref 5 u32 match ip dst 198.51.100.0/24 flowid 1:11
filter add dev eth0 parent 10: protocol all pref 1 handle 1 flow hash keys src divisor 2048
`;
const FOLDER = mkdtempSync(join(tmpdir(), 'cls-flow-inputs-'));

function file(name: string, text: string): string {
  const path = join(FOLDER, name);
  writeFileSync(path, text);
  return path;
}

const script = file('qos.tc', SCRIPT);
const { state } = tc(SCRIPT);
const saved = file('kept.json', JSON.stringify(state));
/** What `cls-flow tc` prints of that state. */
const printed = (...words: string[]): string => cli(['tc', '--state', saved, ...words]).stdout;
const listing = file(
  'shown.txt',
  [
    printed('-s', '-d', 'qdisc', 'show'),
    printed('-s', '-d', 'class', 'show', 'dev', 'eth0'),
    printed('-s', 'filter', 'show', 'dev', 'eth0'),
    printed('-s', 'filter', 'show', 'dev', 'eth0', 'parent', '10:').replace(/^filter /gm, 'filter parent 10: '),
  ].join(''),
);
const dump = file(
  'shown.json',
  [
    printed('-j', 'qdisc', 'show'),
    printed('-j', 'class', 'show', 'dev', 'eth0'),
    printed('-j', '-p', 'filter', 'show', 'dev', 'eth0'),
  ].join('\n'),
);
const INPUTS = [
  ['--script', script],
  ['--script', listing],
  ['--script', dump],
  ['--state', saved],
];
const PACKET = 'udp 192.168.1.7:5000 > 198.51.100.1:53';

describe('a set-up', () => {
  test.each(INPUTS)('is explained alike from %s %s', (option = '', path = '') => {
    const { status, stdout, stderr } = cli(['explain', PACKET, option, path]);
    expect([status, stdout.includes('end: queued in class 1:11, pfifo')]).toEqual([0, true]);
    const printer = { [listing]: 'tc … show', [dump]: 'tc -j … show' }[path];
    expect(stderr).toBe(printer === undefined ? '' : `note: ${path} is read as what ${printer} prints\n`);
  });

  test('is compared with a new script, the kept one before it', () => {
    const other = file('new.tc', SCRIPT.replace('flowid 1:11', 'flowid 1:10'));
    const before = cli([
      'compare',
      join(import.meta.dirname, '../../examples/household.pcapng'),
      '--state',
      saved,
      '--script',
      other,
    ]);
    expect(before.status).toBe(0);
    expect(before.stdout).toContain('before:');
  });

  test.each([
    [['explain', PACKET, '--script', script, '--state', saved], '--script and --state exclude each other: give one'],
    [['explain', PACKET, '--state', saved, '--live', 'eth0'], '--state and --live exclude each other: give one'],
    [['check', script, '--live', 'eth0'], 'a script, --state and --live exclude each other: give one'],
    [['check'], 'check: a script expected, or --state, or --live'],
    [['check', '--state', saved, '--fix'], '--fix: a kernel is no file that could be mended'],
    [['classes', '--state', script], `${script} is no state of cls-flow tc: `],
    [
      ['explain', PACKET, '--state', file('odd.json', '{"schema":1,"era":"6.1"}')],
      'odd.json: devices with name and ifindex expected',
    ],
    [['explain', PACKET, '--state', saved, '--era', '6.12'], '--era: the state was begun with 6.1'],
    [['diff', script, '--with', listing, '--state', saved], 'diff: give one of --live, --with and --state'],
    [['diff', script, '--with', listing, '--apply'], '--apply: goes with --live only'],
  ])('%j is a mistake', (args, says) => {
    const { status, stdout, stderr } = cli(args);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain(says);
  });
});

describe('check', () => {
  test.each([
    ['a listing', [listing], 'tc … show'],
    ['a state', ['--state', saved], 'tc … show'],
  ])('finds in %s what it finds in its script', (_, args, printer) => {
    const { status, stdout } = cli(['check', ...args]);
    expect([status, stdout.includes('FT004 error')]).toEqual([1, true]);
    expect(stdout).toContain(`read as what ${printer} prints\n`);
  });

  test('names the kind of each file, and what it could not read of it with its line', () => {
    const odd = file('odd.txt', 'filter parent 1: protocol ip pref 1 flow chain 0 handle 0x1 map keys src,dst\n');
    const { stdout } = cli(['check', '--format', 'json', script, listing, dump, odd]);
    const { files, unchecked } = JSON.parse(stdout);
    expect(files.map(({ kind }: { kind: string }) => kind)).toEqual(['batch', 'listing', 'dump', 'listing']);
    expect(unchecked).toMatchObject([{ file: odd, line: 1, why: expect.stringContaining('tc does not take back') }]);
    expect(cli(['check', '--strict', odd]).status).toBe(3);
  });
});

describe('diff', () => {
  test.each([
    ['--with', listing],
    ['--state', saved],
  ])('%s %s: as planned', (option, path) => {
    expect(cli(['diff', script, option, path])).toMatchObject({
      status: 0,
      // Two qdiscs, two classes; of u32 a table and a filter; a flow filter.
      stdout: 'eth0: as planned (7 qdiscs, classes and filters)\n',
    });
  });

  test('says what differs, and the commands that make it as planned', () => {
    const other = file('other.tc', SCRIPT.replace('rate 1mbit\nqdisc', 'rate 2mbit\nqdisc'));
    const { status, stdout } = cli(['diff', other, '--with', listing]);
    expect(status).toBe(1);
    expect(stdout).toContain('to make them equal:\ntc class change dev eth0 parent 1: classid 1:11 htb rate 2mbit\n');
  });

  test('does not compare with what could not be read', () => {
    const odd = file('lost.txt', 'filter parent 1: protocol ip pref 1 flow chain 0 handle 0x1 map keys src,dst\n');
    expect(cli(['diff', script, '--with', odd])).toMatchObject({
      status: 2,
      stdout: '',
      stderr: expect.stringContaining('lost.txt: line 1: tc does not take back'),
    });
  });
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import type { Classification } from '../../src/api/index.ts';
import { cli, file, HOUSEHOLD, pcap, start } from './cli.ts';

/** Of both sides of the router, all packets. */
const NAT = ['--nat', 'masquerade 192.168.77.0/24 to 203.0.113.2', '--captured', 'here'];
/** The last byte of the destination, plus the base class's 1: 10.0.0.4 goes to 1:5. */
const LAST_BYTE = ['--filter', 'map key dst and 0xff'];
const THREE = pcap(
  'tcp 192.0.2.1:1000 > 10.0.0.4:80',
  'udp 192.0.2.2:1000 > 10.0.0.4:53',
  'udp 192.0.2.1:1001 > 10.0.0.15:53',
);

function schema(name: string): ValidateFunction {
  const path = join(import.meta.dirname, `../../docs/schema/${name}.schema.json`);
  return new Ajv2020({ allowUnionTypes: true }).compile(JSON.parse(readFileSync(path, 'utf8')));
}

const summary = (args: readonly string[], input?: Uint8Array): Classification =>
  JSON.parse(cli(['classify', ...args, '--format', 'json'], input === undefined ? {} : { input }).stdout);

const lines = (text: string): string[] => text.split('\n').slice(0, -1);

describe('classify', () => {
  it('prints the classes of a small capture in a table, and nothing on standard error', () => {
    const { status, stdout, stderr } = cli(['classify', '-', ...LAST_BYTE], { input: THREE });
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toContain('standard input: 3 packets, 162 bytes; egress, era 6.1');
    expect(stdout).toMatch(
      /^class +packets +bytes +share +flows +hosts\n1:5 +2 +108 +66\.7% +2 +1\n1:10 +1 +54 +33\.3% +1 +1$/m,
    );
  });

  it('lists the 20 largest classes and the sum of the rest, or all', () => {
    const many = pcap(...Array.from({ length: 23 }, (_, i) => `udp 192.0.2.1:1 > 10.0.0.${i + 1}:53`));
    const short = cli(['classify', '-', ...LAST_BYTE], { input: many }).stdout;
    expect(short.match(/^1:/gm)).toHaveLength(20);
    expect(short).toMatch(/^3 more +3 +162 +13\.0%$/m);
    const all = cli(['classify', '-', ...LAST_BYTE, '--all'], { input: many }).stdout;
    expect(all.match(/^1:/gm)).toHaveLength(23);
    expect(all).not.toContain('more');
  });

  it('prints JSON as its schema says, with counts that add up', () => {
    const result = summary([HOUSEHOLD, '--filter', 'hash keys nfct-src divisor 16', ...NAT]);
    const validate = schema('classify');
    expect(validate(result), JSON.stringify(validate.errors)).toBe(true);
    const sum = (rows: readonly { packets: number }[]) => rows.reduce((total, row) => total + row.packets, 0);
    expect(sum(result.classes) + sum(result.unclassified)).toBe(result.packets);
    expect(result.complete).toBe(true);
    expect(result.filters[0]).toMatchObject({ pref: 1, spec: 'hash keys nfct-src divisor 16', from: 'seed' });
  });

  it('writes one record a packet as its schema says, that agree with the sums', () => {
    const args = ['classify', HOUSEHOLD, '--filter', 'hash keys src,dst divisor 8', '--seed', '7'];
    const { status, stdout } = cli([...args, '--packets']);
    const records = lines(stdout).map((line) => JSON.parse(line));
    const validate = schema('packets');
    for (const record of records) expect(validate(record), JSON.stringify(record)).toBe(true);
    expect(status).toBe(0);
    const counts = new Map<string, number>();
    for (const { classid } of records) counts.set(classid, (counts.get(classid) ?? 0) + 1);
    const sums = summary(args.slice(1)).classes.map(({ classid, packets }) => [classid, packets] as const);
    expect([...counts].sort()).toEqual([...sums].sort());
  });

  it('gives a packet record its time to the nanosecond and the filter that took it', () => {
    const { stdout } = cli(['classify', '-', ...LAST_BYTE, '--packets'], { input: THREE });
    expect(JSON.parse(lines(stdout)[1]!)).toEqual({
      packet: 2,
      time: '1700000001.000000005',
      length: 54,
      file: '-',
      ...{ protocol: 'udp', src: '192.0.2.2', srcPort: 1000, dst: '10.0.0.4', dstPort: 53 },
      classid: '1:5',
      pref: 1,
      handle: '0x1',
      verdict: 'ok',
      exactness: 'exact',
    });
  });

  it('writes packet records as CSV and as aligned lines', () => {
    const csv = cli(['classify', '-', ...LAST_BYTE, '--packets', '--format', 'csv'], { input: THREE }).stdout;
    expect(lines(csv)[0]).toBe(
      'packet,time,length,classid,pref,handle,verdict,exactness,reason,file,interface,protocol,src,srcPort,dst,dstPort',
    );
    expect(lines(csv)[3]).toBe('3,1700000002.000000005,54,1:10,1,0x1,ok,exact,,"\'-",,udp,192.0.2.1,1001,10.0.0.15,53');
    const table = cli(['classify', '-', ...LAST_BYTE, '--packets', '--format', 'table'], { input: THREE }).stdout;
    expect(lines(table)[3]).toMatch(/^ +3 +1700000002\.000000005 +54 +1:10 +1 0x1 +ok +exact$/);
  });

  it('writes those fields of packet records that are wanted', () => {
    const typed = ['classify', '-', ...LAST_BYTE, '--packets', '--fields', 'packet,src,dstPort,classid'];
    const csv = cli([...typed, '--format', 'csv'], { input: THREE }).stdout;
    expect(lines(csv).slice(0, 2)).toEqual(['packet,src,dstPort,classid', '1,192.0.2.1,80,1:5']);
    const [first = ''] = lines(cli(typed, { input: THREE }).stdout);
    expect(first).toBe('{"packet":1,"src":"192.0.2.1","dstPort":80,"classid":"1:5"}');
    for (const [args, message] of [
      [[...typed.slice(0, -1), 'packet,port'], 'no such field "port"'],
      [typed.filter((word) => word !== '--packets'), '--fields: goes with --packets'],
      [[...typed, '--format', 'table'], '--fields: goes with --format ndjson or csv'],
    ] as const) {
      const { status, stderr } = cli(args, { input: THREE });
      expect([status, stderr.includes(message)], stderr).toEqual([2, true]);
    }
  });

  it('writes classes over time with --every, as CSV or JSON', () => {
    const typed = ['classify', '-', ...LAST_BYTE, '--every', '2s'];
    const { status, stdout } = cli(typed, { input: THREE });
    expect([status, ...lines(stdout)]).toEqual([
      ...[0, 'time,classid,packets,bytes', '1700000000,1:5,2,108', '1700000002,1:10,1,54'],
    ]);
    const json = JSON.parse(cli([...typed, '--format', 'json'], { input: THREE }).stdout);
    expect(json).toMatchObject({ began: 1_700_000_000, width: 2, bins: 2 });
    expect(schema('over-time')(json)).toBe(true);
    for (const [args, message] of [
      [[...typed.slice(0, -1), 'often'], '--every: expected a time like 1s or 500ms'],
      [[...typed.slice(0, -1), '1us'], '--every: expected 0.001 to 86400 seconds'],
      [[...typed, '--packets'], '--every and --packets: give one of them'],
      [[...typed, '--format', 'ndjson'], '--every: --format csv or json'],
    ] as const) {
      const { status: exit, stderr } = cli(args, { input: THREE });
      expect([exit, stderr.includes(message)], stderr).toEqual([2, true]);
    }
  });

  it('writes sums as CSV and as one JSON object a line', () => {
    const csv = cli(['classify', '-', ...LAST_BYTE, '--format', 'csv'], { input: THREE }).stdout;
    expect(lines(csv).slice(0, 2)).toEqual([
      'classid,packets,bytes,share,flows,hosts,reason',
      `1:5,2,108,${2 / 3},2,1,`,
    ]);
    const objects = lines(cli(['classify', '-', ...LAST_BYTE, '--format', 'ndjson'], { input: THREE }).stdout);
    expect(objects.map((line) => JSON.parse(line).type)).toEqual(['run', 'filter', 'class', 'class']);
  });

  it('leaves flows, hosts and collisions out with --no-flows', () => {
    const result = summary([HOUSEHOLD, '--filter', 'hash keys src divisor 2', '--no-flows']);
    expect(schema('classify')(result)).toBe(true);
    expect(result.classes.every(({ flows, hosts }) => flows === null && hosts === null)).toBe(true);
    expect([result.collisions, result.jain, result.worstShare]).toEqual([[], null, null]);
    expect(cli(['classify', '-', ...LAST_BYTE, '--no-flows'], { input: THREE }).stdout).not.toMatch(/hosts|flows/);
  });

  it('uses the hashrnd that is given, and says where each came from', () => {
    const filters = [
      '--filter',
      'hash keys src',
      '--filter',
      'hash keys dst',
      '--hashrnd',
      '0xdeadbeef',
      '--seed',
      '3',
    ];
    const rows = summary(['-', ...filters], THREE).filters;
    expect(rows[0]).toMatchObject({ pref: 1, hashrnd: '0xdeadbeef', from: 'given' });
    expect(rows[1]).toMatchObject({ pref: 2, from: 'seed' });
    const { stdout } = cli(['classify', '-', '--filter', 'hash keys src'], { input: THREE });
    expect(stdout).toContain('seed 0: assumed, the kernel keeps its own secret');
  });

  it('takes what a capture does not hold from --set and --meta', () => {
    const meta = file('meta.jsonl', '{"packet":2,"mark":7}\n\n{"prefix":"10.0.0.15","mark":"0x10"}\n');
    const marks = ['--filter', 'map key mark', '--set', 'mark=3,sk-uid=0', '--meta', meta, '--packets'];
    const { stdout } = cli(['classify', '-', ...marks], { input: THREE });
    expect(lines(stdout).map((line) => JSON.parse(line).classid)).toEqual(['1:4', '1:8', '1:11']);
  });

  it('has major ffff at ingress', () => {
    expect(summary(['-', ...LAST_BYTE, '--at', 'ingress'], THREE).classes[0]?.classid).toBe('ffff:5');
  });

  it('reads gzip from standard input as it reads the file', () => {
    const filter = ['--filter', 'hash keys src divisor 4'];
    const packed = summary(['-', ...filter], gzipSync(readFileSync(HOUSEHOLD)));
    const plain = summary([HOUSEHOLD, ...filter]);
    expect(packed).toEqual({ ...plain, record: packed.record });
    // The same bytes under another name.
    expect(packed.record.inputs).toEqual(plain.record.inputs.map((input) => ({ ...input, name: '-' })));
  });

  it('colours nothing in a pipe unless it is told to', () => {
    const colour = '\u001b[';
    expect(cli(['classify', '-', ...LAST_BYTE], { input: THREE }).stdout).not.toContain(colour);
    expect(cli(['classify', '-', ...LAST_BYTE], { input: THREE, env: { FORCE_COLOR: '1' } }).stdout).toContain(colour);
    const refused = cli(['classify', '-', ...LAST_BYTE], { input: THREE, env: { FORCE_COLOR: '0' } }).stdout;
    expect(refused).not.toContain(colour);
  });
});

describe('captures that are not as they should be', () => {
  /** Its fourth record claims to hold 4 GiB; that claim stands 8 bytes into the record's header. */
  const broken = file('broken.pcap', Buffer.concat([THREE, Buffer.alloc(32, 0xff)]));
  const claim = THREE.length + 8;
  const whole = file('whole.pcap', THREE);
  const cut = file('cut.pcap', THREE.subarray(0, THREE.length - 10));

  it('are told with their offset, the others go on, and the result is not complete', () => {
    const args = ['classify', 'missing.pcap', broken, whole, ...LAST_BYTE];
    const { status, stdout, stderr } = cli([...args, '--format', 'json']);
    expect(status).toBe(1);
    expect(stderr).toContain('cls-flow: missing.pcap: no such file\n');
    expect(stderr).toContain(`cls-flow: ${broken}:${claim}: captured length 4294967295, expected at most `);
    const result: Classification = JSON.parse(stdout);
    expect(schema('classify')(result)).toBe(true);
    expect([result.complete, result.packets]).toEqual([false, 6]);
    expect(result.errors.map(({ file, offset }) => [file, offset])).toEqual([
      ['missing.pcap', null],
      [broken, claim],
    ]);
    expect(cli(args).stdout).toContain('incomplete: 2 captures could not be read to the end');
  });

  it('end the packet records with a line that says so', () => {
    const { status, stdout } = cli(['classify', broken, whole, ...LAST_BYTE, '--packets']);
    const records = lines(stdout).map((line) => JSON.parse(line));
    expect([status, records.length]).toEqual([1, 7]);
    expect(schema('packets')(records[6])).toBe(true);
    expect(records[6]).toMatchObject({ complete: false, errors: [{ file: broken, offset: claim }] });
    expect(records[5]).toMatchObject({ packet: 6, classid: '1:10' });
  });

  it('warn of a last record that is cut, which --strict makes a failure of its own', () => {
    const { status, stdout, stderr } = cli(['classify', cut, ...LAST_BYTE, '--format', 'json']);
    expect(status).toBe(0);
    expect(stderr).toContain(`cls-flow: warning: ${cut}: cut off at byte `);
    expect(JSON.parse(stdout)).toMatchObject({ complete: true, packets: 2 });
    expect(cli(['classify', cut, ...LAST_BYTE, '--strict']).status).toBe(3);
    expect(cli(['classify', whole, ...LAST_BYTE, '--strict']).status).toBe(0);
    expect(cli(['classify', cut, broken, ...LAST_BYTE, '--strict']).status).toBe(1);
  });

  it.each([
    ['a directory', import.meta.dirname, 'is a directory'],
    ['an empty file', file('empty.pcap', ''), 'file of 0 bytes, expected a capture'],
    ['something else', file('text.txt', 'hello, world'), 'expected a capture'],
  ])('are told what they are: %s', (_, path, message) => {
    const { status, stderr } = cli(['classify', path, ...LAST_BYTE]);
    expect(status).toBe(1);
    expect(stderr).toContain(message);
    expect(stderr.split('\n')).toHaveLength(2);
  });

  it('have their names escaped', () => {
    const { stderr } = cli(['classify', '\u001b[31mred.pcap', ...LAST_BYTE]);
    expect(stderr).toBe('cls-flow: \\x1b[31mred.pcap: no such file\n');
  });
});

describe('whoever reads or interrupts', () => {
  it('may close the pipe early: no error, nothing on standard error', async () => {
    const child = start(['classify', HOUSEHOLD, HOUSEHOLD, HOUSEHOLD, ...LAST_BYTE, '--packets']);
    let stderr = '';
    child.stderr?.on('data', (text) => {
      stderr += text;
    });
    child.stdout?.once('data', () => child.stdout?.destroy());
    const status = await new Promise((resolve) => child.on('close', resolve));
    expect([status, stderr]).toEqual([0, '']);
  });

  it.skipIf(process.platform === 'win32')('gets 130 and nothing half from an interrupt', async () => {
    const child = start(['classify', '-', ...LAST_BYTE]);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (text) => {
        output += text;
      });
    }
    // More than the pipe holds: once it is written, the other side is reading. It never gets an end.
    child.stdin?.write(readFileSync(HOUSEHOLD), () => child.kill('SIGINT'));
    const status = await new Promise((resolve) => child.on('close', resolve));
    expect([status, output]).toEqual([130, '']);
  });
});

describe('--captured by interface', () => {
  it.each([
    ['lan0=bogus', 'expected NAME=lan, NAME=wan or NAME=here, not "lan0=bogus"'],
    ['=lan', 'expected NAME=lan, NAME=wan or NAME=here, not "=lan"'],
    ['lan0=lan,lan0=wan', 'lan0 is there twice'],
  ])('refuses %s with a caret', (text, problem) => {
    const { status, stderr } = cli(['classify', HOUSEHOLD, '--filter', 'map key dst', '--captured', text]);
    expect([status, stderr]).toEqual([2, expect.stringContaining(`--captured: ${problem}`)]);
    expect(stderr).toContain('^');
  });
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { cli, file, pcap } from './cli.ts';

/** Class = last byte + 1: host 4 in 1:5, host 15 in 1:10 and on to an sfq that takes IPv4 only; DNS goes unshaped. */
const SCRIPT = file(
  'shaper.tc',
  `qdisc add dev eth0 root handle 1: htb default 10
class add dev eth0 parent 1: classid 1:10 htb rate 10mbit
class add dev eth0 parent 1: classid 1:5 htb rate 10mbit
qdisc add dev eth0 parent 1:10 handle 10: sfq
filter add dev eth0 parent 1: protocol ip prio 1 u32 match ip dport 53 0xffff flowid 1:0
filter add dev eth0 parent 1: protocol ip prio 2 handle 1 flow map key dst and 0xff
filter add dev eth0 parent 10: protocol ip handle 1 flow map key dst and 0xff baseclass 10:1
`,
);
const CAPTURE = pcap(
  'tcp 192.0.2.1:1000 > 10.0.0.4:80',
  'tcp 192.0.2.1:1000 > 10.0.0.15:80',
  'udp 192.0.2.1:1000 > 10.0.0.4:53',
  'tcp [2001:db8::1]:1000 > [2001:db8::2]:80',
);

function schema(name: string): ValidateFunction {
  const path = join(import.meta.dirname, `../../docs/schema/${name}.schema.json`);
  return new Ajv2020({ allowUnionTypes: true }).compile(JSON.parse(readFileSync(path, 'utf8')));
}

const classify = (...args: string[]): string =>
  cli(['classify', '-', '--script', SCRIPT, ...args], { input: CAPTURE }).stdout;

describe('classify --script', () => {
  it('counts where packets ended, dropped and unshaped ones first, as the schema says', () => {
    const summary = JSON.parse(classify('--format', 'json'));
    const validate = schema('classify');
    expect(validate(summary), JSON.stringify(validate.errors)).toBe(true);
    expect(summary.fates).toMatchObject([
      { fate: 'dropped', qdisc: '10:', kind: 'sfq', by: 'no filter matched', packets: 1 },
      { fate: 'direct', qdisc: '1:', by: 'filter', packets: 1 },
      { fate: 'queued', qdisc: '0:', kind: 'pfifo', class: '1:5', packets: 1 },
      { fate: 'queued', qdisc: '10:', kind: 'sfq', class: '1:10', bucketBy: 'filter', packets: 1 },
    ]);
    const all = summary.fates.reduce((sum: number, { bytes }: { bytes: number }) => sum + bytes, 0);
    expect(all).toBe(summary.bytes);
    expect(summary.filters.map(({ parent }: { parent: string }) => parent)).toEqual(['1:', '10:']);
  });

  it('starts from what the script builds on, names it, and calls the results assumed', () => {
    const name = file('foreign.tc', 'filter add dev eth0 parent 7: protocol ip handle 1 flow map key dst and 0xff\n');
    const { stdout, stderr } = cli(['classify', '-', '--script', name, '--format', 'json'], { input: CAPTURE });
    expect(stderr).toContain('  tc qdisc add dev eth0 root handle 7: htb\n');
    expect(JSON.parse(stdout).exactness).toEqual({ exact: 0, assumed: 3, unknowable: 0 });
  });

  it('shows them above the classes, in red where colours are wanted', () => {
    const table = classify();
    expect(table).toMatch(/^end +packets +bytes +share\ndropped by sfq 10:, no filter matched +1 /m);
    expect(table.indexOf('direct past 1:, unshaped')).toBeLessThan(table.indexOf('queued in class 1:5, pfifo'));
    expect(table.indexOf('queued in class 1:10, sfq 10:')).toBeLessThan(table.search(/^class /m));
    const coloured = cli(['classify', '-', '--script', SCRIPT], { input: CAPTURE, env: { FORCE_COLOR: '1' } }).stdout;
    expect(coloured).toContain('\u001b[31mdropped by sfq 10:');
    expect(coloured).toContain('\u001b[31mdirect past 1:');
    expect(coloured).not.toContain('\u001b[31mqueued');
  });

  it('gives each packet record its path and its fate, as the schema says', () => {
    const records = classify('--packets')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const validate = schema('packets');
    for (const one of records) expect(validate(one), JSON.stringify(validate.errors)).toBe(true);
    const flow = { kind: 'flow', pref: 49152, protocol: '0x0800', handle: '0x1' };
    expect(records[1]).toMatchObject({
      classid: '10:10',
      path: [
        { qdisc: '1:', kind: 'htb', parent: 'root', class: '1:10', by: 'filter' },
        { qdisc: '10:', kind: 'sfq', parent: '1:10', classify: [{ at: '10:', filters: [{ ...flow, ret: 0 }] }] },
      ],
      fate: { fate: 'queued', qdisc: '10:', kind: 'sfq', class: '1:10', bucket: 15, bucketBy: 'filter', filter: flow },
    });
    expect(records.map(({ fate }) => fate.fate)).toEqual(['queued', 'queued', 'direct', 'dropped']);
    expect(classify('--packets', '--format', 'table')).toMatch(/ dropped by sfq 10:, no filter matched\n$/);
  });

  it('asks one list alone where a parent is named, and tells no fate then', () => {
    const summary = JSON.parse(classify('--parent', '10:', '--format', 'json'));
    expect(schema('classify')(summary)).toBe(true);
    expect([summary.fates, summary.classes.length]).toEqual([undefined, 2]);
  });
});

it('follows a redirection to a device that the script names only later', () => {
  const script = file(
    'ifb.tc',
    `qdisc add dev eth0 clsact
filter add dev eth0 ingress protocol ip prio 1 u32 match ip dport 53 0xffff action mirred egress redirect dev ifb0
qdisc add dev ifb0 root handle 2: sfq
filter add dev ifb0 parent 2: protocol ip handle 1 flow map key dst and 0xff
`,
  );
  const args = ['classify', '-', '--script', script, '--dev', 'eth0', '--at', 'ingress', '--packets'];
  const { stdout, stderr } = cli(args, { input: CAPTURE });
  const records = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(stderr).toBe('');
  expect(schema('packets')(records[2])).toBe(true);
  expect(records[0].fate).toEqual({ fate: 'passed', hook: 'ingress', verdict: 'unspec' });
  expect(records[2]).toMatchObject({
    fate: { fate: 'redirected', hook: 'ingress', to: 'ifb0', verdict: 'consumed', filter: { kind: 'u32', pref: 1 } },
    sentElsewhere: [{ device: 'ifb0', how: 'redirect', fate: { fate: 'queued', qdisc: '2:', bucket: 4 } }],
  });
});

describe('a place where the script puts nothing', () => {
  const script = file(
    'places.tc',
    `qdisc add dev eth0 root handle 1: htb
class add dev eth0 parent 1: classid 1:10 htb rate 1mbit
qdisc add dev ifb0 ingress
`,
  );
  const noted = (...args: readonly string[]): string[] =>
    [
      ['classify', '-'],
      ['explain', 'udp 192.0.2.1:1 > 10.0.0.4:53'],
    ].map((command) => {
      const { status, stderr } = cli([...command, '--script', script, ...args], { input: CAPTURE });
      expect(status).toBe(0);
      return stderr.trim().replaceAll(script, 'S');
    });
  const both = (note: string): string[] => [note, note];

  it.each([
    [['--dev', 'eth7'], 'note: S puts nothing on eth7, but on eth0, ifb0'],
    [['--dev', 'ifb0'], 'note: S puts nothing on ifb0 at egress, only at ingress'],
    [['--dev', 'eth0', '--at', 'ingress'], 'note: S puts nothing on eth0 at ingress, only at egress'],
    [['--dev', 'eth0', '--parent', '9:'], 'note: S has no 9: on eth0 that filters can be attached to, but on 1:, 1:10'],
    [['--dev', 'eth0', '--at', 'clsact-egress'], "note: S puts nothing on eth0 at clsact's egress, but on eth0, ifb0"],
  ])('is noted, with what the script has: %j', (args, note) => {
    expect(noted(...args)).toEqual(both(note));
  });

  it.each([[['--dev', 'eth0']], [['--dev', 'eth0', '--parent', '1:10']], [['--dev', 'ifb0', '--at', 'ingress']]])(
    'is not noted of what is there: %j',
    (args) => {
      expect(noted(...args)).toEqual(both(''));
    },
  );
});

describe('explain --script', () => {
  const explain = (...args: string[]): string =>
    cli(['explain', 'tcp 192.0.2.1:1000 > 10.0.0.15:80', '--script', SCRIPT, '--dev', 'eth0', ...args]).stdout;

  it('goes on through the tree: who was asked, which class, where it ends', () => {
    const text = explain();
    expect(text).toContain('  htb 1: at the root\n    list 1:  u32 pref 1 no, flow pref 2; ok, class 1:10\n');
    expect(text).toContain('  end: queued in class 1:10, sfq 10:, bucket 15 (flow pref 49152)\n');
  });

  it('says the same in JSON, as its schema says', () => {
    const told = JSON.parse(explain('--format', 'json'));
    const validate = schema('explain');
    expect(validate(told), JSON.stringify(validate.errors)).toBe(true);
    expect(told.fate).toMatchObject({ fate: 'queued', qdisc: '10:', bucket: 15 });
    expect(told.filters.map(({ parent }: { parent: string }) => parent)).toEqual(['1:', '10:']);
  });
});

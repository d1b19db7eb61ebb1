import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { cli, file, pcap } from './cli.ts';

/** As SQM scripts do it: a size table, and a leaf that delays. */
const SQM = `qdisc add dev eth0 root handle 1: stab overhead 44 linklayer atm htb default 12
class add dev eth0 parent 1: classid 1:1 htb rate 10mbit
class add dev eth0 parent 1:1 classid 1:11 htb rate 5mbit ceil 10mbit
class add dev eth0 parent 1:1 classid 1:12 htb rate 5mbit ceil 10mbit
qdisc add dev eth0 parent 1:11 handle 110: fq_codel
qdisc add dev eth0 parent 1:12 handle 120: netem delay 10ms loss 0.1%
filter add dev eth0 parent 1: protocol ip prio 1 handle 1 flow map key dst and 1 divisor 2 baseclass 1:11
`;
const SCRIPT = file('sqm.tc', SQM);
const PACKETS = ['udp 192.0.2.1:1000 > 10.0.0.4:53', 'udp 192.0.2.1:1000 > 10.0.0.5:53'] as const;
const NOTES = [
  `${SCRIPT}:1: note: "stab" is not modelled here`,
  `${SCRIPT}:6: note: qdisc kind "netem" is not modelled here`,
];
const state = (): string[] => ['tc', '--state', join(mkdtempSync(join(tmpdir(), 'cls-flow-')), 'state.json')];

describe('a script with stab and netem', () => {
  it('classify: the classes are exact, the leaf is an end, and the words are named', () => {
    const { status, stdout, stderr } = cli(
      ['classify', '-', '--script', SCRIPT, '--set', 'priority=0', '--format', 'json'],
      {
        input: pcap(...PACKETS),
      },
    );
    expect(status).toBe(0);
    const summary = JSON.parse(stdout);
    const path = join(import.meta.dirname, '../../docs/schema/classify.schema.json');
    const validate = new Ajv2020({ allowUnionTypes: true }).compile(JSON.parse(readFileSync(path, 'utf8')));
    expect(validate(summary), JSON.stringify(validate.errors)).toBe(true);
    const { exactness, fates, classes } = summary;
    expect(exactness).toEqual({ exact: 2, assumed: 0, unknowable: 0 });
    expect(classes.map(({ classid }: { classid: string }) => classid).sort()).toEqual(['1:11', '1:12']);
    expect(fates).toMatchObject([
      { fate: 'queued', kind: 'fq_codel', class: '1:11' },
      { fate: 'queued', kind: 'netem', class: '1:12', notModelled: true },
    ]);
    expect(stderr.split('\n')).toEqual(expect.arrayContaining(NOTES));
    const table = cli(['classify', '-', '--script', SCRIPT], { input: pcap(...PACKETS) }).stdout;
    expect(table).toContain('queued in class 1:12 (netem, not modelled)');
  });

  it('explain: the end is told the same way', () => {
    const { status, stdout } = cli(['explain', PACKETS[1], '--script', SCRIPT]);
    expect(status).toBe(0);
    expect(stdout).toContain('end: queued in class 1:12 (netem, not modelled)');
  });

  it('check: tc refuses none of its lines', () => {
    const { stdout } = cli(['check', SCRIPT, '--format', 'json']);
    expect(JSON.parse(stdout).findings.filter(({ code }: { code: string }) => /^[A-Z]+$/.test(code))).toEqual([]);
  });

  it('tc -batch: taken, with a line about each; shown as typed from the next command on', () => {
    const tc = state();
    const answer = cli([...tc, '--dev', 'eth0', '-batch', SCRIPT]);
    expect(answer).toEqual({
      status: 0,
      stdout: '',
      stderr:
        'cls-flow: note: line 1: "stab" is not modelled here\n' +
        'cls-flow: note: line 6: qdisc kind "netem" is not modelled here\n',
    });
    const shown = cli([...tc, '-d', 'qdisc', 'show', 'dev', 'eth0']).stdout;
    expect(shown).toMatch(/^qdisc htb 1: root .*\n stab overhead 44 linklayer atm\n/);
    expect(shown).toContain('qdisc netem 120: parent 1:12 delay 10ms loss 0.1% \n');
  });
});

describe('one command', () => {
  it('tc: exit 0, and one line on standard error', () => {
    const words = 'qdisc add dev lo root stab mpu 64 netem delay 1ms'.split(' ');
    expect(cli([...state(), ...words])).toEqual({
      status: 0,
      stdout: '',
      stderr: 'cls-flow: note: "stab" is not modelled here; qdisc kind "netem" is not modelled here\n',
    });
  });

  it.each(['qdisc add dev eth0 root netem delay 1ms', 'filter add dev eth0 parent 1: flower ip_flags frag'])(
    'netlink encode refuses: %s',
    (line) => {
      const { status, stdout, stderr } = cli(['netlink', 'encode', ...line.split(' ')]);
      expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
      expect(stderr).toContain('is not modelled here, so the bytes of this command are not known\n');
    },
  );
});

it('what hangs below such a qdisc is not known, and the qdisc is named', () => {
  const script = file(
    'below.tc',
    `qdisc add dev eth0 root handle 1: netem delay 20ms limit 5000
qdisc add dev eth0 parent 1:1 handle 2: prio
filter add dev eth0 parent 2: protocol all prio 1 handle 1 flow map key proto divisor 3 baseclass 2:1
`,
  );
  const { stdout } = cli(['classify', '-', '--script', script, '--format', 'json'], { input: pcap(...PACKETS) });
  expect(JSON.parse(stdout)).toMatchObject({
    fates: [{ fate: 'unknowable', kind: 'netem', qdisc: '1:', notModelled: true, packets: 2 }],
    unclassified: [{ reason: 'unknowable: the qdisc netem 1: is not modelled', packets: 2 }],
  });
});

it('a flower filter with ip_flags may take every fragment and every whole packet', () => {
  const script = file(
    'frag.tc',
    `qdisc add dev eth0 root handle 1: prio
filter add dev eth0 parent 1: protocol ip prio 1 handle 1 flower ip_flags frag classid 1:1
`,
  );
  const { stdout, stderr } = cli(['classify', '-', '--script', script, '--format', 'json'], {
    input: pcap(...PACKETS),
  });
  expect(JSON.parse(stdout)).toMatchObject({
    fates: [{ fate: 'unknowable', kind: 'prio', packets: 2 }],
    unclassified: [{ packets: 2 }],
  });
  expect(stderr).toContain('frag.tc:2: note: flower "ip_flags" is not modelled here\n');
});

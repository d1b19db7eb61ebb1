import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { cli, file, pcap } from './cli.ts';

const MQ = `qdisc replace dev eth0 root handle 7fff: mq
qdisc add dev eth0 parent 7fff:3 handle 1: htb default 2
class add dev eth0 parent 1: classid 1:2 htb rate 10mbit
qdisc add dev eth0 parent 1:2 handle 12: sfq
`;

describe('transmit queues', () => {
  const script = file('mq.tc', MQ);
  const capture = file('one.pcap', pcap('udp 192.168.1.5:5000 > 198.51.100.1:443'));

  test('are as many as a script names: check, explain and tc agree', () => {
    expect(cli(['check', script]).stdout).toContain('nothing found in 4 tc commands');
    const { stdout, stderr } = cli(['explain', capture, '--packet', '1', '--script', script]);
    expect(stderr).toBe('');
    expect(stdout).toContain('end: queued in class 1:2, sfq 12:');
    expect(stdout).toContain('queue');
    const state = `${script}.json`;
    for (const line of MQ.trim().split('\n')) {
      expect(cli(['tc', '--state', state, ...line.split(' ')]).status, line).toBe(0);
    }
    expect(cli(['tc', '--state', state, 'qdisc', 'show', 'dev', 'eth0']).stdout).toContain('htb 1: parent 7fff:3');
  });

  test('can be given, and what lies beyond is refused by all', () => {
    const queues = ['--tx-queues', '2'];
    expect(cli(['check', script, ...queues, '--format', 'json']).stdout).toContain('"refusedBy":"kernel"');
    const { stderr } = cli(['explain', capture, '--packet', '1', '--script', script, ...queues]);
    expect(stderr).toContain('mq.tc:2: Error: Specified class not found.');
    expect(cli(['tc', ...queues, '--state', `${script}.2.json`, '-batch', script]).status).not.toBe(0);
  });

  test('that may be several, with different ends, are listed in JSON as its schema says', () => {
    const two = file('two.tc', `${MQ}qdisc add dev eth0 parent 7fff:1 handle 2: fq_codel\n`);
    const schema = JSON.parse(readFileSync(join(import.meta.dirname, '../../docs/schema/explain.schema.json'), 'utf8'));
    const { stdout } = cli(['explain', capture, '--packet', '1', '--script', two, '--format', 'json']);
    const explanation = JSON.parse(stdout);
    const validate = new Ajv2020({ allowUnionTypes: true }).compile(schema);
    expect(validate(explanation), JSON.stringify(validate.errors)).toBe(true);
    expect(explanation).toMatchObject({
      fate: { fate: 'unknowable', kind: 'mq', by: 'queue' },
      queues: [
        { class: '7fff:1', fate: { fate: 'sent' } },
        { class: '7fff:3', fate: { kind: 'sfq', class: '1:2' } },
      ],
    });
  });

  test('can be given for packets: --set queue counts from 0', () => {
    const two = file('two.tc', `${MQ}qdisc add dev eth0 parent 7fff:1 handle 2: fq_codel\n`);
    const { stdout } = cli(['explain', capture, '--packet', '1', '--script', two, '--set', 'queue=2']);
    expect(stdout).toContain('end: queued in class 1:2, sfq 12:');
  });

  test.each(['0', '1025', 'many'])('cannot be %s', (count) => {
    const { status, stderr } = cli(['check', script, '--tx-queues', count]);
    expect([status, stderr]).toEqual([
      2,
      expect.stringContaining('--tx-queues: expected a whole number from 1 to 1024'),
    ]);
  });
});

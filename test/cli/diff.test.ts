import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { reportOf } from '../../node/cli/diff.ts';
import { runScript, type Transport } from '../../src/command/index.ts';
import { createEnv } from '../../src/env.ts';
import { ERAS } from '../../src/era.ts';
import { Netns } from '../../src/kernel/index.ts';
import { type Diff, diffSetups, planScript, readSetup } from '../../src/study/index.ts';
import { cli, file } from './cli.ts';

test('diff needs a device, a script that can be read, and says so with 2', () => {
  expect(cli(['diff', 'plan.sh'])).toMatchObject({ status: 2, stderr: expect.stringContaining('--live') });
  expect(cli(['diff', 'nosuch.sh', '--live', 'lo'])).toMatchObject({
    status: 2,
    stdout: '',
    stderr: 'cls-flow: nosuch.sh: no such file\n',
  });
});

test.each(['--state a.json', '--dev eth0', '--era 6.1', '--strict-dev'])('tc --live does not go with %s', (option) => {
  const answer = cli(['tc', '--live', ...option.split(' '), 'qdisc', 'show']);
  expect(answer).toMatchObject({ status: 2, stdout: '' });
  expect(answer.stderr).toContain(`--live and ${option.split(' ')[0]}`);
});

describe('diff SCRIPT --with OTHER, both shell scripts', () => {
  const script = (name: string, text: string): string => file(name, `#!/bin/sh\n${text}`);
  const LOOP = 'DEV=$1\ntc qdisc add dev $DEV root handle 1: drr\n[ "$2" = none ] && exit\n';
  const looped = (values: string): string =>
    `${LOOP}for i in ${values}; do tc class add dev $DEV parent 1: classid 1:$i drr quantum $QUANTUM; done\n`;
  const diff = (plan: string, other: string, args = ['eth0']) =>
    cli(['diff', plan, '--with', other, '--env', 'QUANTUM=1600', '--', ...args]);

  test('simulates both with the same arguments and variables', () => {
    const [plan, other] = [script('plan.sh', looped('1 2')), script('other.sh', looped('1'))];
    expect(diff(plan, plan)).toMatchObject({
      status: 0,
      stdout: 'eth0: as planned (3 qdiscs, classes and filters)\n',
      stderr: '',
    });
    expect(diff(plan, other)).toMatchObject({
      status: 1,
      stdout: `eth0: 1 differ, 2 as planned
+ class drr 1:2 root quantum 1600b
to make them equal:
tc class add dev eth0 parent 1: classid 1:2 drr quantum 1600
`,
    });
    expect(diff(plan, other, ['eth3', 'none']).stdout).toBe('eth3: as planned (1 qdiscs, classes and filters)\n');
  });

  test('gives both the same file', () => {
    const text = '. /etc/qos.conf\ntc qdisc add dev $DEV root handle 1: $KIND\n';
    const [plan, other] = [script('a.sh', text), script('b.sh', `# another\n${text}`)];
    const conf = `/etc/qos.conf=${file('qos.conf', 'DEV=eth5 KIND=drr\n')}`;
    expect(cli(['diff', plan, '--with', other, '--file', conf]).stdout).toMatch(/^eth5: as planned/);
  });

  test('lets the other fail where it expects that, and says where it cannot be told', () => {
    const plan = script('plain.sh', 'tc qdisc add dev eth0 root handle 1: drr\n');
    const add = 'tc qdisc add dev eth0 root handle 1: drr\n';
    const twice = script('twice.sh', `${add}${add.trim()} || true\n`);
    expect(diff(plan, twice).status).toBe(0);
    const open = script('open.sh', `${add}read LINE < /etc/qos\ntc class add dev eth0 parent 1: classid $LINE drr\n`);
    const { status, stderr } = diff(plan, open);
    expect(status).toBe(2);
    expect(stderr).toMatch(/open\.sh: line 4: .*\/etc\/qos/);
  });
});

describe('docs/schema/diff.schema.json', () => {
  const schema = readFileSync(join(import.meta.dirname, '../../docs/schema/diff.schema.json'), 'utf8');
  const valid = new Ajv2020().compile(JSON.parse(schema));
  const HTB =
    'qdisc add dev d0 root handle 1: htb default 20\nclass add dev d0 parent 1: classid 1:20 htb rate 1mbit\n';
  const FILTER = 'filter add dev d0 parent 1: protocol ip prio 5 handle 1 flow map key mark and 0xff\n';

  function kernel(): Transport {
    const netns = new Netns({ env: createEnv({ era: ERAS['6.1'], seed: 0 }), devices: [{ name: 'd0', ifindex: 7 }] });
    return { request: (datagram) => netns.request(datagram), links: netns.links };
  }

  function found(planned: string, there: string): Diff {
    const transport = kernel();
    runScript(there, transport);
    const installed = readSetup(transport, 7);
    return diffSetups(planScript(planned, kernel, 'd0', installed), installed, 'd0');
  }

  test.each([
    ['equal', HTB, HTB],
    ['missing', HTB + FILTER, HTB],
    ['too much', HTB, HTB + FILTER],
    ['another rate', HTB, HTB.replace('1mbit', '2mbit')],
  ])('describes what is printed: %s', (_, planned, there) => {
    const before = found(planned, there);
    const applied = { done: 0, refused: 'tc qdisc add: Operation not permitted' };
    for (const after of [
      null,
      { applied, after: before },
      { applied: { done: 1, refused: null }, after: found(HTB, HTB) },
    ]) {
      const report = JSON.parse(JSON.stringify(reportOf('d0', before, after, planned)));
      expect([valid(report), valid.errors]).toEqual([true, null]);
      expect(report).toMatchObject({ schema: 1, equal: planned === there });
    }
  });

  test('has no room for what it does not name', () => {
    const report = reportOf('d0', found(HTB, HTB), null, HTB);
    expect(valid({ ...report, more: 1 })).toBe(false);
    expect(valid({ ...report, differences: [{ planned: null, installed: null }] })).toBe(false);
  });
});

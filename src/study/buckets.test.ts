import { describe, expect, it } from 'vitest';
import { runScript } from '../command/index.ts';
import { createEnv } from '../env.ts';
import { ERAS } from '../era.ts';
import { Netns } from '../kernel/index.ts';
import { QDISCS } from '../sched/qdisc/index.ts';
import { type BucketSetup, evenRates, setupCommands, setupScript } from './buckets.ts';

const setup = (more: Partial<BucketSetup> = {}): BucketSetup => ({
  kind: 'drr',
  dev: 'eth0',
  keys: 'src',
  divisor: 32,
  link: 32e6,
  ...more,
});

describe('the commands of an advice', () => {
  it.each(QDISCS.flatMap(({ kind, targets }) => (targets === null ? [] : [kind])))(
    'are taken by the kernel without a complaint: %s',
    (kind) => {
      const netns = new Netns({
        env: createEnv({ era: ERAS['6.1'], seed: 0 }),
        devices: [{ name: 'eth0', ifindex: 2 }],
      });
      const lines = setupCommands(setup({ kind }));
      const { answers } = runScript(lines.join('\n'), {
        request: (datagram) => netns.request(datagram),
        links: netns.links,
      });
      expect(answers).toHaveLength(lines.length);
      expect(answers.filter(({ exit }) => exit !== 0)).toEqual([]);
    },
  );

  it('count classes in hex: the tenth is 1:a, the last 1:20', () => {
    const classes = setupCommands(setup()).filter((line) => line.startsWith('class'));
    expect(classes).toHaveLength(33);
    expect(classes[0]).toBe('class add dev eth0 parent 1: classid 1:fffe drr');
    expect(classes[10]).toBe('class add dev eth0 parent 1: classid 1:a drr');
    expect(classes[32]).toBe('class add dev eth0 parent 1: classid 1:20 drr');
  });

  it('share the rate of the link among the classes of htb, which may borrow all of it', () => {
    const lines = setupCommands(setup({ kind: 'htb', divisor: 31 }));
    expect(lines[1]).toBe(
      'class add dev eth0 parent 1: classid 1:ffff htb rate 32Mbit burst 4000 cburst 4000 quantum 1514',
    );
    expect(lines[4]).toBe(
      'class add dev eth0 parent 1:ffff classid 1:1 htb rate 1Mbit ceil 32Mbit cburst 4000 quantum 1514',
    );
    expect(lines[5]).toBe('qdisc add dev eth0 parent 1:1 fq_codel flows 64 limit 1024');
  });

  it('give sfq and fq_codel the buckets that are asked for, and sfq room for them', () => {
    const root = (more: Partial<BucketSetup>): string | undefined => setupCommands(setup(more))[0];
    expect(root({ kind: 'sfq', divisor: 1024 })).toBe(
      'qdisc replace dev eth0 root handle 1: sfq divisor 1024 flows 1024 limit 10240',
    );
    expect(root({ kind: 'sfq', divisor: 8 })).toBe(
      'qdisc replace dev eth0 root handle 1: sfq divisor 8 flows 8 limit 1016',
    );
    expect(root({ kind: 'fq_codel', divisor: 4096 })).toBe('qdisc replace dev eth0 root handle 1: fq_codel flows 4096');
  });

  it('put buckets below a class that has the rate of the link', () => {
    expect(
      setupCommands(setup({ kind: 'fq_codel', shaper: 'htb', filter: 'map key dst and 0x1f divisor 32' })),
    ).toEqual([
      'qdisc replace dev eth0 root handle 1: htb default 1',
      'class add dev eth0 parent 1: classid 1:1 htb rate 32Mbit burst 4000 cburst 4000 quantum 1514',
      'qdisc add dev eth0 parent 1:1 handle 2: fq_codel flows 32',
      'filter add dev eth0 parent 2: protocol all prio 3 matchall classid 2:1',
      'filter add dev eth0 parent 2: protocol ip prio 1 handle 1 flow map key dst and 0x1f divisor 32 baseclass 2:1',
      'filter add dev eth0 parent 2: protocol ipv6 prio 2 handle 1 flow map key dst and 0x1f divisor 32 baseclass 2:1',
    ]);
  });

  it('take packets of all protocols by one filter where they are tagged', () => {
    const filters = setupCommands(setup({ tagged: true })).filter((line) => line.startsWith('filter'));
    expect(filters).toEqual([
      'filter add dev eth0 parent 1: protocol all prio 1 handle 1 flow hash keys src divisor 32 baseclass 1:1',
    ]);
  });

  it('make a loop of many classes for a shell, in hex too', () => {
    const script = setupScript(setup());
    expect(script.slice(script.indexOf('for i in $(seq 1 32); do'), script.indexOf('done') + 1)).toEqual([
      'for i in $(seq 1 32); do',
      '  c=1:$(printf %x $i)',
      '  tc class add dev eth0 parent 1: classid $c drr',
      '  tc qdisc add dev eth0 parent $c fq_codel flows 64 limit 1024',
      'done',
    ]);
    expect(setupScript(setup({ divisor: 16 })).filter((line) => line.startsWith('tc class add'))).toHaveLength(17);
  });

  it('divide a rate in whole kilobits, if it has any', () => {
    expect(evenRates(1e8, 3)).toEqual({ link: 1e8, each: 33_333_000 });
    expect(evenRates(1e5, 1000)).toEqual({ link: 1e5, each: 100 });
  });
});

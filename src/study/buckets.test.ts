import { describe, expect, it } from 'vitest';
import { runScript } from '../command/index.ts';
import { createEnv } from '../env.ts';
import { ERAS } from '../era.ts';
import { Netns } from '../kernel/index.ts';
import { QDISCS } from '../sched/qdisc/index.ts';
import { type BucketSetup, setupCommands, setupScript } from './buckets.ts';

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
    expect(classes).toHaveLength(32);
    expect(classes[9]).toBe('class add dev eth0 parent 1: classid 1:a drr');
    expect(classes[31]).toBe('class add dev eth0 parent 1: classid 1:20 drr');
  });

  it('share the rate of the link among the classes of htb, which may borrow all of it', () => {
    const lines = setupCommands(setup({ kind: 'htb' }));
    expect(lines[1]).toBe('class add dev eth0 parent 1: classid 1:ffff htb rate 32000000bit');
    expect(lines[2]).toBe('class add dev eth0 parent 1:ffff classid 1:1 htb rate 1000000bit ceil 32000000bit');
  });

  it('tell sfq and fq_codel of more buckets than they have by themselves', () => {
    const root = (more: Partial<BucketSetup>): string | undefined => setupCommands(setup(more))[0];
    expect(root({ kind: 'sfq', divisor: 1024 })).toBe('qdisc replace dev eth0 root handle 1: sfq');
    expect(root({ kind: 'sfq', divisor: 8 })).toBe('qdisc replace dev eth0 root handle 1: sfq divisor 8');
    expect(root({ kind: 'fq_codel', divisor: 4096 })).toBe('qdisc replace dev eth0 root handle 1: fq_codel flows 4096');
  });

  it('make a loop of many classes for a shell, in hex too', () => {
    expect(setupScript(setup()).filter((line) => line.includes('class add'))).toEqual([
      'for i in $(seq 1 32); do tc class add dev eth0 parent 1: classid 1:$(printf %x $i) drr; done',
    ]);
    expect(setupScript(setup({ divisor: 16 })).filter((line) => line.startsWith('tc class add'))).toHaveLength(16);
  });
});

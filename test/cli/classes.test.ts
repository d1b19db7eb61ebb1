import { describe, expect, it } from 'vitest';
import { cli, file } from './cli.ts';

/** The built command's lines. */
const lines = (...args: readonly string[]): string[] => {
  const { status, stdout, stderr } = cli(['classes', ...args]);
  expect([status, stderr]).toEqual([0, '']);
  return stdout.trimEnd().split('\n');
};

describe('cls-flow classes', () => {
  it('prints one line a class, numbers in hex', () => {
    const printed = lines('--filter', 'hash keys src divisor 16', '--qdisc', 'drr');
    expect(printed).toHaveLength(16);
    expect(printed[9]).toBe('tc class add dev eth0 parent 1: classid 1:a drr');
    expect(printed[15]).toBe('tc class add dev eth0 parent 1: classid 1:10 drr');
  });

  it("puts them under the parent that is named, with the parent's major number if the filter has none", () => {
    const asked = ['--filter', 'map key dst and 1', '--dev', 'wan', '--parent', '20:ff', '--rate', '2mbit'];
    expect(lines(...asked)).toEqual([
      'tc class add dev wan parent 20:ff classid 20:1 htb rate 1Mbit ceil 2Mbit quantum 1514',
      'tc class add dev wan parent 20:ff classid 20:2 htb rate 1Mbit ceil 2Mbit quantum 1514',
    ]);
    const other = cli(['classes', '--filter', 'hash keys src divisor 4 baseclass 2:1', '--parent', '1:']);
    expect(other).toMatchObject({ status: 2, stdout: '' });
    expect(other.stderr).toContain('classes of 2:');
  });

  it('puts one class around those of kinds that borrow, so that check finds nothing in them', () => {
    const filter = 'map key dst and 1 baseclass 1:fffe';
    expect(lines('--filter', filter)).toEqual([
      'tc class add dev eth0 parent 1: classid 1:fffd htb rate 100Mbit burst 12500 cburst 12500 quantum 1514',
      'tc class add dev eth0 parent 1:fffd classid 1:fffe htb rate 50Mbit ceil 100Mbit cburst 12500 quantum 1514',
      'tc class add dev eth0 parent 1:fffd classid 1:ffff htb rate 50Mbit ceil 100Mbit cburst 12500 quantum 1514',
    ]);
    for (const kind of ['htb', 'hfsc', 'drr', 'qfq']) {
      const made = lines('--filter', filter, '--qdisc', kind, '--parent', '1:').join('\n');
      const script = `tc qdisc add dev eth0 root handle 1: ${kind}
${made}
tc filter add dev eth0 parent 1: protocol all prio 1 handle 1 flow ${filter}
`;
      const { status, stdout } = cli(['check', '-', '--format', 'json'], { input: Buffer.from(script) });
      const { findings } = JSON.parse(stdout);
      expect({ status, found: findings.filter(({ severity }: { severity: string }) => severity !== 'advice') }).toEqual(
        {
          status: 0,
          found: [],
        },
      );
    }
  });

  it('takes a number for that class that the script has not given away', () => {
    const script = file(
      'around.tc',
      `qdisc add dev lan0 root handle 5: htb
class add dev lan0 parent 5: classid 5:ffff htb rate 1mbit
filter add dev lan0 parent 5: protocol all prio 1 handle 1 flow map key dst and 0 baseclass 5:10
`,
    );
    expect(lines('--script', script)[0]).toBe(
      'tc class add dev lan0 parent 5: classid 5:fffe htb rate 100Mbit burst 12500 cburst 12500 quantum 1514',
    );
  });

  it('leaves out classes that the script makes, and puts the others beside them', () => {
    const script = file(
      'some.tc',
      `qdisc add dev lan0 root handle 5: htb
class add dev lan0 parent 5: classid 5:1 htb rate 10mbit
class add dev lan0 parent 5:1 classid 5:11 htb rate 5mbit ceil 10mbit
filter add dev lan0 parent 5: protocol all prio 1 handle 1 flow map key dst and 1 baseclass 5:10
`,
    );
    const { status, stdout, stderr } = cli(['classes', '--script', script, '--rate', '10mbit']);
    expect([status, stdout]).toEqual([
      0,
      'tc class add dev lan0 parent 5:1 classid 5:10 htb rate 5Mbit ceil 10Mbit quantum 1514\n',
    ]);
    expect(stderr).toContain('note: 1 class of 5: there already');
  });

  it('takes --kind for --qdisc, as it was called once, and makes no more than 4096 classes unless asked', () => {
    const asked = ['--filter', 'hash keys src divisor 4'];
    expect(lines(...asked, '--kind', 'drr')).toEqual(lines(...asked, '--qdisc', 'drr'));
    expect(cli(['classes', '--help']).stdout).not.toContain('--kind');
    const many = cli(['classes', '--filter', 'hash keys src divisor 4097']);
    expect(many).toMatchObject({ status: 2, stdout: '' });
    expect(many.stderr).toContain('4097 classes can come out, more than 4096');
  });

  it('refuses a hash without a divisor unless so many are wanted', () => {
    const refused = cli(['classes', '--filter', 'hash keys src']);
    expect(refused).toMatchObject({ status: 2, stdout: '' });
    expect(refused.stderr).toContain('65536 classes');
    expect(refused.stderr).toContain('--max 65536');
    const { status, stdout, stderr } = cli(['classes', '--filter', 'hash keys src', '--max', '65536']);
    expect(status).toBe(0);
    expect(stdout.split('\n')).toHaveLength(65535 + 1);
    expect(stderr).toContain('minor number 0');
    expect(stderr).toContain('no number is left for a class around those of 1:');
  });

  it("asks a script's filters, each class once", () => {
    const script = file(
      'classes.tc',
      `qdisc add dev lan0 root handle 5: drr
filter add dev lan0 parent 5: protocol all prio 1 handle 1 flow hash keys src divisor 2 baseclass 5:10
filter add dev lan0 parent 5: protocol all prio 2 handle 1 flow map key dst and 1 baseclass 5:11
`,
    );
    expect(lines('--script', script, '--qdisc', 'qfq')).toEqual([
      'tc class add dev lan0 parent 5: classid 5:10 qfq weight 1',
      'tc class add dev lan0 parent 5: classid 5:11 qfq weight 1',
      'tc class add dev lan0 parent 5: classid 5:12 qfq weight 1',
    ]);
  });

  const on = (qdisc: string, filter = 'hash keys src divisor 4'): string =>
    file(
      'kind.tc',
      `qdisc add dev lan0 root handle 1: ${qdisc}\nfilter add dev lan0 parent 1: protocol all prio 1 handle 1 flow ${filter}\n`,
    );

  it.each(['drr', 'qfq', 'htb', 'hfsc'])('prints classes of %s for a script whose filter stands on one', (kind) => {
    for (const line of lines('--script', on(kind))) expect(line).toMatch(new RegExp(` classid 1:[0-9a-f]+ ${kind}`));
    expect(lines('--script', on(kind), '--qdisc', 'drr')[0]).toBe('tc class add dev lan0 parent 1: classid 1:1 drr');
  });

  it.each([
    ['sfq', 'sfq 1: takes no classes (nothing to make: it has 1024 buckets, enough for the filter)'],
    [
      'sfq divisor 2',
      'sfq 1: takes no classes (its buckets are an option of the qdisc: sfq divisor 4 flows 4 limit 508)',
    ],
    ['fq_codel flows 2', 'fq_codel 1: takes no classes (its buckets are an option of the qdisc: fq_codel flows 4)'],
    ['prio', 'prio 1: takes no classes: its 3 come with it (give the filter classes that are there)'],
    ['cake', 'cake 1: takes no classes (put the filter on a qdisc that has classes, such as htb or drr)'],
  ])('prints no class for a filter on %s, and says what to do', (qdisc, sentence) => {
    const { status, stdout, stderr } = cli(['classes', '--script', on(qdisc)]);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr.replace('\n  ', ' (')).toContain(sentence.slice(0, -1));
  });

  it('leaves out the filters of a leaf that takes no classes, and says so', () => {
    const script = file(
      'leaf.tc',
      `qdisc add dev lan0 root handle 1: drr
class add dev lan0 parent 1: classid 1:1 drr
qdisc add dev lan0 parent 1:1 handle 2: sfq
filter add dev lan0 parent 1: protocol all prio 1 handle 1 flow map key dst and 1
filter add dev lan0 parent 2: protocol all prio 1 handle 1 flow map key dst and 1
`,
    );
    const { status, stdout, stderr } = cli(['classes', '--script', script]);
    expect([status, stdout]).toEqual([0, 'tc class add dev lan0 parent 1: classid 1:2 drr\n']);
    expect(stderr).toContain('note: sfq 2: takes no classes');
  });

  it('says that a script has no flow filter, or where it has them', () => {
    const said = (text: string, ...args: readonly string[]): string => {
      const { status, stderr } = cli(['classes', '--script', file('none.tc', text), ...args]);
      expect(status).toBe(2);
      return stderr;
    };
    const root = 'qdisc add dev lan0 root handle 1: htb\n';
    expect(said(root)).toContain('there is no flow filter in it');
    expect(said(root)).not.toContain('--dev');
    const ingress =
      'qdisc add dev lan0 ingress\nfilter add dev lan0 parent ffff: protocol all handle 1 flow map key dst\n';
    expect(said(ingress)).toContain('its flow filters are at ingress, where there are no classes');
    const filter = 'filter add dev lan0 parent 1: protocol all handle 1 flow map key dst\n';
    expect(said(root + filter, '--dev', 'wan0')).toContain('add --dev lan0');
  });
});

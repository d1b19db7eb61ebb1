import { describe, expect, it } from 'vitest';
import { cli, file, HOUSEHOLD, pcap } from './cli.ts';

const GUESSED = [
  '--filter',
  'flow hash keys nfct-src divisor 16',
  '--nat',
  'masquerade 192.168.77.0/24 to 203.0.113.2',
];
/** Both sides of the router, as they stand in the file. */
const TYPED = [...GUESSED, '--captured', 'here'];
const NAMES = file('hosts.txt', '# the house\n192.168.77.11 laptop of Äiti\n192.168.77.0/24 house\n');
const lines = (text: string): string[] => text.split('\n').slice(0, -1);

describe('classify --by', () => {
  const by = ['classify', HOUSEHOLD, ...TYPED, '--by'];

  it('lists the largest hosts with their classes and neighbours, within 80 columns', () => {
    const { status, stdout, stderr } = cli([...by, 'host', '--names', NAMES]);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toContain('36 hosts, most bytes first\n');
    expect(stdout).toMatch(
      /^192\.168\.77\.11 \(laptop of Äiti\): 306 packets, 22,884 bytes; all assumed\n {2}1:e +306 +22,884 +4\.3% +6 {2}89\.2% 2001:db8:1::10$/m,
    );
    expect(stdout).toMatch(/^ {2}1:2 +108 +9,800 +100\.0% +0 {2}alone$/m);
    expect(stdout).toMatch(/^16 more: --all$/m);
    const table = lines(stdout.slice(stdout.indexOf('36 hosts')));
    expect(table.filter((line) => line.length > 80)).toEqual([]);
    expect(cli([...by, 'host', '--all']).stdout).not.toContain('more: --all');
  });

  it('lists all of the largest neighbours of one host', () => {
    const { stdout } = cli([...by, 'host', '--only', '192.168.77.11']);
    expect(stdout.match(/^.*%.* \S+$/gm)).toHaveLength(6);
    expect(cli([...by, 'host', '--only', '192.168.77.250']).stdout).toContain('no packet of 192.168.77.250\n');
  });

  it('prints CSV with a line for each class of a host, and NDJSON', () => {
    const [head, ...rows] = lines(cli([...by, 'subscriber', '--format', 'csv', '--names', NAMES]).stdout);
    expect(head).toBe(
      'address,name,classid,packets,bytes,share,others,neighbour,neighbour_share,exact,assumed,unknowable,reason',
    );
    expect(rows.find((row) => row.startsWith('192.168.77.11,'))).toMatch(
      /^192\.168\.77\.11,laptop of Äiti,1:e,306,22884,0\.0432\d+,6,2001:db8:1::\/64,0\.8917\d+,0,306,0,$/,
    );
    const typed = lines(cli([...by, 'host', '--format', 'ndjson']).stdout).map((line) => JSON.parse(line));
    expect(typed.filter(({ type }) => type === 'host')).toHaveLength(36);
    expect(typed[0]).toMatchObject({ type: 'run', hostsSeen: 36 });
  });

  it('lists the largest flows of each class with --top', () => {
    const typed = ['classify', HOUSEHOLD, ...TYPED, '--top', '2'];
    const { stdout } = cli(typed);
    expect(stdout).toMatch(/^class 1:2\n {12}360 {4}3\.7% {2}udp 198\.51\.100\.20:123 > .*:123\n/m);
    expect(stdout).toMatch(/^class +packets +bytes/m);
    const [head, first = ''] = lines(cli([...typed, '--format', 'csv']).stdout);
    expect(head).toBe('classid,flow,name,bytes,share');
    expect(first).toMatch(/^1:7,tcp [\d.]+:5201 > [\d.]+:\d+,,\d+,0\.\d+$/);
    const { largestFlows, classes } = JSON.parse(cli([...typed, '--format', 'json']).stdout);
    expect(largestFlows.map(({ classid }: { classid: string }) => classid)).toEqual(
      classes.map(({ classid }: { classid: string }) => classid),
    );
  });

  it.each([
    ['--only: goes with --by', ['classify', HOUSEHOLD, ...TYPED, '--only', '10.0.0.1']],
    ['--by and --packets: give one of them', [...by, 'host', '--packets']],
    ['--by and --top: go with neither --seeds nor --perturb', [...by, 'host', '--seeds', '3']],
    ['--only: expected an address or a prefix', [...by, 'host', '--only', 'laptop']],
    ['--subscriber-prefix: expected a whole number from 0 to 128', [...by, 'host', '--subscriber-prefix', '129']],
    [
      ':2: expected ADDRESS NAME or PREFIX NAME',
      [...by, 'host', '--names', file('bad.txt', '10.0.0.1 x\nlaptop 10.0.0.2\n')],
    ],
  ])('says what is wrong: %s', (message, args) => {
    const { status, stderr } = cli(args);
    expect([status, stderr.includes(message)], stderr).toEqual([2, true]);
  });
});

describe('why', () => {
  it('answers on one screen, with the numbers of classify --by host', () => {
    const { status, stdout, stderr } = cli(['why', '192.168.77.11', HOUSEHOLD, ...TYPED, '--names', NAMES]);
    expect([status, stderr]).toEqual([0, '']);
    const screen = lines(stdout);
    expect([screen.length <= 24, screen.filter((line) => line.length > 80)]).toEqual([true, []]);
    expect(screen.slice(0, 4)).toEqual([
      '192.168.77.11 (laptop of Äiti)',
      '306 of 5,353 packets, 22,884 of 3,556,948 bytes; all assumed',
      '',
      'class 1:e: 306 packets, 22,884 bytes, 4.3% of the class; shared with 6 others',
    ]);
    expect(stdout).toContain('chance to share a class: 97.0%, with 2.5 others on average\n(over 100 hash seeds;');
    expect(stdout).toContain('  hash keys nfct-src divisor 64: 48.0%,');
    const json = (args: readonly string[]) => JSON.parse(cli([...args, '--format', 'json']).stdout);
    for (const typed of [TYPED, GUESSED]) {
      const { hosts } = json(['classify', HOUSEHOLD, ...typed, '--by', 'host', '--only', '192.168.77.11']);
      expect(json(['why', '192.168.77.11', HOUSEHOLD, ...typed]).host).toEqual(hosts[0]);
    }
    // What --seeds says of it.
    const { spread } = json(['classify', HOUSEHOLD, ...TYPED, '--seeds', '100']);
    expect(spread.perHost).toContainEqual({ host: '192.168.77.11', chance: 0.97 });
  });

  it('stays on one screen where a host has many classes, ends and neighbours', () => {
    const packets = Array.from({ length: 300 }, (_, i) => `udp 10.0.${i % 7}.1:${i} > 192.0.2.1:53`);
    const args = ['why', '10.0.0.1', '-', '--filter', 'hash keys src,proto-src divisor 16'];
    const { stdout } = cli(args, { input: pcap(...packets) });
    expect([lines(stdout).length <= 24, lines(stdout).filter((line) => line.length > 80)]).toEqual([true, []]);
    expect(stdout).toMatch(/^ {2}\d+ more classes$/m);
    expect(stdout).toMatch(/^ {2}hash keys src divisor 16: /m);
  });

  it('exits with 1 where no packet of the host is there, and with 2 where the address is none', () => {
    const absent = cli(['why', '10.9.9.9', HOUSEHOLD, ...TYPED]);
    expect([absent.status, lines(absent.stdout)[0]]).toEqual([
      1,
      'no packet of 10.9.9.9 met the filters, of 5,353 packets in all',
    ]);
    const none = cli(['why', 'laptop', HOUSEHOLD, ...TYPED]);
    expect([none.status, none.stderr]).toEqual([2, 'cls-flow: expected the address of a host like 192.168.1.7\n']);
  });
});

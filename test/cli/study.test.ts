import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { classCounters, risen } from '../../src/api/class-counters.ts';
import { cli, file, HOUSEHOLD, pcap } from './cli.ts';

const NAT = ['--nat', 'masquerade 192.168.77.0/24 to 203.0.113.2'];

/** What a command prints as JSON, which must be as its schema says. */
function valid(schema: string, args: readonly string[], input?: Uint8Array) {
  const { status, stdout, stderr } = cli([...args, '--format', 'json'], input === undefined ? {} : { input });
  expect([status, stderr]).toEqual([0, '']);
  const path = join(import.meta.dirname, `../../docs/schema/${schema}.schema.json`);
  const validate = new Ajv2020({ allowUnionTypes: true }).compile(JSON.parse(readFileSync(path, 'utf8')));
  const result = JSON.parse(stdout);
  expect(validate(result), JSON.stringify(validate.errors)).toBe(true);
  return result;
}

/** To classes 1:5, 1:5, 1:6 by their last byte. */
const THREE = pcap('udp 192.0.2.1:1 > 10.0.0.4:53', 'udp 192.0.2.2:1 > 10.0.0.4:53', 'udp 192.0.2.3:1 > 10.0.0.5:53');
const LAST_BYTE = 'map key dst and 0xff';

describe('compare', () => {
  const both = (after: string): string[] => ['compare', '-', '--filter', LAST_BYTE, '--filter', after];

  it('tells who moves, where to, and what comes of the fairness', () => {
    const result = valid('compare', both('map key src and 0xff'), THREE);
    expect(result).toMatchObject({ packets: 3, movedPackets: 3, by: 'host' });
    expect(result.hosts.moved).toEqual([
      { name: '192.0.2.1', before: ['1:5'], after: ['1:2'] },
      { name: '192.0.2.2', before: ['1:5'], after: ['1:3'] },
      { name: '192.0.2.3', before: ['1:6'], after: ['1:4'] },
    ]);
    expect(result.flows.moved[0].name).toBe('udp 192.0.2.1:1 > 10.0.0.4:53');
    // Before: x = 1/2, 1/2, 1; after: all alone.
    expect(result.before.shares).toMatchObject({ sharing: 2, worst: 2, jain: 4 / (3 * 1.5), worstShare: 1 / 4 });
    expect(result.after.shares).toMatchObject({ sharing: 0, worst: 1, jain: 1 });
    expect(result.matrix.map((pair: { packets: number }) => pair.packets)).toEqual([1, 1, 1]);
  });

  it('shows that nobody moves where the filters are the same, as like filters draw the same hashrnd', () => {
    const filter = 'hash keys src,dst divisor 1024';
    const result = valid('compare', ['compare', HOUSEHOLD, '--filter', filter, '--filter', filter]);
    expect(result).toMatchObject({ movedPackets: 0, hosts: { moved: [] }, flows: { moved: [] } });
  });

  it('takes two scripts, and says that seeds are assumed', () => {
    const script = (name: string, divisor: number): string =>
      file(
        name,
        `tc qdisc add dev eth0 root handle 1: drr\ntc filter add dev eth0 parent 1: handle 1 protocol all flow hash keys src divisor ${divisor}\n`,
      );
    const args = ['compare', '-', '--script', script('a.sh', 2), '--script', script('b.sh', 1024)];
    const { status, stdout } = cli(args, { input: THREE });
    expect(status).toBe(0);
    expect(stdout).toContain('drawn from seed 0, assumed, the same on both sides');
    expect(stdout).toMatch(/^moved: \d of 3 senders, \d of 3 flows, \d of 3 packets$/m);
  });

  const htb = (unmatched: string, more = ''): string =>
    `qdisc add dev eth0 root handle 1: htb default ${unmatched}
class add dev eth0 parent 1: classid 1:10 htb rate 1mbit
class add dev eth0 parent 1: classid 1:30 htb rate 1mbit
${more}filter add dev eth0 parent 1: protocol all prio 1 handle 7 fw classid 1:10
`;
  const scripts = (before: string, after: string): string[] => [
    'compare',
    '-',
    '--script',
    file('before.tc', before),
    '--script',
    file('after.tc', after),
  ];

  it('follows packets of scripts to the class where they end, though no filter takes them', () => {
    const args = scripts(htb('30'), htb('10'));
    const result = valid('compare', args, THREE);
    expect(result).toMatchObject({ movedPackets: 3, before: { classified: 3 }, after: { classified: 3 } });
    expect(result.hosts.moved[0]).toEqual({ name: '192.0.2.1', before: ['1:30'], after: ['1:10'] });
    expect(cli(args, { input: THREE }).stdout).toMatch(
      /^before: 3 packets classified; .*\nafter: {2}3 packets classified; .*\n\nmoved: 3 of 3 senders/,
    );
  });

  it('names ends of scripts that are no class, and compares flow filters by the bucket that they give', () => {
    const direct = valid('compare', scripts(htb('30'), htb('0')), THREE);
    expect(direct.matrix).toMatchObject([
      { before: '1:30', after: 'direct past 1:, unshaped (no class, and no leaf as default)' },
    ]);
    const sfq = (filter: string): string =>
      htb(
        '30',
        `qdisc add dev eth0 parent 1:30 handle 30: sfq\nfilter add dev eth0 parent 30: protocol all handle 1 flow ${filter}\n`,
      );
    const buckets = valid('compare', scripts(sfq('map key dst and 0xf'), sfq('map key src and 0xf')), THREE);
    expect(buckets.hosts.moved[0]).toEqual({ name: '192.0.2.1', before: ['30:5'], after: ['30:2'] });
  });

  it('has each host with its bytes and what it loses, the most harmed first, as text and CSV', () => {
    // Behind one class each, 192.0.2.10 and .9 come together; .2 is left alone, and its class is its own.
    const packets = ['udp 192.0.2.10:1 > 10.0.0.1:9', 'udp 192.0.2.9:1 > 10.0.0.2:9', 'udp 192.0.2.2:1 > 10.0.0.1:9'];
    const last = (bits: string): string[] => ['--filter', `map key src and ${bits}`];
    const args = ['compare', '-', ...last('0x1'), ...last('0x3')];
    const result = valid('compare', args, pcap(...packets, 'udp 192.0.2.12:1 > 10.0.0.1:9'));
    expect(
      result.byHost.map(({ name, harm }: { name: string; harm: number }) => [name, Number(harm.toFixed(3))]),
    ).toEqual([
      ['192.0.2.9', 0],
      ['192.0.2.2', -0.167],
      ['192.0.2.10', -0.167],
      ['192.0.2.12', -0.667],
    ]);
    const back = ['compare', '-', ...last('0x3'), ...last('0x1')];
    const input = pcap(...packets, 'udp 192.0.2.12:1 > 10.0.0.1:9');
    const csv = cli([...back, '--format', 'csv'], { input }).stdout.split('\n');
    expect(csv.slice(0, 2)).toEqual([
      'name,packets,bytes,before,after,share_before,share_after,harm',
      '192.0.2.12,1,54,1:1,1:1,1,0.3333333333333333,0.6666666666666667',
    ]);
    expect(csv.slice(2, 5).map((row) => row.split(',')[0])).toEqual(['192.0.2.2', '192.0.2.10', '192.0.2.9']);
    expect(cli(back, { input }).stdout).toMatch(/^192\.0\.2\.12 +54 +1:1 +100\.0% +1:1 +33\.3% +66\.7%$/m);
  });

  it('wants two of a kind', () => {
    const { status, stderr } = cli(['compare', HOUSEHOLD, '--filter', LAST_BYTE]);
    expect(status).toBe(2);
    expect(stderr).toContain('two --filter or two --script expected');
  });
});

describe('advise', () => {
  it('prints JSON as its schema says, with conntrack keys only where NAT is told', () => {
    const plain = valid('advise', ['advise', HOUSEHOLD, '--seeds', '10']);
    expect(plain.choices.map(({ keys }: { keys: string }) => keys).join(' ')).not.toContain('nfct');
    const told = valid('advise', ['advise', HOUSEHOLD, '--seeds', '10', ...NAT]);
    // Behind one address all of the household share a bucket of src.
    expect(told.recommended.keys).toBe('nfct-src');
  });

  it('writes a batch file with every class, which classify --script takes', () => {
    const batch = file('classes.tc', '');
    const { status, stdout } = cli(['advise', HOUSEHOLD, '--qdisc', 'drr', '--seeds', '5', '-o', batch]);
    expect(status).toBe(0);
    const [, divisor] = /recommended: drr with .* divisor (\d+): /.exec(stdout) ?? [];
    const written = readFileSync(batch, 'utf8');
    const classes = written.match(/^class add .*$/gm) ?? [];
    expect(classes).toHaveLength(Number(divisor) + 1);
    expect(classes.at(-1)).toContain(`classid 1:${Number(divisor).toString(16)} drr`);
    expect(written).toContain('# to take it away again: tc qdisc del dev eth0 root\n');
    expect(cli(['classify', HOUSEHOLD, '--script', batch])).toMatchObject({ status: 0, stderr: '' });
  });

  it('says that the seeds are assumed, and marks divisors that a qdisc must be told of', () => {
    const { stdout } = cli(['advise', HOUSEHOLD, '--seeds', '5', '--seed', '7']);
    expect(stdout).toContain('over 5 values of hashrnd drawn from seed 7: assumed');
    expect(stdout).toMatch(/^2048 \(told\)/m);
    expect(stdout).toContain('\nrunner-up: ');
    expect(cli(['advise', HOUSEHOLD, '--seeds', '5', '--qdisc', 'drr']).stdout).toMatch(/^65536 \(too many\)/m);
  });

  it('puts the buckets below a class with the rate, which tc prints, and refuses a rate for a kind that has none', () => {
    const { stdout } = cli(['advise', HOUSEHOLD, '--seeds', '5', '--rate', '1gbit']);
    expect(stdout).toContain(
      '\ntc class add dev eth0 parent 1: classid 1:1 htb rate 1Gbit burst 125000 cburst 125000 quantum 1514\n',
    );
    expect(cli(['advise', HOUSEHOLD, '--qdisc', 'htb', '--seeds', '5']).stdout).toContain(
      'note: no rate given (--rate): the link is taken to have 100mbit',
    );
    const { status, stderr } = cli(['advise', HOUSEHOLD, '--qdisc', 'sfq', '--rate', '1gbit']);
    expect(status).toBe(2);
    expect(stderr).toContain('--rate: sfq has no rates');
  });

  it('does not praise keys where one address carries everything, a NAT router perhaps', () => {
    const behind = pcap(...[1, 2, 3, 4].map((port) => `udp 203.0.113.2:${port} > 192.0.2.${port}:53`));
    const back = pcap('udp 203.0.113.2:1 > 192.0.2.1:53', 'udp 192.0.2.1:53 > 203.0.113.2:1');
    for (const input of [behind, back]) {
      const { recommended, weighed, commands, notes } = valid('advise', ['advise', '-'], input);
      expect([recommended, weighed, commands]).toEqual([null, [], []]);
      expect(notes.join()).toContain('1 host carries 100% (203.0.113.2): a NAT router? see nfct-src');
    }
    expect(cli(['classify', '-', '--filter', 'hash keys src divisor 16'], { input: behind }).stdout).toContain(
      'one host has all packets: a NAT router? see nfct-src',
    );
    expect(cli(['advise', '-'], { input: behind }).stdout).toMatch(/\nnobody to keep apart\n$/);
    expect(valid('advise', ['advise', '-', '--by', 'dst'], behind).recommended).toMatchObject({ keys: 'dst' });
  });

  it('refuses a device whose name is no name', () => {
    expect(cli(['advise', HOUSEHOLD, '--dev', 'a;b'])).toMatchObject({ status: 2, stdout: '' });
  });
});

describe('classify over many seeds', () => {
  it('spreads what hashes and keeps what does not', () => {
    const hashed = valid('seeds', ['classify', HOUSEHOLD, '--filter', 'hash keys src divisor 16', '--seeds', '50']);
    expect(hashed.spread).toMatchObject({ seeds: 50, fixed: 0 });
    expect(hashed.spread.sharing.min).toBeLessThan(hashed.spread.sharing.max);
    const mapped = valid('seeds', ['classify', '-', '--filter', LAST_BYTE, '--seeds', '5'], THREE);
    expect(mapped.spread).toMatchObject({ fixed: 1, by: 'dst', hosts: 2, sharing: { mean: 0, min: 0, max: 0 } });
  });

  it('gives each of two hosts in two classes one chance in two to share', () => {
    const two = pcap('udp 192.0.2.1:1 > 10.0.0.4:53', 'udp 192.0.2.2:1 > 10.0.0.4:53');
    const args = ['classify', '-', '--filter', 'hash keys src divisor 2', '--seeds', '2000'];
    const [first, second] = valid('seeds', args, two).spread.perHost;
    expect(first.chance).toBe(second.chance);
    // 2000 draws of one half: the standard deviation is 0.011.
    expect(Math.abs(first.chance - 0.5)).toBeLessThan(0.05);
  });

  it('has the one seed that classify uses by itself as its first', () => {
    const args = ['classify', HOUSEHOLD, '--filter', 'hash keys src divisor 16'];
    const { jain } = JSON.parse(cli([...args, '--format', 'json']).stdout);
    expect(valid('seeds', [...args, '--seeds', '1']).spread.jain.mean).toBeCloseTo(jain, 9);
  });

  it('tells who shares in each period of perturb', () => {
    const args = ['classify', '-', '--filter', 'hash keys src divisor 1 perturb 2', '--perturb'];
    // One packet a second; the timer of the filter runs out after two.
    const { periods } = valid('perturb', args, THREE);
    expect(periods).toMatchObject([
      { period: 0, from: 0, to: 2, hosts: 2, shared: [{ classid: '1:1', hosts: ['192.0.2.1', '192.0.2.2'] }] },
      { period: 1, from: 2, to: 4, hosts: 1, moved: 0, shared: [] },
    ]);
  });

  it.each([
    [['--perturb'], 'no filter has a perturb'],
    [['--seeds', '0'], '--seeds'],
    [['--seeds', '5', '--packets'], 'give one of them'],
    [['--seeds', '5', '--format', 'csv'], 'table or json'],
  ])('refuses %s', (args, message) => {
    const { status, stderr } = cli(['classify', HOUSEHOLD, '--filter', 'hash keys src divisor 16', ...args]);
    expect(status).toBe(2);
    expect(stderr).toContain(message);
  });
});

/** Recorded from Linux 6.1.192 with hashrnd 0xe0529bc2. */
const FILTER = ['--filter', 'hash keys src,dst divisor 1024'];
const RANGE = ['--range', '0xe0520000-0xe052ffff'];
const SEED = '0xe0529bc2';

describe('recover-seed', () => {
  it('finds the kernel’s hashrnd from pairs of addresses and of key values', () => {
    const pairs = ['192.168.1.1>8.8.8.8=1:6b', 'udp 192.168.1.2:5 > 1.1.1.1:7=1:23', '0x5db8d822,0xc0a80103=:232'];
    const args = ['recover-seed', ...FILTER, ...RANGE, ...pairs.flatMap((pair) => ['--pair', pair])];
    const { seeds, left } = valid('recover-seed', args);
    expect([seeds, left.at(-1)]).toEqual([[SEED], 1]);
    expect(cli(args).stdout).toContain(`hashrnd ${SEED}: tell classify and explain with --hashrnd ${SEED}`);
  });

  it('reads a file of examples, and prints a line for each', () => {
    const example = {
      keys: ['src', 'dst'],
      divisor: 1024,
      baseclass: '1:1',
      observed: [
        { keyValues: [3232235777, 134744072], class: '1:6b' },
        { keyValues: [3232235778, 16843009], class: '1:23' },
      ],
    };
    const path = file('pairs.json', JSON.stringify([example, example]));
    const { status, stdout } = cli(['recover-seed', path, ...RANGE, '--format', 'json']);
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect([status, lines.length]).toEqual([0, 2]);
    expect(lines[1].seeds).toContain(SEED);
  });

  it('reads class counters around a probe', () => {
    const dump = (name: string, packets: number): string =>
      file(
        name,
        `class drr 1:6b root quantum 1514b \n Sent ${98 * packets} bytes ${packets} pkt (dropped 0, overlimits 0 requeues 0) \n` +
          'class drr 1:6c root quantum 1514b \n Sent 98 bytes 1 pkt (dropped 0, overlimits 0 requeues 0) \n',
      );
    const around = ['--before', dump('before', 3), '--after', dump('after', 4), '--probe', '192.168.1.1>8.8.8.8'];
    const { seeds } = valid('recover-seed', ['recover-seed', ...FILTER, ...RANGE, ...around]);
    expect(seeds).toContain(SEED);
    const still = ['--before', dump('b', 3), '--after', dump('a', 3), '--probe', '192.168.1.1>8.8.8.8'];
    expect(cli(['recover-seed', ...FILTER, ...RANGE, ...still]).stderr).toContain('no class counted a packet');
  });

  it('counts the seeds that one pair leaves, and lists the first of them', () => {
    const args = ['recover-seed', '--filter', 'hash keys src divisor 1', '--pair', '10.0.0.1>10.0.0.2=1:1'];
    const { seeds, left } = valid('recover-seed', [...args, '--range', '16-0x20000f']);
    expect([seeds.length, seeds[0], seeds.at(-1), left]).toEqual([2 ** 20, '0x00000010', '0x0010000f', [2 ** 21]]);
  });

  it('says what may be wrong where nothing fits, and exits with 1', () => {
    const { status, stdout } = cli(['recover-seed', ...FILTER, '--range', '0-3', '--pair', '10.0.0.1>10.0.0.2=1:1']);
    expect(status).toBe(1);
    expect(stdout).toContain('no seed fits');
  });

  it.each([
    [['--pair', '10.0.0.1>10.0.0.2'], 'expected PACKET=CLASS'],
    [['--pair', '10.0.0.1>10.0.0.2=2:1'], 'no such class'],
    [['--pair', '10.0.0.1>10.0.0.2=1:401'], 'no such class'],
    [['--pair', '0x1=1:1'], '2 key values'],
    [[], 'no pair given'],
    [['--pair', '10.0.0.1>10.0.0.2=1:1', '--range', '5-4'], '--range'],
  ])('refuses %s', (args, message) => {
    const { status, stderr } = cli(['recover-seed', ...FILTER, ...args]);
    expect(status).toBe(2);
    expect(stderr).toContain(message);
  });
});

describe('class counters', () => {
  it('are read from text and from JSON', () => {
    const text = 'class drr 1:6b root \n Sent 98 bytes 2 pkt (dropped 0)\n';
    const json = '[{"class":"drr","handle":"1:6b","root":true,"stats":{"bytes":98,"packets":2}}]';
    expect(classCounters(text)).toEqual(new Map([[0x1006b, 2]]));
    expect(classCounters(json)).toEqual(new Map([[0x1006b, 2]]));
    expect(classCounters('no dump')).toBeNull();
    expect(risen(new Map([[1, 2]]), new Map([[1, 3]]))).toEqual([1]);
  });
});

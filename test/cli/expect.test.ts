import { describe, expect, it } from 'vitest';
import { cli, type Ended, file, pcap } from './cli.ts';

/** Class = last byte + 1: host 4 in 1:5, host 15 in 1:10; host 7's 1:8 is not there, so htb takes its default 1:10. */
const SCRIPT = file(
  'shaper.tc',
  `qdisc add dev eth0 root handle 1: htb default 10
class add dev eth0 parent 1: classid 1:10 htb rate 10mbit
class add dev eth0 parent 1: classid 1:5 htb rate 10mbit
qdisc add dev eth0 parent 1:10 handle 10: drr
class add dev eth0 parent 10: classid 10:1 drr
filter add dev eth0 parent 1: protocol ip prio 1 u32 match ip dport 53 0xffff flowid 1:0
filter add dev eth0 parent 1: protocol ip prio 2 handle 1 flow map key dst and 0xff
filter add dev eth0 parent 10: protocol ip prio 1 u32 match ip src 192.0.2.3 flowid 10:1
`,
);
const CAPTURE = pcap(
  'tcp 192.0.2.1:1000 > 10.0.0.4:80',
  'tcp 192.0.2.1:1001 > 10.0.0.15:80',
  'udp 192.0.2.2:1000 > 10.0.0.4:53',
  'tcp 192.0.2.3:1000 > 10.0.0.7:80',
);

const expecting = (lines: string, ...args: string[]): Ended =>
  cli(['classify', '-', '--script', SCRIPT, '--expect', file('expect.txt', lines), ...args], { input: CAPTURE });

describe('classify --expect', () => {
  it('says nothing and exits with 0 if all packets end as expected', () => {
    const { status, stderr } = expecting(
      `# the gateway
tcp 192.0.2.1 -> 10.0.0.4:80 shaped

192.0.2.1:1000 -> 1:5 shaped
192.0.2.1:1001 -> 10.0.0.15 dropped
udp 192.0.2.2 -> 10.0.0.4:53 direct
192.0.2.3 -> 1:10 shaped
192.0.2.3 -> 10:1
`,
    );
    expect([stderr, status]).toEqual(['', 0]);
  });

  it('exits with 1 and tells line, expectation, and the first packet that ended otherwise', () => {
    const lines = '192.0.2.1 -> 1:5 shaped\n\n192.0.2.3 -> 1:8 shaped\nudp 192.0.2.1 -> 10.0.0.4 shaped\n';
    const { status, stdout, stderr } = expecting(lines, '--format', 'json');
    expect(status).toBe(1);
    expect(JSON.parse(stdout).packets).toBe(4);
    expect(stderr.replaceAll(/^\S*expect\.txt/gm, 'FILE')).toBe(`FILE:1: 192.0.2.1 -> 1:5 shaped
  expected: shaped, class 1:5
  happened: packet 2: dropped by drr 10:, no filter matched (1 of 2 packets ended otherwise)
FILE:3: 192.0.2.3 -> 1:8 shaped
  expected: shaped, class 1:8
  happened: packet 4: queued in class 10:1, pfifo
FILE:4: udp 192.0.2.1 -> 10.0.0.4 shaped
  expected: shaped
  happened: no such packet
3 of 3 expectations not met
`);
  });

  it('holds records of packets against it, too', () => {
    const { status, stdout } = expecting('192.0.2.2 -> 1:5', '--packets');
    expect([status, stdout.trim().split('\n').length]).toEqual([1, 4]);
  });

  it('points at the word that makes no sense, and exits with 2', () => {
    const { status, stderr } = expecting('192.0.2.1 -> 1:5 shaped\n192.0.2.1 -> 1:5 lost');
    expect(status).toBe(2);
    expect(stderr).toMatch(/expect\.txt:2: "lost" is not one of shaped, direct, dropped, passed/);
    expect(stderr).toContain('  192.0.2.1 -> 1:5 lost\n                   ^^^^');
  });

  it('knows only classes of one list of filters', () => {
    const filter = (lines: string): Ended =>
      cli(['classify', '-', '--filter', 'map key dst and 0xff', '--expect', file('filter.txt', lines)], {
        input: CAPTURE,
      });
    expect(filter('192.0.2.2 -> 1:5').status).toBe(0);
    expect(filter('192.0.2.1 -> 1:5')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('packet 2: class 1:10'),
    });
    expect(filter('192.0.2.2 -> 1:5 shaped')).toMatchObject({ status: 2, stderr: expect.stringContaining('--script') });
  });

  it('does not take a file that expects nothing for success', () => {
    expect(expecting('# later\n').status).toBe(2);
    expect(cli(['classify', '-', '--script', SCRIPT, '--expect', '/does/not/exist']).status).toBe(1);
  });
});

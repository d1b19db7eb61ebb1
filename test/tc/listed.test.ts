import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { setUpScript } from '../../src/command/index.ts';
import { Netns } from '../../src/kernel/index.ts';
import { ROOT } from '../kernel/root.ts';
import { scripts } from '../lint/corpus.ts';
import { env, round, STYLES } from './listed.ts';

const kernelAfter = (script: string): Netns =>
  setUpScript(script, () => new Netns({ env, devices: [{ name: 'lo', ifindex: 1 }] })).netns;

/** What a listing cannot hold, by the script whose kernel has it: what is lost is said, or only what `-s` counts. */
const NOT_LISTED: Readonly<Record<string, string>> = {
  // Each of several classes lists the root tables of all.
  U003: 'u32 tables of several classes',
  // An estimator, which shows in the counters only.
  U021: '',
  U022: 'redflowlimit',
  // A peak rate that 32 bits of time cannot hold.
  U036: 'peakrate',
};

describe("a corpus script's kernel", () => {
  test.each(scripts())('%s is the same after it was printed and read back', (script) => {
    const text = gunzipSync(readFileSync(join(ROOT, `test/lint/corpus/${script}.tc.gz`))).toString('utf8');
    const netns = kernelAfter(text);
    for (const style of STYLES) {
      const { printed, again, lost } = round(netns, style);
      const reason = NOT_LISTED[script];
      if (reason === undefined) expect([style, lost, again]).toEqual([style, [], printed]);
      else if (reason !== '') expect(lost.every((line) => line.includes(reason))).toBe(true);
      else if (!style.includes('-s')) expect([style, lost, again]).toEqual([style, [], printed]);
    }
  });

  test('loses something that tc does not print in three of them only', () => {
    expect(Object.keys(NOT_LISTED).every((script) => scripts().includes(script))).toBe(true);
    const lossy = scripts().filter((script) => {
      const text = gunzipSync(readFileSync(join(ROOT, `test/lint/corpus/${script}.tc.gz`))).toString('utf8');
      return round(kernelAfter(text), ['-d']).lost.length > 0;
    });
    expect(lossy).toEqual(['U003', 'U022', 'U036']);
  });
});

describe('a qdisc of every kind', () => {
  test.each([
    'sfq limit 300 perturb 7 depth 60 flows 200 divisor 512 headdrop',
    'sfq',
    'pfifo limit 20',
    'bfifo limit 15000',
    'pfifo_head_drop',
    'prio bands 4 priomap 0 1 2 3 0 1 2 3 0 0 0 0 0 0 0 3',
    'ets bands 5 strict 2 quanta 4000 3000 2000 priomap 0 1 2 3 4',
    'drr',
    'qfq',
    'htb default 1f r2q 3 direct_qlen 40',
    'hfsc default 3',
    'tbf rate 1mbit burst 5kb latency 70ms',
    'fq_codel limit 500 flows 64 quantum 300 target 3ms interval 40ms ce_threshold 2ms memory_limit 4mb noecn',
    'fq_codel',
    'codel limit 99 target 7ms interval 90ms ecn',
    'fq limit 5000 flow_limit 50 buckets 256 quantum 3000 initial_quantum 15000 maxrate 5mbit nopacing horizon 3s horizon_cap',
    'pie limit 77 target 20ms tupdate 30ms alpha 5 beta 25 ecn bytemode',
    'fq_pie limit 77 flows 32 target 20ms quantum 900 memory_limit 2mb ecn_prob 20 ecn',
    'cake bandwidth 20mbit besteffort dual-srchost nat wash ingress ack-filter rtt 50ms overhead 18 mpu 64 atm memlimit 3mb fwmark 0xff',
    'cake',
    'sfb rehash 600000 db 50000 limit 500 max 25 target 20 increment 0.0005 decrement 0.00005 penalty_rate 10 penalty_burst 20',
  ])('%s', (words) => {
    const netns = kernelAfter(`qdisc add dev eth0 root handle 1: ${words}\n`);
    for (const style of STYLES) {
      const { printed, again, lost } = round(netns, style);
      expect([style, lost, again]).toEqual([style, [], printed]);
      expect(printed).toContain(words.split(' ')[0]);
    }
  });
});

test("a tbf's peak rate is in the text, and in the JSON its loss is told", () => {
  const netns = kernelAfter(
    'qdisc add dev eth0 root handle 1: tbf rate 1mbit burst 5kb limit 30kb peakrate 2mbit mtu 1540\n',
  );
  for (const style of STYLES) {
    const { printed, again, lost } = round(netns, style);
    if (style.includes('-j')) expect(lost).toEqual([expect.stringMatching(/the peakrate of tbf is not in the JSON/)]);
    else expect([style, lost, again]).toEqual([style, [], printed]);
  }
});

describe('classes and filters', () => {
  test.each([
    [
      'hfsc',
      'qdisc add dev eth0 root handle 1: hfsc default 2',
      'class add dev eth0 parent 1: classid 1:1 hfsc sc m1 2mbit d 10ms m2 1mbit ul m2 3mbit',
      'class add dev eth0 parent 1:1 classid 1:2 hfsc rt m2 100kbit ls m1 1mbit d 5ms m2 200kbit',
    ],
    [
      'hooks',
      'qdisc add dev eth0 clsact',
      'filter add dev eth0 ingress protocol ip pref 3 flower ip_proto tcp dst_ip 10.0.0.0/8 dst_port 443 classid 1:1 action drop',
      'filter add dev eth0 egress protocol ipv6 pref 4 flower skip_hw src_ip 2001:db8::/32 ip_proto udp src_port 53 action mirred egress redirect dev ifb0',
      'filter add dev eth0 egress chain 7 protocol all pref 5 matchall action skbedit mark 5/0xff priority 1:2',
    ],
    [
      'marks',
      'qdisc add dev eth0 root handle 1: htb',
      'filter add dev eth0 parent 1: protocol ip pref 1 handle 0x10/0xf0 fw classid 1:1 indev eth1',
      'filter add dev eth0 parent 1: protocol ip pref 2 fw',
      "filter add dev eth0 parent 1: protocol ip pref 3 basic match 'cmp(u8 at 9 layer network eq 6)' flowid 1:3",
      "filter add dev eth0 parent 1: protocol ip pref 4 handle 5 flow hash keys src,proto-dst divisor 16 match 'meta(nf_mark gt 3)' baseclass 1:4",
      'filter add dev eth0 parent 1: protocol ip pref 5 handle 6 flow map key mark and 0xff0 rshift 4 xor 0x30 addend 3 action connmark pipe action gact ok random determ drop 9',
    ],
    [
      'tables',
      'qdisc add dev eth0 root handle 1: htb',
      'filter add dev eth0 parent 1: protocol ip pref 9 handle 2: u32 divisor 256',
      'filter add dev eth0 parent 1: protocol ip pref 9 handle 2:7:1 u32 ht 2:7: match ip src 10.0.0.7 flowid 1:7 police rate 1mbit burst 10k drop',
      'filter add dev eth0 parent 1: protocol ip pref 9 u32 match ip src 10.0.0.0/24 match mark 4 0xf link 2: hashkey mask 0xff at 12 offset at 0 mask 0x0f00 shift 6 plus 4 eat',
    ],
  ])('%s', (_, ...lines) => {
    const netns = kernelAfter(`${lines.join('\n')}\n`);
    for (const style of STYLES) {
      const { printed, again, lost } = round(netns, style);
      // The rates of a policer are in the text only.
      const isPoliced = style.includes('-j') && lines.some((line) => line.includes('police'));
      if (isPoliced) expect(lost.join()).toContain('police');
      else expect([style, lost, again]).toEqual([style, [], printed]);
    }
  });
});

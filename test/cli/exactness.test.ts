import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { cli, file, pcap } from './cli.ts';

const UDP = 'udp 192.0.2.1:5555 > 192.0.2.9:5555';
const ROOT = 'qdisc add dev eth0 root handle 1: drr';

function valid(name: string, value: unknown): void {
  const path = join(import.meta.dirname, `../../docs/schema/${name}.schema.json`);
  const validate = new Ajv2020({ allowUnionTypes: true }).compile(JSON.parse(readFileSync(path, 'utf8')));
  expect(validate(value), JSON.stringify(validate.errors)).toBe(true);
}

function record(args: readonly string[]): { classid: string | null; exactness: string; missing?: string[] } {
  const { stdout } = cli(['classify', '-', ...args, '--packets', '--format', 'ndjson'], { input: pcap(UDP) });
  const parsed = JSON.parse(stdout);
  valid('packets', parsed);
  return parsed;
}

const script = (...lines: readonly string[]): string => file('exactness.tc', `${lines.join('\n')}\n`);
const filter = (...words: readonly string[]): string[] => ['--filter', words.join(' ')];
const match = (text: string): string[] => filter('map key proto baseclass 1:1 match', `'${text}'`, 'divisor 16');
const PRIORITY = ['--set', 'priority=0'];

describe('what a result rests on', () => {
  it('quirk 72: the transport header at ingress, where a driver or GRO may have set it', () => {
    const args = ['--at', 'ingress', ...match('cmp(u16 at 0 layer transport eq 5555)')];
    expect(record(args)).toMatchObject({ exactness: 'assumed', missing: ['transport'] });
    expect(record([...args, '--set', 'transport=20,linear=1'])).toMatchObject({ classid: '1:2', exactness: 'exact' });
  });

  it('bytes that ematches find in the linear part only', () => {
    expect(record(match('cmp(u8 at 19 layer network eq 9)'))).toMatchObject({ classid: '1:2', exactness: 'exact' });
    const payload = match('cmp(u8 at 28 layer network eq 0)');
    expect(record(payload)).toMatchObject({ exactness: 'unknowable', missing: ['linear'] });
    const ports = match('cmp(u16 at 22 layer network eq 5555)');
    expect(record(ports)).toMatchObject({ classid: '1:2', exactness: 'assumed', missing: ['linear'] });
    expect(record([...ports, '--set', 'linear=1'])).toMatchObject({ classid: '1:2', exactness: 'exact' });
  });

  it('not the device at its own ingress hook: flower indev', () => {
    const lines = ['qdisc add dev eth0 ingress', 'filter add dev eth0 parent ffff: flower indev eth0 classid 1:1'];
    const { missing, ...rest } = record(['--script', script(...lines), '--at', 'ingress']);
    expect([rest.classid, rest.exactness, missing]).toEqual(['1:1', 'exact', undefined]);
  });

  it('a random number of the kernel', () => {
    const line = `${ROOT}\nfilter add dev eth0 parent 1: handle 1 flow map key proto match 'meta(random gt 7)' baseclass 1:1`;
    const found = record(['--script', script(line), ...PRIORITY]);
    expect(found).toMatchObject({ exactness: 'unknowable', missing: ['random'] });
  });

  it('a mark that u32 and fw filters met, also where it did not match', () => {
    for (const words of ['u32 match mark 5 0xff flowid 1:1', 'handle 5 fw classid 1:1']) {
      const args = ['--script', script(ROOT, `filter add dev eth0 parent 1: ${words}`), ...PRIORITY];
      expect(record(args)).toMatchObject({ classid: null, exactness: 'assumed', missing: ['mark'] });
      expect(record([...args, '--set', 'mark=5'])).toMatchObject({ classid: '1:1', exactness: 'exact' });
    }
  });

  it('memory in front of the frame, if a u32 filter compares it', () => {
    const of = (key: string): unknown => {
      const args = [
        '--script',
        script(ROOT, `filter add dev eth0 parent 1: u32 match ${key} flowid 1:1`),
        '--set',
        'priority=0',
      ];
      const { exactness, missing } = record(args);
      return [exactness, missing];
    };
    expect(of('u32 0 0xffffffff at -16')).toEqual(['unknowable', ['memory']]);
    expect(of('ether dst 02:00:00:00:00:02')).toEqual(['exact', undefined]);
  });

  it('a priority that the map of prio met, unless an action wrote it', () => {
    const take = 'qdisc add dev eth0 root handle 1: prio';
    expect(record(['--script', script(take)])).toMatchObject({ exactness: 'assumed', missing: ['priority'] });
    const hook = 'filter add dev eth0 egress protocol all matchall action skbedit priority 0:1';
    const written = script('qdisc add dev eth0 clsact', hook, take);
    expect(record(['--script', written])).toMatchObject({ exactness: 'exact' });
    // net/sched/sch_prio.c reads it before its own filters run.
    const late = 'filter add dev eth0 parent 1: protocol all matchall action skbedit priority 0:1 continue';
    expect(record(['--script', script(take, late)])).toMatchObject({ exactness: 'assumed', missing: ['priority'] });
  });

  it('a priority that may name a class: htb, hfsc, drr, qfq and queues of buckets look there first', () => {
    const lines = script(ROOT, 'filter add dev eth0 parent 1: protocol all matchall flowid 1:1');
    expect(record(['--script', lines])).toMatchObject({ exactness: 'assumed', missing: ['priority'] });
    expect(record(['--script', lines, '--set', 'priority=0'])).toMatchObject({ exactness: 'exact' });
  });

  it('is counted in the summary, in words with the option that gives it', () => {
    const lines = [ROOT, 'filter add dev eth0 parent 1: handle 5 fw classid 1:1'];
    const args = ['classify', '-', '--script', script(...lines), ...PRIORITY];
    const input = pcap(UDP, UDP, UDP);
    const summary = JSON.parse(cli([...args, '--format', 'json'], { input }).stdout);
    valid('classify', summary);
    expect(summary.missing).toEqual([{ input: 'mark', packets: 3, option: '--set mark=' }]);
    const line = '3 packets: fw filters met mark 0; tell marks with --set mark= or --meta';
    expect(cli(args, { input }).stdout).toContain(line);
    expect(cli([...args, '--set', 'mark=1'], { input }).stdout).not.toContain('met');
  });

  it('is the same of both engines', () => {
    const input = pcap(UDP, UDP, 'icmp 192.0.2.1 > 192.0.2.9', UDP);
    const lines = [ROOT, 'filter add dev eth0 parent 1: handle 1 flow hash keys src,proto-src,mark divisor 4'];
    for (const args of [filter('hash keys src,proto-src,mark divisor 4'), ['--script', script(...lines)]]) {
      const of = (engine: string): unknown => {
        const { stdout } = cli(['classify', '-', ...args, '--engine', engine, '--format', 'json'], { input });
        const { missing, exactness } = JSON.parse(stdout);
        return { missing, exactness };
      };
      expect(of('auto')).toEqual(of('plain'));
    }
  });

  it('is told by explain', () => {
    const args = ['explain', '-', '--packet', '1', ...filter('map key mark')];
    const told = cli([...args, '--format', 'json'], { input: pcap(UDP) }).stdout;
    valid('explain', JSON.parse(told));
    expect(JSON.parse(told).missing).toEqual(['mark']);
    expect(cli(args, { input: pcap(UDP) }).stdout).toContain('(assumed, not given: mark)');
    const lines = script(ROOT, 'filter add dev eth0 parent 1: handle 5 fw classid 1:1');
    const none = cli(['explain', '-', '--packet', '1', '--script', lines], { input: pcap(UDP) }).stdout;
    expect(none).toContain('no class: no filter took it (not given: mark, priority)');
  });
});

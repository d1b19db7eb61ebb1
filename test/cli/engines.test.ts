import { describe, expect, it } from 'vitest';
import { Frame, findRecord, PcapngWriter, PcapWriter, type Sink } from '../../src/capture/index.ts';
import { describeFrame } from '../../src/packet/index.ts';
import { ETHERNET, frameOf } from '../frames.ts';
import { cli, file, HOUSEHOLD } from './cli.ts';

const FIVE = ['--filter', 'hash keys src,dst,proto,proto-src,proto-dst divisor 64'];

interface Told {
  readonly engine: { readonly name: string; readonly why?: string };
}

/** What `classify --format json` says, and apart from it who did the work. */
function classified(
  capture: string,
  ...args: readonly string[]
): { engine: Told['engine']; rest: object; stderr: string } {
  const { stdout, stderr } = cli(['classify', capture, '--format', 'json', ...args]);
  const { engine, ...rest } = JSON.parse(stdout) as Told;
  return { engine, rest, stderr };
}

const MASQUERADE = 'masquerade 192.168.77.0/24 to 203.0.113.2';

describe('classify --engine', () => {
  it.each([
    ['flows counted', [...FIVE]],
    [
      'at ingress, with a filter behind',
      ['--at', 'ingress', '--filter', "map key vlan-tag match 'cmp(u8 at 9 eq 6)' baseclass 1:5", ...FIVE],
    ],
    ['seeds that change', ['--filter', 'hash keys src,dst divisor 64 perturb 1']],
    ['connections', ['--filter', 'hash keys nfct-src,nfct-dst,nfct-proto-dst divisor 64']],
    [
      'connections behind NAT',
      ['--filter', 'hash keys nfct-src divisor 16', '--nat', MASQUERADE, '--captured', 'here'],
    ],
    ['an action that drops', ['--filter', 'map key dst action drop']],
  ])('comes to the same counts either way: %s', (_, args) => {
    const plain = classified(HOUSEHOLD, '--engine', 'plain', ...args);
    const compiled = classified(HOUSEHOLD, '--engine', 'compiled', ...args);
    expect(plain.engine).toEqual({ name: 'plain', why: 'it was asked for' });
    expect(compiled.engine).toEqual({ name: 'compiled' });
    expect(compiled.rest).toEqual(plain.rest);
  });

  it('says why there is none, and refuses where one was asked for', () => {
    const changing = ['--filter', 'map key mark action pedit munge ip ttl set 64 continue'];
    const connections = [...changing, '--filter', 'hash keys nfct-src divisor 16'];
    expect(classified(HOUSEHOLD, ...connections).engine).toEqual({
      name: 'plain',
      why: 'connections are tracked, and actions may change packets',
    });
    const refused = cli(['classify', HOUSEHOLD, '--engine', 'compiled', ...connections]);
    expect(refused).toMatchObject({ status: 2, stdout: '' });
    expect(refused.stderr).toContain(
      '--engine: not possible here: connections are tracked, and actions may change packets',
    );
  });

  it('walks a tree of one list: each class ends where its first packet did', () => {
    const script = file(
      'tree.tc',
      [
        'tc qdisc add dev eth0 root handle 1: htb default 40',
        ...[10, 11, 30].map((minor) => `tc class add dev eth0 parent 1: classid 1:${minor} htb rate 1mbit`),
        'tc filter add dev eth0 parent 1: pref 1 handle 1 flow map key proto-dst and 0x3 baseclass 1:10',
      ].join('\n'),
    );
    const args = ['--script', script];
    const compiled = classified(HOUSEHOLD, '--engine', 'compiled', ...args);
    expect(compiled.rest).toEqual(classified(HOUSEHOLD, '--engine', 'plain', ...args).rest);
    expect(JSON.stringify(compiled.rest)).toContain('"fate":"direct"');
  });
});

/**
 * About 6 MiB, now and then a packet that is the plain engine's; zeros in the frames look like anything. `more` comes
 * before some of them.
 */
function large(format: 'pcap' | 'pcapng', before: readonly number[] = [], more = new Frame()): Uint8Array {
  const chunks: Uint8Array[] = [];
  const sink: Sink = (chunk) => void chunks.push(chunk.slice());
  const writer =
    format === 'pcap'
      ? new PcapWriter({ linkType: ETHERNET }, sink)
      : new PcapngWriter([{ linkType: ETHERNET, snapLength: 0, name: '' }], sink);
  for (let i = 0; i < 12_000; i++) {
    if (before.includes(i)) writer.write(more);
    const words = i % 997 === 0 ? 'arp' : `tcp 10.0.${i & 255}.${(i >> 8) & 255}:${1024 + (i % 5000)} > 192.0.2.1:443`;
    const described = words === 'arp' ? new Uint8Array(60).fill(0xff, 0, 6) : describeFrame(words);
    const bytes = new Uint8Array(500);
    bytes.set(described);
    writer.write(Object.assign(frameOf(bytes), { seconds: 1_700_000_000 + i }));
  }
  writer.finish();
  return new Uint8Array(Buffer.concat(chunks));
}

describe.each(['pcap', 'pcapng'] as const)('classify --threads, %s', (format) => {
  const bytes = large(format);
  const bare = ['--no-flows', ...FIVE];

  it('comes to the same counts as one thread', () => {
    const capture = file(`large.${format}`, bytes);
    const one = classified(capture, ...bare, '--threads', '1');
    expect(one.rest).toMatchObject({ packets: 12_000, complete: true });
    for (const threads of ['2', '3', '4']) expect(classified(capture, ...bare, '--threads', threads)).toEqual(one);
  });

  it('tells where a file is broken, and what came before', () => {
    const broken = bytes.slice();
    // A length that no record has, in the last of three parts.
    const at = bytes.length - 300_000;
    broken.fill(0xff, at, at + 4000);
    const capture = file(`broken.${format}`, broken);
    const one = classified(capture, ...bare, '--threads', '1');
    expect(one.rest).toMatchObject({ complete: false });
    expect(classified(capture, ...bare, '--threads', '3')).toEqual(one);
  });

  it('warns of a file that ends in the middle of a record', () => {
    const capture = file(`cut.${format}`, bytes.slice(0, -100));
    const one = classified(capture, ...bare, '--threads', '1');
    expect(one.stderr).toContain('cut off at byte');
    expect(classified(capture, ...bare, '--threads', '2')).toEqual(one);
  });

  it('takes records of any size', () => {
    const long = Object.assign(frameOf(new Uint8Array(262_144).fill(0x88)), { seconds: 1_700_000_000 });
    const capture = file(`long.${format}`, large(format, [9000, 9500, 10_000], long));
    const one = classified(capture, ...bare, '--threads', '1');
    expect(one.rest).toMatchObject({ packets: 12_003, complete: true });
    for (const threads of ['2', '4']) expect(classified(capture, ...bare, '--threads', threads)).toEqual(one);
  });

  it('counts nothing behind a record that is broken, however it is cut', () => {
    const broken = bytes.slice();
    // In the last of two parts: the length of a record, or what repeats it behind the record before.
    const at = format === 'pcap' ? recordNear(broken, 5_000_000) + 8 : recordNear(broken, 5_000_000) - 4;
    new DataView(broken.buffer).setUint32(at, 0x7fff_fff0, true);
    const capture = file(`block.${format}`, broken);
    const one = classified(capture, ...bare, '--threads', '1');
    expect(one.rest).toMatchObject({ complete: false, packets: expect.any(Number) });
    expect(one.stderr).toContain(`block.${format}:${at}: `);
    expect(classified(capture, ...bare, '--threads', '2')).toEqual(one);
  });

  it('is bounded by the size of the file', () => {
    const small = file(`small.${format}`, bytes.slice(0, 700_000));
    const one = classified(small, ...bare, '--threads', '1');
    for (const threads of ['0', '3', '100000']) {
      expect(classified(small, ...bare, '--threads', threads)).toEqual(one);
    }
    const capture = file(`many.${format}`, bytes);
    expect(classified(capture, ...bare, '--threads', '4000000000').rest).toMatchObject({ packets: 12_000 });
  });
});

/** Where a record of 500 bytes begins, at or behind an offset. */
function recordNear(bytes: Uint8Array, offset: number): number {
  for (let at = offset - (offset % 4); ; at += 4) {
    if (findRecord(bytes.subarray(at, at + (1 << 18)), { format: isNg(bytes) ? 'pcapng' : 'pcap', little: true }) === 0)
      return at;
  }
}

const isNg = (bytes: Uint8Array): boolean => bytes[0] === 0x0a;

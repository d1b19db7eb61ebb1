import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { Frame, PcapWriter } from '../../src/capture/index.ts';
import { CONNTRACK_MAX } from '../../src/conntrack/index.ts';
import { describeFrame } from '../../src/packet/index.ts';
import { cli } from './cli.ts';

const NFCT = ['--filter', 'hash keys nfct-src divisor 16'];
const SOURCE = 14 + 12;
const TCP_LENGTH = 14 + 20 + 12;
/** Five words of header, and the flag. */
const SYN = [0x50, 2];
const UDP_LENGTH = 14 + 20 + 4;

/** A capture of Ethernet frames, so many in a second. */
function captureOf(frames: Iterable<Uint8Array>, rate: number): Uint8Array {
  const chunks: Uint8Array[] = [];
  const writer = new PcapWriter({ linkType: 1 }, (chunk) => chunks.push(chunk.slice()));
  let number = 0;
  for (const data of frames) {
    const seconds = Math.floor(number++ / rate);
    writer.write(Object.assign(new Frame(), { data, end: data.length, length: data.length, linkType: 1, seconds }));
  }
  writer.finish();
  return Buffer.concat(chunks);
}

/** SYNs of so many senders. */
function* syns(senders: number): Generator<Uint8Array> {
  const data = describeFrame('tcp 10.0.0.1:1000 > 192.0.2.1:80');
  data.set(SYN, TCP_LENGTH);
  const view = new DataView(data.buffer);
  for (let i = 0; i < senders; i++) {
    view.setUint32(SOURCE, 0x0a000000 + i);
    yield data;
  }
}

const flood = (senders: number): Uint8Array => captureOf(syns(senders), 100_000);

function udp(words: string): Uint8Array {
  const data = describeFrame(`udp ${words}`);
  data[UDP_LENGTH + 1] = 8;
  return data;
}

const isSummary = new Ajv2020({ allowUnionTypes: true }).compile(
  JSON.parse(readFileSync(join(import.meta.dirname, '../../docs/schema/classify.schema.json'), 'utf8')),
);

const classified = (input: Uint8Array, ...more: readonly string[]) =>
  cli(['classify', '-', ...NFCT, ...more], { input });

test('a flood of senders finds the table full at the number that --help says, in both engines', () => {
  const input = flood(CONNTRACK_MAX + 10);
  const full = { max: CONNTRACK_MAX, from: CONNTRACK_MAX + 1, evicted: 10, dropped: 0 };
  for (const engine of ['compiled', 'plain']) {
    const { status, stdout } = classified(input, '--format', 'json', '--no-flows', '--engine', engine);
    const printed = JSON.parse(stdout);
    const { fullTable, packets, results, missing } = printed;
    expect(isSummary(printed), JSON.stringify(isSummary.errors)).toBe(true);
    expect([status, fullTable, packets]).toEqual([0, full, CONNTRACK_MAX + 10]);
    expect(results).toEqual({ exact: 0, assumed: CONNTRACK_MAX + 10, unknowable: 0 });
    expect(missing).toContainEqual({ input: 'full conntrack table', packets: 10, option: '--conntrack-max' });
  }
  expect(cli(['classify', '--help']).stdout).toMatch(new RegExp(`all \\(default:\\s+${CONNTRACK_MAX}\\)`));
}, 60_000);

const SIX = flood(6);
const NOTE =
  'note: the connection table was full from packet 4 on (--conntrack-max 3): 3 connections gave way, 0 packets are dropped by conntrack; results are assumed';

test.each([
  ['classify', 'stdout', []],
  ['classify', 'stderr', ['--format', 'csv']],
  ['classify', 'stderr', ['--packets']],
  ['classify', 'stderr', ['--seeds', '5']],
  ['explain', 'stderr', ['--packet', '6']],
  ['compare', 'stderr', NFCT],
] as const)('%s says so once, on %s: %s', (command, stream, more) => {
  const ended = cli([command, '-', ...NFCT, '--conntrack-max', '3', ...more], { input: SIX });
  const notes = ended[stream].split('\n').filter((line) => line.includes('table was full'));
  expect([ended.status, notes]).toEqual([0, [NOTE]]);
});

test('advise says so too', () => {
  const args = [
    'advise',
    '-',
    '--conntrack-max',
    '3',
    '--nat',
    'masquerade 10.0.0.0/8 to 203.0.113.2',
    '--format',
    'json',
  ];
  const { notes } = JSON.parse(cli(args, { input: SIX }).stdout);
  expect(notes.map((note: string) => `note: ${note}`)).toContain(NOTE);
});

test('nothing is said where there is no limit, or nothing is tracked', () => {
  const of = (...more: readonly string[]) => JSON.parse(classified(SIX, '--format', 'json', ...more).stdout);
  expect(of('--conntrack-max', '0')).not.toHaveProperty('fullTable');
  expect(of('--conntrack-max', '1', '--at', 'ingress')).not.toHaveProperty('fullTable');
  expect(of('--conntrack-max', '6')).not.toHaveProperty('fullTable');
});

test('a packet without a place is dropped by conntrack, and results from there on are assumed', () => {
  const [there, back, other] = [
    '10.0.0.1:1 > 192.0.2.1:80',
    '192.0.2.1:80 > 10.0.0.1:1',
    '10.0.0.2:1 > 192.0.2.1:80',
  ].map(udp);
  // What is answered and goes on for more than two seconds is assured.
  const input = captureOf(
    [there, back, there, there, other, there].filter((frame) => frame !== undefined),
    1,
  );
  const given = ['--hashrnd', '1', '--nat', 'masquerade 172.16.0.0/12 to 203.0.113.2'];
  const { stdout } = classified(input, '--format', 'json', '--conntrack-max', '1', ...given);
  const { unclassified, fullTable, results } = JSON.parse(stdout);
  expect(fullTable).toEqual({ max: 1, from: 5, evicted: 0, dropped: 1 });
  expect(unclassified).toMatchObject([{ reason: 'dropped by conntrack: its table is full', packets: 1 }]);
  expect(results).toEqual({ exact: 4, assumed: 2, unknowable: 0 });
});

test.each(['-1', 'many', '536870913'])('--conntrack-max %s is no number of connections', (max) => {
  const { status, stderr } = classified(SIX, '--conntrack-max', max);
  expect(status).toBe(2);
  expect(stderr).toContain('--conntrack-max: expected a whole number from 0 to 536870912');
});

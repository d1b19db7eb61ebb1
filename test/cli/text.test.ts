import { describe, expect, it } from 'vitest';
import { PcapngWriter } from '../../src/capture/index.ts';
import { describeFrame } from '../../src/packet/index.ts';
import { ETHERNET, frameOf } from '../frames.ts';
import { cli, file, pcap } from './cli.ts';

const LINES = [
  'tc qdisc add dev eth0 root handle 1: htb default 10',
  'tc class add dev eth0 parent 1: classid 1:10 htb rate 1mbit',
  'tc filter add dev eth0 parent 1: pref 1 handle 1 flow map key mark baseclass 1:10',
];
const SCRIPT = `${LINES.join('\n')}\n`;
const MARK = Buffer.from([0xef, 0xbb, 0xbf]);
const CAPTURE = file('one.pcap', pcap('udp 192.0.2.1:53 > 198.51.100.1:53'));

/** What a script makes of one packet, and what is said of the script. */
function classified(script: string): { status: number | null; csv: string; stderr: string } {
  const { status, stdout, stderr } = cli(['classify', CAPTURE, '--script', script, '--no-flows', '--format', 'csv']);
  return { status, csv: stdout, stderr };
}

const PLAIN = classified(file('plain.tc', SCRIPT));

describe('a script', () => {
  it('that begins with a byte order mark is read whole, with a warning', () => {
    const script = file('bom.tc', Buffer.concat([MARK, Buffer.from(SCRIPT)]));
    const warning = `cls-flow: warning: ${script}: it begins with a byte order mark (UTF-8), which is skipped\n`;
    expect(classified(script)).toEqual({ ...PLAIN, stderr: PLAIN.stderr + warning });
    const checked = cli(['check', script]);
    expect(checked.stderr).toBe(warning);
    expect(checked.stdout).toBe(cli(['check', file('plain.tc', SCRIPT)]).stdout.replaceAll('plain.tc', 'bom.tc'));
  });

  it.each([
    ['UTF-16', Buffer.from(`\ufeff${SCRIPT}`, 'utf16le')],
    ['UTF-16', Buffer.from(`\ufeff${SCRIPT}`, 'utf16le').swap16()],
    ['UTF-16LE', Buffer.from(SCRIPT, 'utf16le')],
    ['UTF-16BE', Buffer.from(SCRIPT, 'utf16le').swap16()],
  ])('in %s is refused by its name', (name, bytes) => {
    const script = file('wide.tc', bytes);
    const { status, stdout, stderr } = cli(['check', script]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toBe(`cls-flow: ${script}: ${name} text, expected UTF-8: iconv -f ${name} -t UTF-8 converts it\n`);
    expect(classified(script)).toMatchObject({ status: 1, csv: '' });
  });

  it('whose lines end in CR LF is read, with a warning that a shell would not', () => {
    const script = file('crlf.tc', SCRIPT.replaceAll('\n', '\r\n'));
    const { csv, stderr } = classified(script);
    expect(csv).toBe(PLAIN.csv);
    expect(stderr).toContain(`${script}:1: the line ends in CR LF`);
    expect(PLAIN.stderr).not.toContain('CR LF');
  });

  it('that holds a NUL is read without it, as a shell does, with a warning', () => {
    const script = file('nul.tc', SCRIPT.replace('htb rate', 'ht\0b rate'));
    const { csv, stderr } = classified(script);
    expect(csv).toBe(PLAIN.csv);
    expect(stderr).toContain(`${script}:2: a NUL byte: left out`);
  });
});

describe('tc -batch', () => {
  const state = (name: string): readonly string[] => ['tc', '--state', file(name, '{}').replace(/$/, '.state')];
  const batch = LINES.map((line) => line.slice(3)).join('\n');

  it('skips a byte order mark, with a warning that names it', () => {
    const made = state('bom');
    const { status, stderr } = cli([...made, '-batch', file('bom.batch', Buffer.concat([MARK, Buffer.from(batch)]))]);
    expect(status).toBe(0);
    expect(stderr).toContain('bom.batch: it begins with a byte order mark (UTF-8), which is skipped');
    expect(cli([...made, 'filter', 'show', 'dev', 'eth0']).stdout).toContain('flow chain 0 handle 0x1');
  });

  it('takes CR LF, and ends a line at a NUL, as tc does', () => {
    const made = state('nul');
    const text = batch.replaceAll('\n', '\r\n').replace('rate 1mbit', 'rate 1mbit\0 ceil nonsense');
    const { status, stderr } = cli([...made, '-batch', file('nul.batch', text)]);
    expect({ status, warnings: stderr.match(/warning: .*/g) }).toEqual({
      status: 0,
      warnings: [expect.stringContaining('nul.batch:2: a NUL byte: the rest of its line is left out')],
    });
  });

  it('refuses UTF-16 by its name', () => {
    const { status, stderr } = cli([
      ...state('wide'),
      '-batch',
      file('wide.batch', Buffer.from(`\ufeff${batch}`, 'utf16le')),
    ]);
    expect(status).toBe(1);
    expect(stderr).toContain('UTF-16 text, expected UTF-8');
  });
});

describe('what once took the square or the cube of its length', () => {
  const reported = (script: string): string => cli(['check', script]).stdout;

  it('a chain of commands on one line', () => {
    const chain = file('and-chain.sh', `${'tc qdisc show && '.repeat(20_000)}true\n`);
    expect(reported(chain)).toBe(`${chain}: nothing found in 20000 tc commands\n`);
  });

  it('a filter of many options', () => {
    const options = file('many-options.tc', `${LINES[0]}\n${LINES[1]}\n${LINES[2]}${' and 1'.repeat(100_000)}\n`);
    expect(reported(options).slice(0, 200)).toContain(':3  FT005 warning  1 of 2 classes do not exist');
  });

  it('subscribers by the thousand', () => {
    const of = (i: number): string =>
      `tc class add dev eth0 parent 1:10 classid 1:${(i + 0x100).toString(16)} htb rate 1mbit ceil 10mbit\n` +
      `tc filter add dev eth0 parent 1: protocol ip prio 1 u32 match ip dst 10.${i >> 8}.${i & 255}.1/32 flowid 1:${(i + 0x100).toString(16)}\n`;
    const count = 2000;
    const script = file(
      'subscribers.tc',
      `${LINES[0]}\n${LINES[1]}\n${Array.from({ length: count }, (_, i) => of(i)).join('')}`,
    );
    const last = file('last.pcap', pcap('udp 192.0.2.1:53 > 10.7.207.1:53'));
    const { stdout } = cli(['classify', last, '--script', script, '--no-flows', '--format', 'csv']);
    expect(stdout).toContain(`1:${(count - 1 + 0x100).toString(16)},1,`);
    expect(reported(script)).not.toContain('error');
  });
});

describe('numbers and times', () => {
  it('of --set are in the bases of tc', () => {
    const of = (mark: string): string =>
      cli(['classify', CAPTURE, '--filter', 'map key mark baseclass 1:1', '--set', `mark=${mark}`, '--format', 'csv'])
        .stdout;
    expect(of('010')).toBe(of('8'));
    expect(of('010')).toContain('1:9,1,');
  });

  it('that an exported file cannot hold are the nearest, with a note', () => {
    const chunks: Uint8Array[] = [];
    const writer = new PcapngWriter([{ linkType: ETHERNET, snapLength: 0, name: '' }], (chunk) => chunks.push(chunk));
    const frame = frameOf(describeFrame('udp 192.0.2.1:53 > 198.51.100.1:53'));
    frame.seconds = 5_000_000_000;
    writer.write(frame);
    writer.finish();
    const late = file('late.pcapng', Buffer.concat(chunks));
    const target = file('late', '').replace(/$/, '.pcap');
    const filter = ['--filter', 'map key mark baseclass 1:1', '--set', 'mark=0'];
    const { status, stderr } = cli(['classify', late, ...filter, '--export-class', `1:1=${target}`]);
    expect({ status, stderr }).toEqual({
      status: 0,
      stderr: `cls-flow: note: ${target}: 1 packet from before 1970 or after 2106, which its format cannot hold: written with the nearest time\n`,
    });
  });

  it('of --meta count packets from 1', () => {
    const meta = file('zero.jsonl', '{"packet": 0, "mark": 1}\n');
    const { status, stderr } = cli(['classify', CAPTURE, '--filter', 'map key mark', '--meta', meta]);
    expect(status).toBe(2);
    expect(stderr).toContain('zero.jsonl:1: expected a whole number from 1 to');
  });

  it('of periods are whole, up to 2106 and with fractions that are too long', () => {
    const capture = Buffer.from(pcap(...Array.from({ length: 3 }, () => 'udp 192.0.2.1:53 > 198.51.100.1:53')));
    const size = (capture.length - 24) / 3;
    // Nanoseconds: 0; 4294967295 of them in the first second; the last second that pcap knows.
    for (const [i, [seconds, fraction]] of [
      [0, 0],
      [0, 0xffffffff],
      [0xffffffff, 0],
    ].entries()) {
      capture.writeUInt32LE(seconds ?? 0, 24 + i * size);
      capture.writeUInt32LE(fraction ?? 0, 28 + i * size);
    }
    const named = file('times.pcap', capture);
    const perturbed = ['classify', named, '--filter', 'hash keys src perturb 1 divisor 4'];
    const { stdout } = cli([...perturbed, '--perturb', '--format', 'json']);
    const { periods } = JSON.parse(stdout) as { periods: { period: number; from: number }[] };
    expect(periods.map(({ period, from }) => [period, from])).toEqual([
      [0, 0],
      [4, 4],
      [4294967295, 4294967295],
    ]);
    const counts = (engine: string): object => {
      const { engine: _, ...rest } = JSON.parse(cli([...perturbed, '--engine', engine, '--format', 'json']).stdout);
      return rest;
    };
    expect(counts('compiled')).toEqual(counts('plain'));
  });
});

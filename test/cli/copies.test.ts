import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { Frame, openCapture, PcapngWriter } from '../../src/capture/index.ts';
import { describeFrame } from '../../src/packet/index.ts';
import { frameOf, hex, ipv4, ports } from '../frames.ts';
import { cli, file, pcap } from './cli.ts';

const DNS = 'udp 192.0.2.2:1000 > 10.0.0.4:53';
const WEB = 'tcp 192.0.2.1:1000 > 10.0.0.4:80';
const THREE = pcap(WEB, DNS, DNS);

/** Mirrors UDP to ifb0, and redirects everything else to ifb1's input. */
const SCRIPT = file(
  'mirror.tc',
  `qdisc add dev ifb0 root pfifo
qdisc add dev ifb1 root pfifo
qdisc add dev eth0 root handle 1: drr
filter add dev eth0 parent 1: protocol all prio 1 handle 1 flow map key proto match 'cmp(u8 at 9 layer 1 eq 17)' action mirred egress mirror dev ifb0
filter add dev eth0 parent 1: protocol all prio 2 handle 1 flow map key proto action mirred ingress redirect dev ifb1
`,
);
const ARGS = ['--script', SCRIPT, '--dev', 'eth0'];

function framesOf(path: string) {
  const reader = openCapture();
  reader.push(readFileSync(path));
  reader.finish();
  const frames: { bytes: Uint8Array; linkType: number; seconds: number; length: number }[] = [];
  for (const frame = new Frame(); reader.next(frame); ) {
    const { linkType, seconds, length } = frame;
    frames.push({ bytes: frame.data.slice(frame.at, frame.end), linkType, seconds, length });
  }
  return { frames, interfaces: reader.interfaces };
}

describe('copies that mirred sends', () => {
  it('are counted by device and direction, in the table and in JSON as its schema says', () => {
    const table = cli(['classify', '-', ...ARGS], { input: THREE });
    expect(table.stderr).toBe('');
    expect(table.stdout).toMatch(/^copies +packets +bytes\ninto ifb1 +1 +54\nout of ifb0 +2 +108$/m);
    const json = JSON.parse(cli(['classify', '-', ...ARGS, '--format', 'json'], { input: THREE }).stdout);
    expect(json.copies).toEqual([
      { device: 'ifb1', direction: 'ingress', packets: 1, bytes: 54 },
      { device: 'ifb0', direction: 'egress', packets: 2, bytes: 108 },
    ]);
    const schema = readFileSync(join(import.meta.dirname, '../../docs/schema/classify.schema.json'), 'utf8');
    const validate = new Ajv2020({ allowUnionTypes: true }).compile(JSON.parse(schema));
    expect(validate(json), JSON.stringify(validate.errors)).toBe(true);
    expect(validate({ ...json, copies: [] })).toBe(false);
    const lines = cli(['classify', '-', ...ARGS, '--format', 'ndjson'], { input: THREE }).stdout;
    expect(lines).toContain('{"type":"copy","device":"ifb0","direction":"egress","packets":2,"bytes":108}\n');
  });

  it('stand in one file, an interface for each device', () => {
    const path = file('copies.pcapng', 'old');
    const { status } = cli(['classify', '-', ...ARGS, '--copies', path], { input: THREE });
    expect(status).toBe(0);
    const { frames, interfaces } = framesOf(path);
    expect(interfaces.map(({ name, linkType }) => [name, linkType])).toEqual([
      ['ifb1', 1],
      ['ifb0', 1],
    ]);
    const sent = [WEB, DNS, DNS].map((packet) => Buffer.from(describeFrame(packet)).toString('hex'));
    expect(frames.map(({ bytes }) => Buffer.from(bytes).toString('hex'))).toEqual(sent);
    expect(frames.map(({ seconds }) => seconds - 1_700_000_000)).toEqual([0, 1, 2]);
    expect(readdirSync(dirname(path)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('of packets without an Ethernet header are cooked, on an interface of their own', () => {
    const chunks: Uint8Array[] = [];
    const links = [1, 101].map((linkType) => ({ linkType, snapLength: 0, name: '' }));
    const writer = new PcapngWriter(links, (chunk) => chunks.push(chunk));
    writer.write(frameOf(describeFrame(WEB)), 0);
    writer.write(frameOf(hex(ipv4('10.0.0.1', '192.0.2.9', 6, ports(1, 2))), 101), 1);
    writer.finish();
    const path = file('mixed.pcapng', '');
    cli(['classify', '-', ...ARGS, '--packets', '--copies', path], { input: Buffer.concat(chunks) });
    const { frames, interfaces } = framesOf(path);
    expect(interfaces.map(({ name, linkType }) => [name, linkType])).toEqual([
      ['ifb1', 1],
      ['ifb1', 113],
    ]);
    expect(frames.map(({ linkType }) => linkType)).toEqual([1, 113]);
  });

  it('leave no file where none can be written, or where the command line is wrong', () => {
    const path = join(dirname(SCRIPT), 'none', 'copies.pcapng');
    const answer = cli(['classify', '-', ...ARGS, '--copies', path], { input: THREE });
    expect(answer).toMatchObject({ status: 1, stdout: '' });
    expect(answer.stderr).toContain(`${path}: no such file`);
    const wrong = join(dirname(SCRIPT), 'wrong.pcapng');
    expect(cli(['classify', '-', '--filter', 'map', '--copies', wrong], { input: THREE }).status).toBe(2);
    expect(existsSync(wrong)).toBe(false);
  });
});

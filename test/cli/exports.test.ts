import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Frame, openCapture, PcapngWriter } from '../../src/capture/index.ts';
import { describeFrame } from '../../src/packet/index.ts';
import { frameOf, hex, ipv4, ports } from '../frames.ts';
import { cli, file, HOUSEHOLD, pcap } from './cli.ts';

const TO_ONE = 'udp 192.0.2.2:1000 > 10.0.0.1:53';
const TO_TWO = 'tcp 192.0.2.1:1000 > 10.0.0.2:80';
const INPUT = pcap(TO_ONE, TO_TWO, TO_ONE);
/** The class is the last byte of the destination, plus 1. */
const MAP = ['--filter', 'map key dst and 0xff'];

function framesOf(path: string) {
  const reader = openCapture();
  reader.push(readFileSync(path));
  reader.finish();
  const frames: { hex: string; seconds: number; linkType: number }[] = [];
  for (const frame = new Frame(); reader.next(frame); ) {
    const { seconds, linkType } = frame;
    frames.push({ hex: Buffer.from(frame.data.slice(frame.at, frame.end)).toString('hex'), seconds, linkType });
  }
  return frames;
}

/** opt_comment of each enhanced packet block (type 6), read by the words of the pcapng draft. */
function commentsOf(path: string): string[] {
  const bytes = readFileSync(path);
  const comments: string[] = [];
  for (let at = 0; at < bytes.length; at += bytes.readUInt32LE(at + 4)) {
    if (bytes.readUInt32LE(at) !== 6) continue;
    const total = bytes.readUInt32LE(at + 4);
    expect(bytes.readUInt32LE(at + total - 4)).toBe(total);
    const option = at + 28 + Math.ceil(bytes.readUInt32LE(at + 20) / 4) * 4;
    expect(bytes.readUInt16LE(option)).toBe(1);
    const length = bytes.readUInt16LE(option + 2);
    comments.push(bytes.toString('utf8', option + 4, option + 4 + length));
    // opt_endofopt, then the block's length again.
    expect(bytes.readUInt32LE(option + 4 + Math.ceil(length / 4) * 4)).toBe(0);
    expect(option + 4 + Math.ceil(length / 4) * 4 + 8).toBe(at + total);
  }
  return comments;
}

const frameHex = (packet: string): string => Buffer.from(describeFrame(packet)).toString('hex');

describe('exported packets', () => {
  it('are all there as they came, each with its class as its comment', () => {
    const path = file('all.pcapng', 'old');
    const { status, stderr } = cli(['classify', '-', ...MAP, '--export', path], { input: INPUT });
    expect([status, stderr]).toEqual([0, '']);
    const [udp, tcp] = ['udp 192.0.2.2:1000 > 10.0.0.1:53', 'tcp 192.0.2.1:1000 > 10.0.0.2:80'];
    expect(commentsOf(path)).toEqual([`class 1:2; ${udp}`, `class 1:3; ${tcp}`, `class 1:2; ${udp}`]);
    expect(framesOf(path).map((frame) => frame.hex)).toEqual([TO_ONE, TO_TWO, TO_ONE].map(frameHex));
    expect(framesOf(path).map(({ seconds }) => seconds - 1_700_000_000)).toEqual([0, 1, 2]);
    expect(readdirSync(dirname(path)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('say where they were captured', () => {
    const path = file('where.pcapng', '');
    cli(['classify', HOUSEHOLD, '--captured', 'here', ...MAP, '--export', path]);
    const [first = ''] = commentsOf(path);
    expect(first.endsWith(`; ${HOUSEHOLD} lan0`)).toBe(true);
  });

  it("tell why there is no class, and with a script the packet's end", () => {
    const path = file('script.pcapng', '');
    // UDP is protocol 17, and base class 1:1 makes that 1:12.
    const script = file(
      'one.tc',
      `qdisc add dev eth0 root handle 1: drr
class add dev eth0 parent 1: classid 1:12 drr
filter add dev eth0 parent 1: protocol all prio 1 handle 1 flow map key proto match 'cmp(u8 at 9 layer 1 eq 17)' action ok
`,
    );
    cli(['classify', '-', '--script', script, '--export', path], { input: INPUT });
    const [first = '', second = ''] = commentsOf(path);
    expect(first).toMatch(/^class 1:12; queued/);
    expect(second).toMatch(/^no class: no filter took it; dropped by drr 1:/);
  });

  it('of one class go to a pcap file of their own, an empty one if there are none', () => {
    const [two, three, none] = ['2', '3', 'ff'].map((name) => file(`${name}.pcap`, '')) as [string, string, string];
    const wanted = [`1:2=${two}`, `1:3=${three}`, `1:ff=${none}`].flatMap((each) => ['--export-class', each]);
    expect(cli(['classify', '-', '--packets', ...MAP, ...wanted], { input: INPUT }).status).toBe(0);
    expect(framesOf(two).map((frame) => frame.hex)).toEqual([TO_ONE, TO_ONE].map(frameHex));
    expect(framesOf(three).map((frame) => frame.hex)).toEqual([frameHex(TO_TWO)]);
    expect(framesOf(none)).toEqual([]);
  });

  it('of two link types fit pcapng, not pcap, which is then not written', () => {
    const chunks: Uint8Array[] = [];
    const links = [1, 101].map((linkType) => ({ linkType, snapLength: 0, name: '' }));
    const writer = new PcapngWriter(links, (chunk) => chunks.push(chunk));
    writer.write(frameOf(describeFrame(TO_ONE)), 0);
    writer.write(frameOf(hex(ipv4('192.0.2.9', '10.0.0.1', 6, ports(1, 2))), 101), 1);
    writer.finish();
    const input = Buffer.concat(chunks);
    const path = file('mixed.pcapng', '');
    expect(cli(['classify', '-', ...MAP, '--export', path], { input }).status).toBe(0);
    expect(framesOf(path).map(({ linkType }) => linkType)).toEqual([1, 101]);
    const single = join(dirname(path), 'mixed.pcap');
    const refused = cli(['classify', '-', ...MAP, '--export-class', `1:2=${single}`], { input });
    expect(refused).toMatchObject({ status: 1, stdout: '' });
    expect(refused.stderr).toContain('two link types');
    expect(existsSync(single)).toBe(false);
  });

  it('need a class and a file, each file once', () => {
    for (const wrong of ['1:2', '1:=a.pcap', 'x=a.pcap', '1:2=']) {
      const { status, stderr } = cli(['classify', '-', ...MAP, '--export-class', wrong], { input: INPUT });
      expect([status, stderr.includes('expected ID=FILE')]).toEqual([2, true]);
    }
    const twice = cli(['classify', '-', ...MAP, '--export', 'a', '--export-class', '1:2=a'], { input: INPUT });
    expect(twice).toMatchObject({ status: 2, stdout: '' });
    const often = cli(['classify', '-', ...MAP, '--export', 'a', '--seeds', '3'], { input: INPUT });
    expect(often).toMatchObject({ status: 2, stdout: '' });
  });
});

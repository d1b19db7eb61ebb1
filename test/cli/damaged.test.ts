import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { Xxh64 } from '../../src/hash/index.ts';
import { cli, type Ended, file, pcap } from './cli.ts';

const FILTER = ['--filter', 'hash keys src,dst divisor 16'];
const COUNT = 50;
const CAPTURE = pcap(...Array.from({ length: COUNT }, (_, i) => `udp 192.0.2.${i + 1}:53 > 198.51.100.1:53`));

function classified(capture: string, ...args: readonly string[]): Ended & { readonly packets: number } {
  const ended = cli(['classify', capture, ...FILTER, '--format', 'json', ...args]);
  return { ...ended, packets: (JSON.parse(ended.stdout) as { packets: number }).packets };
}

/** A zstd frame of one raw block, with its checksum (RFC 8878, section 3.1.1). */
function checksummed(data: Uint8Array): Buffer {
  const hash = new Xxh64();
  hash.update(data);
  const [, low] = hash.digest();
  const [header, checksum] = [Buffer.alloc(3), Buffer.alloc(4)];
  header.writeUIntLE((data.length << 3) | 1, 0, 3);
  checksum.writeInt32LE(low);
  return Buffer.concat([Buffer.from('28b52ffd0458', 'hex'), header, data, checksum]);
}

describe('a damaged compressed capture', () => {
  it('is read up to garbage behind it, with a warning', () => {
    const packed = gzipSync(CAPTURE);
    const capture = file('garbage.pcap.gz', Buffer.concat([packed, Buffer.from('garbage')]));
    const { packets, status, stderr } = classified(capture);
    expect({ packets, status }).toEqual({ packets: COUNT, status: 0 });
    expect(stderr).toContain(`gzip data ends at byte ${packed.length}: trailing garbage behind it is ignored`);
  });

  it('is read up to a wrong checksum, an error: gzip', () => {
    const packed = gzipSync(CAPTURE);
    packed[packed.length - 8] = (packed.at(-8) ?? 0) ^ 1;
    const { packets, status, stderr } = classified(file('crc.pcap.gz', packed));
    expect({ packets, status }).toEqual({ packets: COUNT, status: 1 });
    expect(stderr).toMatch(new RegExp(`:${packed.length - 8}: gzip data: checksum 0x`));
  });

  it('is read up to a wrong checksum, an error: zstd, in every Node', () => {
    const packed = checksummed(CAPTURE);
    expect(classified(file('sound.pcap.zst', packed))).toMatchObject({ packets: COUNT, status: 0, stderr: '' });
    // An address in the last packet.
    packed[packed.length - 14] = (packed.at(-14) ?? 0) ^ 1;
    const { packets, status, stderr } = classified(file('bitflip.pcap.zst', packed));
    expect({ packets, status }).toEqual({ packets: COUNT, status: 1 });
    expect(stderr).toMatch(new RegExp(`:${packed.length - 4}: zstd data: checksum 0x`));
  });

  it('gives the same from a pipe', () => {
    const first = gzipSync(CAPTURE.subarray(0, 1000));
    const packed = Buffer.concat([first, gzipSync(CAPTURE.subarray(1000))]);
    // The second member's compression method, which can only be 8.
    packed[first.length + 2] = 9;
    const fromFile = cli(['classify', file('bits.pcap.gz', packed), ...FILTER, '--format', 'csv']);
    const fromPipe = cli(['classify', '-', ...FILTER, '--format', 'csv'], { input: packed });
    expect(fromFile.status).toBe(1);
    expect(fromPipe.stdout).toBe(fromFile.stdout);
    expect(fromPipe.status).toBe(1);
  });
});

describe('a process without address space', () => {
  const results = ({ stdout }: Ended) => JSON.parse(stdout) as { engine: object };

  // Memory of WebAssembly reserves more than that; what is used is little.
  it.runIf(process.platform === 'linux').for([6_000_000, 8_000_000])(
    'classifies with the plain engine, and says why: %i KiB',
    (addressSpaceKiB) => {
      const args = ['classify', file('space.pcap', CAPTURE), ...FILTER, '--format', 'json'];
      const limited = cli(args, { addressSpaceKiB });
      expect(limited).toMatchObject({ status: 0, stderr: '' });
      const { engine, ...rest } = results(limited);
      const { engine: _, ...whole } = results(cli([...args, '--engine', 'plain']));
      expect(rest).toEqual(whole);
      // Newer V8 makes do with less.
      const plain = { name: 'plain', why: 'no memory for WebAssembly here' };
      expect([plain, { name: 'compiled' }]).toContainEqual(engine);
    },
  );

  it.runIf(process.platform === 'linux')('reads zstd, or says what to do', () => {
    const capture = file('space.pcap.zst', checksummed(CAPTURE));
    const { status, stderr } = cli(['classify', capture, ...FILTER], { addressSpaceKiB: 6_000_000 });
    const refused = `cls-flow: ${capture}:0: zstd data: no memory for WebAssembly here, decompress it before\n`;
    // Newer V8 makes do with less.
    expect([
      [0, ''],
      [1, refused],
    ]).toContainEqual([status, stderr]);
  });
});

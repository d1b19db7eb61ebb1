import { describe, expect, it } from 'vitest';
import { type CaptureReader, Frame, openCapture, PcapngWriter, PcapWriter } from '../../src/capture/index.ts';
import { FormatError } from '../../src/errors.ts';
import { enter, Packet } from '../../src/packet/index.ts';

/**
 * Every variant of every capture format, small: cut at every byte, and every byte set to extremes. Each ends in a result
 * or a typed error, whatever the chunks; frames stay inside what was pushed and are those of the whole file up to there.
 */

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'));
const FRAMES = [
  '020000000002 020000000001 0800 4500001400000000400600000a0000010a000002',
  '020000000002 020000000001 8100 0064 0806 0001',
  '0203',
].map(hex);

function written(
  make: (sink: (chunk: Uint8Array) => void) => { write(frame: Frame): void; finish(): void },
): Uint8Array {
  const chunks: Uint8Array[] = [];
  const writer = make((chunk) => chunks.push(chunk));
  for (const [n, data] of FRAMES.entries()) {
    const fields = { data, end: data.length, length: data.length + n, linkType: 1, seconds: 1700000000 + n };
    writer.write(Object.assign(new Frame(), fields, { nanoseconds: 123456789 }));
  }
  writer.finish();
  return Buffer.concat(chunks);
}

/** The same pcap file, each field in the other byte order. */
function swapped(file: Uint8Array): Uint8Array {
  const out = Uint8Array.from(file);
  const turn = (at: number, size: number): void => void out.subarray(at, at + size).reverse();
  for (const [at, size] of [
    [0, 4],
    [4, 2],
    [6, 2],
    [8, 4],
    [12, 4],
    [16, 4],
    [20, 4],
  ] as const)
    turn(at, size);
  const view = new DataView(file.buffer, file.byteOffset);
  for (let at = 24; at < file.length; at += 16 + view.getUint32(at + 8, true)) {
    for (const field of [0, 4, 8, 12]) turn(at + field, 4);
  }
  return out;
}

/** The modified variant: eight more bytes in each record header. */
function modified(file: Uint8Array): Uint8Array {
  const view = new DataView(file.buffer, file.byteOffset);
  const parts = [hex('34cdb2a1'), file.subarray(4, 24)];
  for (let at = 24; at < file.length; ) {
    const size = 16 + view.getUint32(at + 8, true);
    parts.push(file.subarray(at, at + 16), hex('03000000 0800 04 00'), file.subarray(at + 16, at + size));
    at += size;
  }
  return Buffer.concat(parts);
}

function block(type: number, body: string): Uint8Array {
  const bytes = hex(body);
  const padded = (bytes.length + 3) & ~3;
  const view = new DataView(new ArrayBuffer(12 + padded));
  view.setUint32(0, type);
  view.setUint32(4, 12 + padded);
  view.setUint32(8 + padded, 12 + padded);
  new Uint8Array(view.buffer).set(bytes, 8);
  return new Uint8Array(view.buffer);
}

/** A big-endian section with every block that is read and some that are not. */
const section = Buffer.concat([
  block(0x0a0d0d0a, '1a2b3c4d 0001 0000 ffffffffffffffff'),
  block(1, '0001 0000 00000040 0002 0004 65746830 0009 0001 83000000 000e 0008 0000000000000001 0000 0000'),
  block(1, '0065 0000 00000000'),
  block(4, '0000 0000'),
  block(6, '00000000 00000000 00000011 00000010 00000010 020000000002020000000001 08004500'),
  block(0x40000bad, '00000001 0102'),
  block(3, '00000006 020304050607'),
  block(2, '0001 0000 00000000 00000007 00000001 00000004 60'),
]);

const pcap = written((sink) => new PcapWriter({ linkType: 1, unit: 'us' }, sink));
const nano = written((sink) => new PcapWriter({ linkType: 1 }, sink));
const pcapng = written((sink) => new PcapngWriter([{ linkType: 1, snapLength: 96, name: 'eth0' }], sink));

const FILES: Readonly<Record<string, Uint8Array>> = {
  'pcap, little-endian, microseconds': pcap,
  'pcap, big-endian, microseconds': swapped(pcap),
  'pcap, little-endian, nanoseconds': nano,
  'pcap, big-endian, nanoseconds': swapped(nano),
  'pcap, modified': modified(pcap),
  'pcapng, little-endian': pcapng,
  'pcapng, big-endian, all blocks': section,
  'pcapng, sections of both byte orders': Buffer.concat([section, pcapng, section]),
};

const packet = new Packet();

function drain(reader: CaptureReader, pushed: number, seen: string[]): void {
  const frame = new Frame();
  while (reader.next(frame)) {
    expect(frame.at).toBeLessThanOrEqual(frame.end);
    expect(frame.end).toBeLessThanOrEqual(frame.data.length);
    expect(reader.offset).toBeLessThanOrEqual(pushed);
    enter(frame, packet, { hook: 'ingress', vlan: 'offload' });
    const bytes = Buffer.from(frame.data.subarray(frame.at, frame.end)).toString('hex');
    seen.push(`${frame.seconds}.${frame.nanoseconds} ${frame.length} ${frame.linkType} ${bytes}`);
  }
}

/** Frames and ending of a file: 'whole', 'cut' or the error. */
function read(file: Uint8Array, step: number): { seen: string[]; ending: string } {
  const reader = openCapture();
  const seen: string[] = [];
  try {
    for (let at = 0; at < file.length; at += step) {
      reader.push(file.subarray(at, at + step));
      drain(reader, Math.min(at + step, file.length), seen);
    }
    reader.finish();
    drain(reader, file.length, seen);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    expect(error.offset).toBeGreaterThanOrEqual(0);
    expect(error.offset).toBeLessThan(file.length + 4);
    return { seen, ending: `${error.offset}: ${error.message}` };
  }
  return { seen, ending: reader.cut ? 'cut' : 'whole' };
}

describe.each(Object.entries(FILES))('%s', (_, file) => {
  const all = read(file, file.length);

  it('is read whole', () => {
    expect(all.ending).toBe('whole');
    expect(all.seen.length).toBeGreaterThanOrEqual(3);
  });

  it('cut at any byte gives the frames before, and is whole or cut or no capture yet', () => {
    for (let size = 0; size < file.length; size++) {
      const { seen, ending } = read(file.subarray(0, size), size || 1);
      expect(seen).toEqual(all.seen.slice(0, seen.length));
      if (size >= 4) expect(ending).toMatch(/^(whole|cut)$/);
      else expect(ending).toMatch(/expected a capture/);
    }
  });

  it('with any byte set to anything extreme ends in a result or a typed error, in any chunks', () => {
    for (let at = 0; at < file.length; at++) {
      for (const value of [0, 1, 0x7f, 0x80, 0xff]) {
        const broken = Uint8Array.from(file);
        broken[at] = value;
        const once = read(broken, broken.length);
        expect(read(broken, 13)).toEqual(once);
      }
    }
  });
});

it('all pcap variants hold the same frames', () => {
  const [little, big] = [read(pcap, 1000), read(swapped(pcap), 1000)];
  expect(big).toEqual(little);
  expect(read(modified(pcap), 1000)).toEqual(little);
  expect(read(swapped(nano), 1000)).toEqual(read(pcapng, 1000));
});

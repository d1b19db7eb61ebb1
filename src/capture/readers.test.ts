import { describe, expect, it } from 'vitest';
import { FormatError, LimitError } from '../errors.ts';
import {
  type CaptureReader,
  Frame,
  Heading,
  MAX_BLOCK,
  MAX_FRAME,
  openCapture,
  PcapngWriter,
  PcapWriter,
} from './index.ts';

interface Seen {
  seconds: number;
  nanoseconds: number;
  length: number;
  linkType: number;
  bytes: number[];
}

function drain(reader: CaptureReader, into: Seen[]): void {
  for (const frame = new Frame(); reader.next(frame); ) {
    const { seconds, nanoseconds, length, linkType } = frame;
    into.push({ seconds, nanoseconds, length, linkType, bytes: [...frame.data.subarray(frame.at, frame.end)] });
  }
}

function readAll(file: Uint8Array, step = file.length): { reader: CaptureReader; frames: Seen[] } {
  const reader = openCapture();
  const frames: Seen[] = [];
  const buffer = new Uint8Array(step);
  for (let at = 0; at < file.length; at += step) {
    const chunk = file.subarray(at, at + step);
    buffer.set(chunk);
    reader.push(buffer.subarray(0, chunk.length));
    drain(reader, frames);
  }
  reader.finish();
  drain(reader, frames);
  return { reader, frames };
}

function failure(file: Uint8Array): FormatError {
  try {
    readAll(file);
  } catch (error) {
    expect(error).toBeInstanceOf(FormatError);
    return error as FormatError;
  }
  throw new Error('was read without complaint');
}

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'));

/** 2 s and 5 units of the fraction, link type 101, one frame of 3 bytes out of 9. */
const PCAPS = {
  'big-endian microseconds':
    'a1b2c3d4 0002 0004 00000000 00000000 0000ffff 00000065 00000002 00000005 00000003 00000009',
  'little-endian microseconds':
    'd4c3b2a1 0200 0400 00000000 00000000 ffff0000 65000000 02000000 05000000 03000000 09000000',
  'big-endian nanoseconds':
    'a1b23c4d 0002 0004 00000000 00000000 0000ffff 00000065 00000002 00000005 00000003 00000009',
  'little-endian nanoseconds':
    '4d3cb2a1 0200 0400 00000000 00000000 ffff0000 65000000 02000000 05000000 03000000 09000000',
  'big-endian modified':
    'a1b2cd34 0002 0004 00000000 00000000 0000ffff 00000065 00000002 00000005 00000003 00000009 00000007 0800 00 00',
  'little-endian modified':
    '34cdb2a1 0200 0400 00000000 00000000 ffff0000 65000000 02000000 05000000 03000000 09000000 07000000 0800 00 00',
};

describe('pcap', () => {
  for (const [name, head] of Object.entries(PCAPS)) {
    it(`is read when it is ${name}`, () => {
      const { frames, reader } = readAll(hex(`${head} aabbcc`));
      const nanoseconds = name.includes('nano') ? 5 : 5000;
      expect(frames).toEqual([{ seconds: 2, nanoseconds, length: 9, linkType: 101, bytes: [0xaa, 0xbb, 0xcc] }]);
      expect(reader.interfaces).toEqual([{ linkType: 101, snapLength: 65535, name: '' }]);
      expect(reader.cut).toBeNull();
    });
  }

  it('has the frame check sequence bits beside the link type', () => {
    const file = hex(`${PCAPS['big-endian microseconds'].replace('00000065', '24000001')} aabbcc`);
    expect(readAll(file).frames[0]?.linkType).toBe(1);
  });

  it('may have a fraction of more than a second, which counts', () => {
    const file = hex(`${PCAPS['big-endian microseconds'].replace('00000005', '001e8481')} aabbcc`);
    expect(readAll(file).frames[0]).toMatchObject({ seconds: 4, nanoseconds: 1000 });
  });

  it('of a version before 2.4 has its lengths the other way round', () => {
    const file = hex(
      'd4c3b2a1 0200 0200 00000000 00000000 ffff0000 01000000 02000000 05000000 09000000 03000000 aabbcc',
    );
    expect(readAll(file).frames[0]).toMatchObject({ length: 9, bytes: [0xaa, 0xbb, 0xcc] });
  });

  it.each([
    ['a4b2c3d4', 0, /expected a capture/],
    ['a1b2c3d4 0001 0004 00000000 00000000 0000ffff 00000001', 4, /version 1\.4/],
    ['a1b2c3d4 0002 0005 00000000 00000000 0000ffff 00000001', 4, /version 2\.5/],
    ['a1b2c3d4 0002 0004 00000000 00000000 0000ffff 00300000', 20, /link type/],
  ])('that begins %s is refused at byte %i', (head, offset, message) => {
    const error = failure(hex(head));
    expect(error.offset).toBe(offset);
    expect(error.message).toMatch(message);
  });

  it('record longer than the limit is refused at its length field, after the frames before it', () => {
    const good = hex(`${PCAPS['big-endian microseconds']} aabbcc`);
    const reader = openCapture();
    const frames: Seen[] = [];
    reader.push(good);
    reader.push(hex('00000002 00000005 01000001 01000001'));
    expect(() => drain(reader, frames)).toThrow(LimitError);
    expect(frames).toHaveLength(1);
    expect(MAX_FRAME).toBe(0x01000000);
    expect(() => reader.next(new Frame())).toThrow(expect.objectContaining({ offset: good.length + 8 }));
  });

  it('cut anywhere in a record gives the frames before it and says where', () => {
    const { frames, reader } = readAll(hex(`${PCAPS['big-endian microseconds']} aabb`));
    expect(frames).toEqual([]);
    expect(reader.cut).toEqual({ offset: 24, message: 'record cut off: 18 of 19 bytes' });
  });
});

it('an empty file is no capture', () => {
  expect(failure(new Uint8Array(0)).message).toMatch(/0 bytes, expected a capture: pcap or pcapng/);
});

/** A pcapng block with its two lengths, body padded to four bytes. */
function block(type: number, body: string, little = false): string {
  const bytes = hex(body);
  const padded = (bytes.length + 3) & ~3;
  const view = new DataView(new ArrayBuffer(12 + padded));
  view.setUint32(0, type, little);
  view.setUint32(4, 12 + padded, little);
  view.setUint32(8 + padded, 12 + padded, little);
  new Uint8Array(view.buffer).set(bytes, 8);
  return Buffer.from(view.buffer).toString('hex');
}

const SECTION_BE = block(0x0a0d0d0a, '1a2b3c4d 0001 0000 ffffffffffffffff');
const SECTION_LE = block(0x0a0d0d0a, '4d3c2b1a 0100 0000 ffffffffffffffff', true);
const ETHERNET = block(1, '0001 0000 00000000');

/** Time of an enhanced packet block under the given if_tsresol and if_tsoffset options. */
function timeUnder(options: string, time: string): [number, number] {
  const description = block(1, `0001 0000 00000000 ${options}`);
  const { frames } = readAll(hex(SECTION_BE + description + block(6, `00000000 ${time} 00000001 00000001 ee`)));
  return [frames[0]!.seconds, frames[0]!.nanoseconds];
}

describe('pcapng', () => {
  it('has enhanced, simple and obsolete packet blocks among others', () => {
    const { frames } = readAll(
      hex(
        SECTION_BE +
          ETHERNET +
          block(6, '00000000 00000000 001e8481 00000002 00000005 aabb') +
          block(5, '00000000 00000000 00000000') +
          block(0x40000bad, '00000001 01020304') +
          block(0x77, '') +
          block(3, '00000003 a1a2a3') +
          block(2, '0000 0009 00000000 00000007 00000001 00000004 ee'),
      ),
    );
    expect(frames).toEqual([
      { seconds: 2, nanoseconds: 1000, length: 5, linkType: 1, bytes: [0xaa, 0xbb] },
      { seconds: 0, nanoseconds: 0, length: 3, linkType: 1, bytes: [0xa1, 0xa2, 0xa3] },
      { seconds: 0, nanoseconds: 7000, length: 4, linkType: 1, bytes: [0xee] },
    ]);
  });

  it.each([
    ['without options', '', Heading.UNKNOWN],
    ['inbound', '0002 0004 00000001', Heading.IN],
    ['outbound, behind a comment', '0001 0003 61626300 0002 0004 00000002 0000 0000', Heading.OUT],
    ['neither', '0002 0004 00000004', Heading.UNKNOWN],
    ['behind the end of the options', '0000 0000 0002 0004 00000001', Heading.UNKNOWN],
    ['in an option that is cut off', '0002 0008 00000001', Heading.UNKNOWN],
  ])('says which way a packet went: %s', (_, options, heading) => {
    const reader = openCapture();
    reader.push(
      hex(SECTION_BE + ETHERNET + block(6, `00000000 00000000 00000001 00000001 00000001 ee000000 ${options}`)),
    );
    reader.finish();
    const frame = new Frame();
    expect([reader.next(frame), frame.heading]).toEqual([true, heading]);
  });

  it('knows the interface of a packet: its name and its MAC address', () => {
    const described = block(1, '0001 0000 00000000 0002 0004 77616e30 0006 0006 020000000001 0000 0000 0000');
    const reader = openCapture();
    reader.push(hex(SECTION_BE + described + block(6, '00000000 00000000 00000001 00000001 00000001 ee')));
    reader.finish();
    const frame = new Frame();
    reader.next(frame);
    expect(frame.interface).toMatchObject({ name: 'wan0', mac: Uint8Array.of(2, 0, 0, 0, 0, 1) });
  });

  it('cuts simple packets at the snap length of the first interface', () => {
    const { frames } = readAll(hex(SECTION_BE + block(1, '0001 0000 00000002') + block(3, '00000009 a1a2')));
    expect(frames[0]).toMatchObject({ length: 9, bytes: [0xa1, 0xa2] });
  });

  it('numbers the interfaces of each section from zero, in its own byte order', () => {
    const { frames, reader } = readAll(
      hex(
        SECTION_BE +
          block(1, '0001 0000 00000000 0002 0003 6c616e00 00000000') +
          block(1, '0065 0000 00000000') +
          block(6, '00000001 00000000 00000000 00000001 00000001 11') +
          SECTION_LE +
          block(1, '7100 0000 00000000', true) +
          block(6, '00000000 00000000 01000000 01000000 01000000 22', true),
      ),
    );
    expect(frames.map((frame) => [frame.linkType, frame.nanoseconds, frame.bytes[0]])).toEqual([
      [101, 0, 0x11],
      [113, 1000, 0x22],
    ]);
    expect(reader.interfaces.map((each) => [each.linkType, each.name])).toEqual([
      [1, 'lan'],
      [101, ''],
      [113, ''],
    ]);
  });

  it.each([
    ['microseconds without an option', '', '00060a24 181e4000', [1700000000, 0]],
    ['nanoseconds', '0009 0001 09000000', '17979cfe 3d85cd15', [1700000000, 123456789]],
    ['milliseconds', '0009 0001 03000000', '0000018b cfe5687f', [1700000000, 127000000]],
    ['whole seconds', '0009 0001 00000000', '00000001 00000000', [4294967296, 0]],
    ['the largest count of nanoseconds', '0009 0001 09000000', 'ffffffff ffffffff', [18446744073, 709551615]],
    ['picoseconds', '0009 0001 0c000000', '00000000 000f4241', [0, 1000]],
    ['2⁻³² seconds', '0009 0001 a0000000', '00000005 80000000', [5, 500000000]],
    ['units finer than the count reaches', '0009 0001 7f000000', 'ffffffff ffffffff', [0, 0]],
    ['an offset', '000e 0008 ffffffffffffffff', '00000000 001e8481', [1, 1000]],
  ])('has times in %s', (_, options, time, expected) => {
    expect(timeUnder(options, time)).toEqual(expected);
  });

  it.each([
    ['a block that is not a section header first', ETHERNET, 0, /expected a capture/],
    ['an unknown byte order', block(0x0a0d0d0a, '1a2b3c4e 0001 0000 ffffffffffffffff'), 8, /byte-order magic/],
    ['version 0.1', block(0x0a0d0d0a, '1a2b3c4d 0000 0001 ffffffffffffffff'), 12, /version 0\.1/],
    ['a length that is no multiple of four', `${SECTION_BE}00000005 0000000e`, 32, /block length 14/],
    ['a length too short for the block', `${SECTION_BE}00000006 0000001c 0000`, 32, /at least 32/],
    ['different lengths at both ends', `${SECTION_BE}00000005 0000000c 00000010`, 36, /trailing block length 16/],
    ['an interface nobody described', SECTION_BE + block(6, `00000000${'0'.repeat(32)}`), 36, /interface 0/],
    ['a simple packet without an interface', SECTION_BE + block(3, '00000000'), 28, /before it/],
    [
      'more captured than the block holds',
      SECTION_BE + ETHERNET + block(6, `${'0'.repeat(24)} 00000005 00000005 aabbccdd`),
      68,
      /captured length 5/,
    ],
    [
      'an option longer than its block',
      SECTION_BE + block(1, '0001 0000 00000000 0002 0009 00000000'),
      46,
      /option length 9/,
    ],
  ])('is refused for %s', (_, file, offset, message) => {
    const error = failure(hex(`${file}00000000`));
    expect(error.message).toMatch(message);
    expect(error.offset).toBe(offset);
  });

  it('block longer than the limit is refused before it is there', () => {
    const error = failure(hex(`${SECTION_BE}00000006 ${(MAX_BLOCK + 4).toString(16).padStart(8, '0')} 00000000`));
    expect(error).toBeInstanceOf(LimitError);
    expect(error.offset).toBe(32);
  });
});

describe('what the writers write, the readers read', () => {
  const frames = [
    { seconds: 1700000000, nanoseconds: 123456789, length: 60, linkType: 1, bytes: [1, 2, 3, 4, 5] },
    { seconds: 1700000001, nanoseconds: 999999000, length: 3, linkType: 1, bytes: [6, 7, 8] },
    { seconds: 4294967295, nanoseconds: 0, length: 70000, linkType: 1, bytes: new Array(70000).fill(9) },
  ];

  function write(
    make: (sink: (chunk: Uint8Array) => void) => { write(frame: Frame): void; finish(): void },
  ): Uint8Array {
    const chunks: Uint8Array[] = [];
    const writer = make((chunk) => chunks.push(chunk));
    for (const { bytes, ...rest } of frames) {
      writer.write(
        Object.assign(new Frame(), rest, { data: Uint8Array.from([0, ...bytes, 0]), at: 1, end: 1 + bytes.length }),
      );
    }
    writer.finish();
    return Buffer.concat(chunks);
  }

  it.each([1, 2, 3, 7, 64, 1 << 20])('in chunks of %i bytes', (step) => {
    const pcap = write((sink) => new PcapWriter({ linkType: 1 }, sink));
    expect(readAll(pcap, step).frames).toEqual(frames);
    const described = { linkType: 1, snapLength: 65535, name: 'eth0' };
    const pcapng = write((sink) => new PcapngWriter([described], sink));
    const { frames: read, reader } = readAll(pcapng, step);
    expect(read).toEqual(frames);
    expect(reader.interfaces).toMatchObject([described]);
    expect(reader.offset).toBe(pcapng.length);
  });

  it('in microseconds, without the rest', () => {
    const pcap = write((sink) => new PcapWriter({ linkType: 1, unit: 'us' }, sink));
    expect(readAll(pcap).frames.map((frame) => frame.nanoseconds)).toEqual([123456000, 999999000, 0]);
  });

  it.each([
    ['pcap', (sink: (chunk: Uint8Array) => void) => new PcapWriter({ linkType: 1 }, sink), 0xffffffff],
    [
      'pcapng',
      (sink: (chunk: Uint8Array) => void) => new PcapngWriter([{ linkType: 1, snapLength: 0, name: '' }], sink),
      18_446_744_072,
    ],
  ] as const)('with the nearest time that %s holds, and says of how many packets', (_, make, last) => {
    const chunks: Uint8Array[] = [];
    const writer = make((chunk) => chunks.push(chunk));
    const times = [-1, 0, last, last + 1];
    for (const seconds of times) {
      writer.write(
        Object.assign(new Frame(), { linkType: 1, seconds, nanoseconds: 7, data: Uint8Array.of(1), end: 1 }),
      );
    }
    writer.finish();
    const read = readAll(Buffer.concat(chunks)).frames.map(({ seconds, nanoseconds }) => [seconds, nanoseconds]);
    expect(read).toEqual([
      [0, 0],
      [0, 7],
      [last, 7],
      [last, 0],
    ]);
    expect(writer.moved).toBe(2);
  });

  it('but one pcap holds one link type only', () => {
    const writer = new PcapWriter({ linkType: 101 }, () => {});
    expect(() => writer.write(Object.assign(new Frame(), { linkType: 1 }))).toThrow(FormatError);
  });
});

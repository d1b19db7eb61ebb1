import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormatError, LimitError } from '../errors.ts';
import { type CaptureReader, Frame, MAX_SECTIONS, openCapture, PcapWriter } from './index.ts';

interface Seen {
  readonly record: number;
  readonly linkType: number;
  readonly length: number;
  readonly time: readonly [number, number];
  readonly bytes: string;
}

function drain(reader: CaptureReader): Seen[] {
  const seen: Seen[] = [];
  for (const frame = new Frame(); reader.next(frame); ) {
    const { linkType, length, seconds, nanoseconds } = frame;
    const bytes = Buffer.from(frame.data.subarray(frame.at, frame.end)).toString('hex');
    seen.push({ record: reader.record, linkType, length, time: [seconds, nanoseconds], bytes });
  }
  return seen;
}

function readAll(file: Uint8Array): { reader: CaptureReader; seen: Seen[] } {
  const reader = openCapture();
  reader.push(file);
  reader.finish();
  return { reader, seen: drain(reader) };
}

/** Each part as blocks of pcapng in one byte order. */
interface Part {
  readonly kind: 'section' | 'interface' | 'enhanced' | 'simple' | 'packet' | 'other';
  readonly little: boolean;
  readonly value: number;
}

const TYPES = { section: 0x0a0d0d0a, interface: 1, packet: 2, simple: 3, other: 0x77, enhanced: 6 } as const;

/** A pcapng file. Packets choose among the interfaces that their section has so far; before there is one, there are none. */
function pcapngOf(parts: readonly Part[]): Uint8Array {
  const blocks: Buffer[] = [];
  let little = false;
  let interfaces = 0;
  const add = (type: number, words: readonly (number | Buffer)[]): void => {
    const u32 = (value: number): Buffer => {
      const bytes = Buffer.alloc(4);
      if (little) bytes.writeUInt32LE(value);
      else bytes.writeUInt32BE(value);
      return bytes;
    };
    const body = Buffer.concat(words.map((one) => (typeof one === 'number' ? u32(one) : one)));
    const size = 12 + body.length;
    blocks.push(u32(type), u32(size), body, u32(size));
  };
  const u16s = (...values: number[]): Buffer =>
    Buffer.concat(values.map((value) => Buffer.from(little ? [value & 255, value >> 8] : [value >> 8, value & 255])));
  for (const { kind, value, ...part } of [{ kind: 'section', little: false, value: 0 } as const, ...parts]) {
    const data = Buffer.alloc(8, value);
    switch (kind) {
      case 'section':
        little = part.little;
        interfaces = 0;
        add(TYPES.section, [0x1a2b3c4d, u16s(1, 0), 0xffffffff, 0xffffffff]);
        break;
      case 'interface':
        // Link type and resolution of times are those of `value`.
        add(TYPES.interface, [u16s(1 + value, 0), 0, u16s(9, 1), Buffer.from([value % 10, 0, 0, 0])]);
        interfaces++;
        break;
      case 'other':
        add(TYPES.other, [data]);
        break;
      default: {
        if (interfaces === 0) break;
        const on = value % interfaces;
        if (kind === 'simple') add(TYPES.simple, [8, data]);
        else add(TYPES[kind], [kind === 'packet' ? u16s(on, 0) : on, 0, value, 8, 60 + value, data]);
      }
    }
  }
  return new Uint8Array(Buffer.concat(blocks));
}

const part: fc.Arbitrary<Part> = fc.record({
  kind: fc.constantFrom('section', 'interface', 'interface', 'enhanced', 'enhanced', 'simple', 'packet', 'other'),
  little: fc.boolean(),
  value: fc.integer({ min: 0, max: 200 }),
});

function pcapOf(lengths: readonly number[]): Uint8Array {
  const chunks: Uint8Array[] = [];
  const writer = new PcapWriter({ linkType: 1 }, (chunk) => chunks.push(chunk.slice()));
  for (const [i, length] of lengths.entries()) {
    const data = new Uint8Array(length).fill(i);
    writer.write(Object.assign(new Frame(), { data, end: length, length, linkType: 1, seconds: i, nanoseconds: i }));
  }
  writer.finish();
  return new Uint8Array(Buffer.concat(chunks));
}

const file = fc.oneof(
  fc.array(part, { maxLength: 40 }).map(pcapngOf),
  fc.array(fc.integer({ min: 0, max: 90 }), { maxLength: 20 }).map(pcapOf),
);

describe('seek()', () => {
  it('goes on at any record as if all before had just been read', () => {
    fc.assert(
      fc.property(file, fc.array(fc.nat(), { maxLength: 8 }), fc.integer({ min: 1, max: 64 }), (bytes, order, step) => {
        const { reader, seen } = readAll(bytes);
        const interfaces = [...reader.interfaces];
        for (const [i, { record }] of [...order.map((n) => n % (seen.length || 1)), ...seen.keys()].flatMap((n) =>
          seen[n] === undefined ? [] : [[n, seen[n]] as const],
        )) {
          reader.seek(record);
          const rest: Seen[] = [];
          for (let at = record; at < bytes.length; at += step) {
            reader.push(bytes.subarray(at, at + step));
            rest.push(...drain(reader));
          }
          reader.finish();
          rest.push(...drain(reader));
          expect(rest).toEqual(seen.slice(i));
        }
        expect(reader.interfaces).toEqual(interfaces);
        expect(reader.cut).toBeNull();
      }),
    );
  });

  it('comes to an end, or a FormatError, wherever it is sent', () => {
    fc.assert(
      fc.property(file, (bytes) => {
        const { reader } = readAll(bytes);
        for (let offset = -1; offset <= bytes.length + 4; offset++) {
          try {
            reader.seek(offset);
            reader.push(bytes.subarray(offset));
            reader.finish();
            expect(drain(reader).length).toBeLessThanOrEqual(bytes.length);
          } catch (error) {
            expect(error).toBeInstanceOf(FormatError);
          }
        }
      }),
      { numRuns: 20 },
    );
  });

  const FIRST = pcapngOf([
    { kind: 'interface', little: false, value: 0 },
    { kind: 'enhanced', little: false, value: 1 },
  ]);

  it.each([
    ['before the first record', 0],
    ['a fraction', 60.5],
    ['no number', Number.NaN],
    ['not where blocks begin', 61],
    ['behind what was read', FIRST.length + 4],
    ['a block that is no packet', 28],
  ])('is refused: %s', (_, offset) => {
    const { reader } = readAll(FIRST);
    expect(() => {
      reader.seek(offset);
      reader.push(FIRST.subarray(offset));
      reader.next(new Frame());
    }).toThrow(FormatError);
  });

  it.each([
    ['pcap', pcapOf([60])],
    ['pcapng', FIRST],
  ])('wants the start of a %s read first', (_, bytes) => {
    const reader = openCapture();
    expect(() => reader.seek(60)).toThrow(FormatError);
    reader.push(bytes.subarray(0, 4));
    expect(() => reader.seek(60)).toThrow(FormatError);
  });

  it('reads a slice of a pcap of which only the first 24 bytes were seen', () => {
    const bytes = pcapOf([60, 70, 80]);
    const { seen } = readAll(bytes);
    const reader = openCapture();
    reader.push(bytes.subarray(0, 24));
    reader.next(new Frame());
    reader.seek(seen[2]?.record ?? 0);
    reader.push(bytes.subarray(seen[2]?.record));
    expect(drain(reader)).toEqual([seen[2]]);
  });

  it("counts no interface of the next section among a section's own", () => {
    const bytes = pcapngOf([
      { kind: 'interface', little: false, value: 100 },
      { kind: 'enhanced', little: false, value: 1 },
      { kind: 'section', little: false, value: 0 },
      { kind: 'interface', little: false, value: 0 },
    ]);
    const { reader, seen } = readAll(bytes);
    expect(reader.layout).not.toBeNull();
    reader.seek(seen[0]?.record ?? 0);
    expect(reader.layout).toBeNull();
  });

  it('remembers so many sections, and reads on behind them', () => {
    const one = [
      { kind: 'section', little: true, value: 0 },
      { kind: 'interface', little: true, value: 5 },
    ] as const;
    const last = { kind: 'enhanced', little: true, value: 1 } as const;
    const { reader, seen } = readAll(pcapngOf([...Array.from({ length: MAX_SECTIONS }, () => one[0]), one[1], last]));
    expect(seen).toHaveLength(1);
    expect(() => reader.seek(seen[0]?.record ?? 0)).toThrow(LimitError);
  });
});

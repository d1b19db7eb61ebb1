import { describe, expect, it } from 'vitest';
import { Frame, findRecord, PcapngWriter, PcapWriter } from './index.ts';

const FRAMES = 80;

/** A capture of frames between 60 and 139 bytes, and where its records begin. */
function capture(format: 'pcap' | 'pcapng'): { file: Uint8Array; records: number[] } {
  const chunks: number[] = [];
  const sink = (chunk: Uint8Array): void => void chunks.push(...chunk);
  const writer =
    format === 'pcap'
      ? new PcapWriter({ linkType: 1, unit: 'us' }, sink)
      : new PcapngWriter([{ linkType: 1, snapLength: 0, name: '' }], sink);
  const frame = Object.assign(new Frame(), { linkType: 1, seconds: 1_700_000_000 });
  const sizes = Array.from({ length: FRAMES }, (_, i) => 60 + i);
  for (const size of sizes) {
    // Zeros are what looks like anything: a frame of them must not be taken for a record.
    Object.assign(frame, { data: new Uint8Array(size), at: 0, end: size, length: size });
    writer.write(frame);
  }
  writer.finish();
  const recordSize = (size: number): number => (format === 'pcap' ? 16 + size : 32 + Math.ceil(size / 4) * 4);
  const records: number[] = [];
  let at = chunks.length;
  for (const size of sizes.toReversed()) {
    at -= recordSize(size);
    records.unshift(at);
  }
  return { file: Uint8Array.from(chunks), records };
}

describe.each(['pcap', 'pcapng'] as const)('the boundary of a record in %s', (format) => {
  const { file, records } = capture(format);

  it('is found from the middle of a record before', () => {
    const [, second = 0, third = 0] = records;
    for (let from = second + 4; from <= third; from += 4) {
      expect(from + findRecord(file.subarray(from), { format, little: true })).toBe(third);
    }
  });

  it('is nowhere where there are too few records, or in the other byte order', () => {
    expect(findRecord(file.subarray(records.at(-20)), { format, little: true })).toBe(-1);
    expect(findRecord(file, { format, little: false })).toBe(-1);
    expect(findRecord(new Uint8Array(4096), { format, little: true })).toBe(-1);
  });
});

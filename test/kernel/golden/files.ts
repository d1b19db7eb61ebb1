import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Frame, PcapWriter } from '../../../src/capture/index.ts';
import type { Era } from '../../../src/era.ts';
import type { SentFrame } from '../classify.ts';
import type { RunningKernel } from '../harness.ts';

/** What all families are recorded from. */
export interface Session {
  readonly k: RunningKernel;
  readonly era: Era;
  /** The frames of classify, hash and chain, by the number that records know them by. */
  readonly frames: readonly SentFrame[];
}

/** A family as it is written: its files, and what in them is not the kernel's. */
export interface Family {
  readonly name: string;
  readonly computed?: string;
  readonly files: Readonly<Record<string, string | Uint8Array>>;
}

/** One JSON object a line. */
export const lines = (rows: readonly object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
export const json = (value: object): string => `${JSON.stringify(value, null, 1)}\n`;

const FIRST_SECOND = 1700000000;

/** Ethernet frames; `length` is what each had on the wire, where that was more. */
export function pcap(frames: readonly { readonly bytes: Uint8Array; readonly length?: number }[]): Uint8Array {
  const chunks: Uint8Array[] = [];
  const writer = new PcapWriter({ linkType: 1, unit: 'us' }, (chunk) => chunks.push(chunk));
  for (const [i, { bytes, length }] of frames.entries()) {
    const frame = new Frame();
    Object.assign(frame, { data: bytes, end: bytes.length, length: length ?? bytes.length, linkType: 1 });
    writer.write(Object.assign(frame, { seconds: FIRST_SECOND + i }));
  }
  writer.finish();
  return Buffer.concat(chunks);
}

export function writeFamily(directory: string, { name, files }: Family): void {
  mkdirSync(path.join(directory, name), { recursive: true });
  for (const [file, content] of Object.entries(files)) writeFileSync(path.join(directory, name, file), content);
}

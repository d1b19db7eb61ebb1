import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { Frame, openCapture } from '../../src/capture/index.ts';
import type { Trial } from './generate.ts';

/** From test/fuzz, built or not. */
const ROOT = new URL(import.meta.url.endsWith('.js') ? '../../../' : '../../', import.meta.url);

export function projectPath(path: string): string {
  return fileURLToPath(new URL(path, ROOT));
}

export function projectFile(path: string): Buffer {
  const bytes = readFileSync(projectPath(path));
  return path.endsWith('.gz') ? gunzipSync(bytes) : bytes;
}

/** The project's own captures. */
export const OWN_CAPTURES = ['examples/household.pcapng', 'test/golden/records/classify/packets.pcap.gz'] as const;

/** Every `every`-th frame of the project's own captures. */
export function ownFrames(every = 1): Trial[] {
  return OWN_CAPTURES.flatMap((path) => framesOf(projectFile(path))).filter((_, index) => index % every === 0);
}

export function framesOf(capture: Uint8Array): Trial[] {
  const reader = openCapture();
  reader.push(capture);
  reader.finish();
  const frame = new Frame();
  const trials: Trial[] = [];
  while (reader.next(frame)) trials.push({ linkType: frame.linkType, bytes: frame.data.slice(frame.at, frame.end) });
  return trials;
}

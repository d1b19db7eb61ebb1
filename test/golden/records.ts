import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Frame, openCapture } from '../../src/capture/index.ts';
import { ERAS, type Era } from '../../src/era.ts';
import { eraOf } from '../kernel/era-of.ts';

/** A recorded file's bytes, plain or compressed; null where the directory has neither. */
export function readRecord(directory: string, name: string): Buffer | null {
  const plain = path.join(directory, name);
  if (existsSync(plain)) return readFileSync(plain);
  return existsSync(`${plain}.gz`) ? gunzipSync(readFileSync(`${plain}.gz`)) : null;
}

function required(directory: string, name: string): Buffer {
  const bytes = readRecord(directory, name);
  if (bytes === null) throw new Error(`${path.join(directory, name)} is missing`);
  return bytes;
}

/** One JSON object a line. The recorder's own shapes: `T` is what the caller knows of them. */
export function readLines<T>(directory: string, name: string): T[] {
  return required(directory, name)
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);
}

export function readJson<T>(directory: string, name: string): T {
  return JSON.parse(required(directory, name).toString('utf8')) as T;
}

/** The era of the kernel that a family's provenance names; records without one are of the default. */
export function readEra(directory: string): Era {
  if (readRecord(directory, 'provenance.json') === null) return ERAS['6.1'];
  return eraOf(readJson<{ kernel: { version: string } }>(directory, 'provenance.json').kernel.version);
}

/** Every frame's bytes, in order. */
export function readFramesOf(directory: string, name: string): Uint8Array[] {
  const reader = openCapture();
  reader.push(required(directory, name));
  reader.finish();
  const frame = new Frame();
  const frames: Uint8Array[] = [];
  while (reader.next(frame)) frames.push(frame.data.slice(frame.at, frame.end));
  return frames;
}

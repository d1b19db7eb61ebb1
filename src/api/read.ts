import { type CaptureReader, eachFrame, type Frame, type Unpackers } from '../capture/index.ts';
import { FormatError } from '../errors.ts';
import type { Replaying } from '../replay/index.ts';
import type { CaptureProblem } from '../report/index.ts';
import { Head, type InputDigest } from './digest.ts';
import type { Besides } from './settle.ts';
import { type CaptureSource, type Source, SourceError, sourcesOf } from './source.ts';
import { turn } from './turn.ts';

/** As far as a call uses an AbortSignal. */
export interface Signal {
  readonly aborted: boolean;
  addEventListener?(type: 'abort', listener: () => void, options?: { readonly once?: boolean }): void;
  removeEventListener?(type: 'abort', listener: () => void): void;
}

/** How far a call has come. */
export interface Progress {
  /** The capture that is being read. */
  readonly name: string;
  /** Bytes of it so far, and in all; null: nobody knows. */
  readonly read: number;
  readonly total: number | null;
  /** Of all captures. */
  readonly packets: number;
}

/** What all calls that read captures take besides the question. */
export interface ReadOptions extends Pick<Besides, 'tables' | 'script' | 'note' | 'engine' | 'shell' | 'sample'> {
  /** Ends the call: it throws a CancelledError. */
  readonly signal?: Signal;
  /** Called about four times a MiB. */
  readonly progress?: ((reached: Progress) => void) | undefined;
  /** Called once for each thing that is worth knowing and stopped nothing: a capture that is cut off. */
  warn?(name: string, message: string): void;
  /** Called once for each capture that could not be read to its end; what came before is in the result. */
  failed?(problem: CaptureProblem): void;
  /** Decompression of gzip and zstd: UNPACKERS of `cls-flow/node`, or others. Without it they are refused. */
  readonly unpackers?: Unpackers;
}

/** The call was cancelled by its signal. */
export class CancelledError extends Error {
  override readonly name = 'CancelledError';
  constructor() {
    super('cancelled');
  }
}

/** How reading the captures ended. */
export interface Reading {
  readonly errors: readonly CaptureProblem[];
  /** A capture ends in the middle of a record. */
  readonly cut: boolean;
  readonly inputs: readonly InputDigest[];
}

/** Who takes packets, and how many there were. */
export interface PacketTaker {
  readonly packets: () => number;
  readonly room?: Uint8Array | undefined;
  readonly replay?: Replaying | null;
  /** All that the reader of the named capture has; false: no more is wanted. */
  take(reader: CaptureReader, name: string): boolean;
}

/**
 * Has captures taken one after the other. A broken one is reported and the next goes on; what was read of it counts. A
 * taker that answers false ends the reading of all.
 */
export async function readSources(source: Source, taker: PacketTaker, options: ReadOptions = {}): Promise<Reading> {
  const errors: CaptureProblem[] = [];
  const inputs: InputDigest[] = [];
  let cut = false;
  let isWanted = true;
  for (const one of sourcesOf(source, options.unpackers ?? null)) {
    const head = new Head();
    const end = await readOne(one, options, taker, head, (wanted) => {
      isWanted = wanted;
    });
    inputs.push(head.of(one.name));
    if ('message' in end) {
      errors.push(end);
      options.failed?.(end);
    } else {
      cut ||= end.cut;
      for (const warning of end.warnings) options.warn?.(one.name, warning);
    }
    if (!isWanted) break;
  }
  return { errors, cut, inputs };
}

async function readOne(
  source: CaptureSource,
  { signal, progress }: ReadOptions,
  { take, packets, room, replay = null }: PacketTaker,
  head: Head,
  onTaken: (isWanted: boolean) => void,
): Promise<CaptureProblem | { readonly warnings: readonly string[]; readonly cut: boolean }> {
  const { name } = source;
  try {
    const reading = source.read({
      room,
      replay,
      turn: signal === undefined ? null : turn,
      take(reader, read, total) {
        if (signal?.aborted) throw new CancelledError();
        head.add(reader);
        const isWanted = take(reader, name);
        onTaken(isWanted);
        progress?.({ name, read, total, packets: packets() });
        return isWanted;
      },
    });
    return await untilAborted(reading, signal);
  } catch (error) {
    if (error instanceof FormatError) return { file: name, offset: error.offset, message: error.message };
    if (error instanceof SourceError) return { file: name, offset: null, message: error.message };
    throw error;
  }
}

/** What `reading` comes to, or a CancelledError as soon as the signal says so: a source may keep us waiting for ever. */
async function untilAborted<T>(reading: Promise<T>, signal: Signal | undefined): Promise<T> {
  if (signal?.addEventListener === undefined) return reading;
  let cancel = (): void => {};
  const cancelled = new Promise<never>((_, reject) => {
    cancel = () => reject(new CancelledError());
  });
  signal.addEventListener('abort', cancel, { once: true });
  // Nobody waits for it once the call was cancelled.
  reading.catch(() => undefined);
  cancelled.catch(() => undefined);
  try {
    return await Promise.race([reading, cancelled]);
  } finally {
    signal.removeEventListener?.('abort', cancel);
  }
}

/** Takes packets one by one, in the same Frame, with the name of their capture; `onFrame` answers false to stop. */
export const frameTaker = (packets: () => number, onFrame: (frame: Frame, name: string) => unknown): PacketTaker => ({
  packets,
  take: (reader, name) => eachFrame((frame) => onFrame(frame, name))(reader),
});

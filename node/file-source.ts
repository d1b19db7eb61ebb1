import { type CaptureSource, type CaptureTaker, endOfCapture, type SourceEnd, SourceError } from '../src/api/index.ts';
import type { Replaying } from '../src/replay/index.ts';
import { CaptureFile, type Split } from './files.ts';
import { errorCode } from './system.ts';
import { readingText } from './system-errors.ts';

/** Has other threads take the later parts of a plain file; null: there are none. */
export type Splitter = (file: CaptureFile, replay: Replaying) => Split | null;

/** A capture file for the calls of the library: pcap or pcapng, plain, gzip or zstd; `-` is standard input. */
export class FileSource implements CaptureSource {
  readonly name: string;
  private readonly splitter: Splitter | null;

  constructor(path: string, splitter: Splitter | null = null) {
    this.name = path;
    this.splitter = splitter;
  }

  async read({ room, replay, take }: CaptureTaker): Promise<SourceEnd> {
    const { name, splitter } = this;
    const split = replay === null || splitter === null ? undefined : (file: CaptureFile) => splitter(file, replay);
    const file = new CaptureFile(name, { room, split });
    try {
      await file.take((reader) => take(reader, file.read, file.total));
      return endOfCapture(file.warnings, file.cut);
    } catch (error) {
      throw errorCode(error) === null ? error : new SourceError(readingText(error as Error), { cause: error });
    }
  }
}

/**
 * A capture file as a source for the calls of the library.
 *
 * @param path pcap or pcapng, plain, gzip or zstd; `-` is standard input
 * @example
 * const { classes } = await classify(openFile('capture.pcapng.gz'), { filters: ['hash keys src divisor 16'] });
 */
export function openFile(path: string): CaptureSource {
  return new FileSource(path);
}

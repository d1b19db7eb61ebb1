import { statSync } from 'node:fs';
import { type Options, type Params, SingleBar } from 'cli-progress';
import { counted } from '../../src/lang/index.ts';
import type { CaptureFile } from '../files.ts';

const MIB = 1 << 20;
const PER_SECOND = 5;
const BAR_WIDTH = 24;
/** Nothing is shown for what is done sooner. */
const PATIENCE_MS = 500;

interface Reached {
  readonly packets: number;
  readonly seconds: number;
  /** Bytes of all captures; null: nobody knows. */
  readonly total: number | null;
}

/** What somebody at a terminal sees while captures are read. */
export interface Shown {
  update(file: CaptureFile): void;
  /** Takes it off the screen. */
  stop(): void;
}

/** Progress on a terminal's standard error, with rate and time left. */
class Progress implements Shown {
  private readonly started = performance.now();
  private readonly total: number | null;
  private readonly packets: () => number;
  private bar: SingleBar | null = null;
  private current: CaptureFile | null = null;
  /** Bytes of the files before the current one. */
  private before = 0;

  constructor(total: number | null, packets: () => number) {
    this.total = total;
    this.packets = packets;
  }

  update(file: CaptureFile): void {
    if (this.current !== null && this.current !== file) this.before += this.current.read;
    this.current = file;
    const elapsed = performance.now() - this.started;
    if (elapsed < PATIENCE_MS) return;
    const state: Reached = { packets: this.packets(), seconds: elapsed / 1000, total: this.total };
    const read = this.before + file.read;
    if (this.bar === null) this.bar = createBar(read, state);
    else this.bar.update(read, state);
  }

  /** Takes the line off the screen; the next update brings it back. */
  stop(): void {
    this.bar?.stop();
    this.bar = null;
  }
}

/** A progress line for these captures; `packets` tells how many were read. */
export function createProgress(paths: readonly string[], packets: () => number): Progress {
  return new Progress(totalSize(paths), packets);
}

function totalSize(paths: readonly string[]): number | null {
  const stats = paths.map((path) => statSync(path, { throwIfNoEntry: false }));
  if (stats.some((stat) => stat !== undefined && !stat.isFile()) || paths.includes('-')) return null;
  return stats.reduce((sum, stat) => sum + (stat?.size ?? 0), 0);
}

function createBar(read: number, state: Reached): SingleBar {
  const bar = new SingleBar({
    // Not a template: cli-progress writes odd estimates into those before it knows anything.
    format: (_: Options, { value }: Params, payload: Reached) => progressLine(value, payload),
    stream: process.stderr,
    clearOnComplete: true,
    gracefulExit: false,
    fps: PER_SECOND,
  });
  // The bar switches the terminal's line wrapping off.
  process.once('exit', () => bar.stop());
  bar.start(state.total ?? 1, read, state);
  return bar;
}

/** `[=====     ]  41%  12.3 MiB  4.1 MiB/s  123456 packets  3 s left` */
export function progressLine(read: number, { packets, seconds, total }: Reached): string {
  const rate = read / Math.max(seconds, 1e-3);
  const done = `${mib(read)}  ${mib(rate)}/s  ${counted(packets, 'packet')}`;
  if (total === null || total === 0) return done;
  const part = Math.min(1, read / total);
  const filled = Math.round(part * BAR_WIDTH);
  const bar = `[${'='.repeat(filled)}${' '.repeat(BAR_WIDTH - filled)}]`;
  const left = Math.ceil(Math.max(0, total - read) / Math.max(rate, 1));
  return `${bar} ${String(Math.floor(part * 100)).padStart(3)}%  ${done}  ${left} s left`;
}

const mib = (bytes: number): string => `${(bytes / MIB).toFixed(1)} MiB`;

import { statSync } from 'node:fs';
import { type Options, type Params, SingleBar } from 'cli-progress';
import type { Progress as ReachedIn } from '../../src/api/index.ts';
import { counted } from '../../src/lang/index.ts';

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
  update(reached: ReachedIn): void;
  /** Takes it off the screen. */
  stop(): void;
}

/** Progress on a terminal's standard error, with rate and time left. */
class Progress implements Shown {
  private readonly started = performance.now();
  private readonly total: number | null;
  private bar: SingleBar | null = null;
  private current = { name: '', read: 0 };
  /** Bytes of the files before the current one. */
  private before = 0;

  constructor(total: number | null) {
    this.total = total;
  }

  update({ name, read: own, packets }: ReachedIn): void {
    if (this.current.name !== name) this.before += this.current.read;
    this.current = { name, read: own };
    const elapsed = performance.now() - this.started;
    if (elapsed < PATIENCE_MS) return;
    const state: Reached = { packets, seconds: elapsed / 1000, total: this.total };
    const read = this.before + own;
    if (this.bar === null) this.bar = createBar(read, state);
    else this.bar.update(read, state);
  }

  /** Takes the line off the screen; the next update brings it back. */
  stop(): void {
    this.bar?.stop();
    this.bar = null;
  }
}

/** A progress line for these captures. */
export function createProgress(paths: readonly string[]): Progress {
  return new Progress(totalSize(paths));
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

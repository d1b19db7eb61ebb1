import type { Course } from './over-time.ts';

/** Seconds beyond which times are kept at the end: their thousandths are still exact numbers. */
const MOST_SECONDS = 2 ** 42;

/**
 * Packets and bytes by key, in steps of a fixed width from whole multiples of it since 1970. Only steps that hold something
 * are kept; `cells` says how many counts that are.
 */
export class EqualSteps<K> {
  /** Thousandths of a second. */
  readonly width: number;
  cells = 0;
  private first = Number.POSITIVE_INFINITY;
  private last = Number.NEGATIVE_INFINITY;
  private readonly steps = new Map<K, Map<number, { packets: number; bytes: number }>>();

  constructor(width: number) {
    this.width = width;
  }

  /** Counts a packet. Nanoseconds count upwards, also before 1970. */
  add(key: K, seconds: number, nanoseconds: number, bytes: number): void {
    const whole = Math.max(-MOST_SECONDS, Math.min(seconds, MOST_SECONDS));
    const step = Math.floor((whole * 1000 + Math.floor(nanoseconds / 1e6)) / this.width);
    const steps = this.steps.get(key) ?? new Map<number, { packets: number; bytes: number }>();
    this.steps.set(key, steps);
    const counts = steps.get(step);
    if (counts === undefined) {
      steps.set(step, { packets: 1, bytes });
      this.cells++;
      this.first = Math.min(this.first, step);
      this.last = Math.max(this.last, step);
    } else {
      counts.packets++;
      counts.bytes += bytes;
    }
  }

  /** Where the first step begins, in seconds since 1970; null: nothing was counted. */
  get began(): number | null {
    return this.length === 0 ? null : (this.first * this.width) / 1000;
  }

  /** Steps from the first that holds something to the last. */
  get length(): number {
    return this.last < this.first ? 0 : this.last - this.first + 1;
  }

  /** How many counts rows() makes. */
  get size(): number {
    return this.length * Math.max(1, this.steps.size);
  }

  /** Each key's steps, from the first to the last of all. */
  *rows(): Generator<readonly [K, Course]> {
    for (const [key, steps] of this.steps) {
      const of = (field: 'packets' | 'bytes'): number[] =>
        Array.from({ length: this.length }, (_, i) => steps.get(this.first + i)?.[field] ?? 0);
      yield [key, { packets: of('packets'), bytes: of('bytes') }];
    }
  }
}

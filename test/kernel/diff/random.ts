/** A stream of numbers that follows from its seed alone (splitmix32), and choices made with it. */
export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = seed | 0;
  }

  /** 0 … 2^32 - 1. */
  u32(): number {
    this.state = (this.state + 0x9e3779b9) | 0;
    let z = this.state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (z ^ (z >>> 15)) >>> 0;
  }

  /** 0 … below - 1. */
  below(below: number): number {
    return this.u32() % below;
  }

  /** True once in `every` times. */
  once(every: number): boolean {
    return this.below(every) === 0;
  }

  pick<T>(from: readonly T[]): T {
    const index = this.below(from.length);
    return from[index] as T;
  }

  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.u32() & 0xff));
  }

  /** A word of the kind that finds errors: small, a single bit, all ones, near a border, or anything. */
  word(): number {
    switch (this.below(6)) {
      case 0:
        return this.below(20);
      case 1:
        return (1 << this.below(32)) >>> 0;
      case 2:
        return ((1 << this.below(32)) - 1) >>> 0;
      case 3:
        return -this.below(20) >>> 0;
      default:
        return this.u32();
    }
  }
}

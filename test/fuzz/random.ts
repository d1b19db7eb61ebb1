import { seededRandom } from '../../src/env.ts';

/** Numbers out of a stated seed: the same seed, the same run, on every machine. */
export class Random {
  private readonly draw: (stream: number, step: number) => number;
  private step = 0;

  constructor(seed: number) {
    this.draw = seededRandom(seed);
  }

  /** 32 random bits, unsigned. */
  word(): number {
    return this.draw(0, this.step++) >>> 0;
  }

  /** 0 … limit - 1. */
  below(limit: number): number {
    return this.word() % limit;
  }

  oneIn(count: number): boolean {
    return this.below(count) === 0;
  }

  pick<T>(choices: readonly T[]): T {
    const choice = choices[this.below(choices.length)];
    if (choice === undefined) throw new RangeError('nothing to pick from');
    return choice;
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.word() & 0xff);
  }
}

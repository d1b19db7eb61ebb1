const TWO_32 = 2 ** 32;

/**
 * SplitMix64 (Steele, Lea, Flood 2014) in two 32-bit halves: a BigInt takes ten times as long, and a workload draws
 * sixty million numbers. The last number drawn stands in `high` and `low`, unsigned.
 */
export class SplitMix64 {
  high = 0;
  low = 0;
  private stateHigh = 0;
  private stateLow: number;

  constructor(seed: number) {
    this.stateLow = seed;
  }

  draw(): void {
    const low = this.stateLow + 0x7f4a7c15;
    this.stateHigh = (this.stateHigh + 0x9e3779b9 + (low >= TWO_32 ? 1 : 0)) >>> 0;
    this.stateLow = low >>> 0;
    this.high = this.stateHigh;
    this.low = this.stateLow;
    this.shiftIn(30);
    this.multiply(0xbf58476d, 0x1ce4e5b9);
    this.shiftIn(27);
    this.multiply(0x94d049bb, 0x133111eb);
    this.shiftIn(31);
  }

  /** 0 … limit - 1, for limits of up to 2^20. */
  below(limit: number): number {
    this.draw();
    return ((this.high % limit) * (TWO_32 % limit) + (this.low % limit)) % limit;
  }

  /** 0 … 1, with 53 bits. */
  fraction(): number {
    this.draw();
    return (this.high * 2 ** 21 + (this.low >>> 11)) / 2 ** 53;
  }

  /** z ^= z >> count */
  private shiftIn(count: number): void {
    this.low = (this.low ^ ((this.low >>> count) | (this.high << (32 - count)))) >>> 0;
    this.high = (this.high ^ (this.high >>> count)) >>> 0;
  }

  /** The lower 64 bits of the product. */
  private multiply(high: number, low: number): void {
    const across = Math.imul(this.high, low) + Math.imul(this.low, high);
    this.high = (multiplyHigh(this.low, low) + across) >>> 0;
    this.low = Math.imul(this.low, low) >>> 0;
  }
}

/** The upper half of a product of two unsigned words: no step leaves the 53 bits of a number. */
function multiplyHigh(a: number, b: number): number {
  const [aLow, aHigh, bLow, bHigh] = [a & 0xffff, a >>> 16, b & 0xffff, b >>> 16];
  const across = aHigh * bLow + ((aLow * bLow) >>> 16);
  const rest = aLow * bHigh + (across & 0xffff);
  return aHigh * bHigh + (across >>> 16) + (rest >>> 16);
}

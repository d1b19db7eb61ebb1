import { bytes } from '../argument.ts';
import { le32, u8 } from '../u32.ts';

/** The five primes, upper and lower half (XXH64, doc/xxhash_spec.md). */
const P1_HIGH = 0x9e3779b1 | 0;
const P1_LOW = 0x85ebca87 | 0;
const P2_HIGH = 0xc2b2ae3d | 0;
const P2_LOW = 0x27d4eb4f;
const P1: Word64 = [P1_HIGH, P1_LOW];
const P2: Word64 = [P2_HIGH, P2_LOW];
const P3: Word64 = [0x165667b1, 0x9e3779f9];
const P4: Word64 = [0x85ebca77, 0xc2b2ae63];
const P5: Word64 = [0x27d4eb2f, 0x165667c5];

/** Upper and lower half of a 64-bit number. */
type Word64 = readonly [high: number, low: number];

const STRIPE = 32;
const LANE = 8;
const ROUND_BITS = 31;

/**
 * XXH64 with seed 0, of data that comes in pieces: zstd's content checksum is the lower half of it (RFC 8878, section
 * 3.1.1). Halves of 32 bits in an Int32Array: BigInt is far slower.
 */
export class Xxh64 {
  /** Four lanes, each its upper half and its lower. */
  private readonly lanes = new Int32Array(LANE);
  private readonly held = new Uint8Array(STRIPE);
  private holding = 0;
  private length = 0;

  constructor() {
    this.reset();
  }

  reset(): void {
    const start = [add(P1, P2), P2, [0, 0] as const, minus(P1)];
    this.lanes.set(start.flat());
    this.holding = 0;
    this.length = 0;
  }

  update(data: Uint8Array): void {
    bytes(data, 'data');
    this.length += data.length;
    let at = 0;
    if (this.holding > 0) {
      at = Math.min(STRIPE - this.holding, data.length);
      this.held.set(data.subarray(0, at), this.holding);
      this.holding += at;
      if (this.holding < STRIPE) return;
      stripes(this.lanes, this.held, 0, STRIPE);
    }
    const end = data.length - ((data.length - at) % STRIPE);
    stripes(this.lanes, data, at, end);
    this.held.set(data.subarray(end));
    this.holding = data.length - end;
  }

  /** The hash of what came so far. */
  digest(): Word64 {
    const { lanes, held, holding, length } = this;
    const lane = (i: number): Word64 => [lanes[2 * i] ?? 0, lanes[2 * i + 1] ?? 0];
    const four = [lane(0), lane(1), lane(2), lane(3)] as const;
    let hash: Word64 = P5;
    if (length >= STRIPE) {
      const [a, b, c, d] = four;
      hash = [rotated(a, 1), rotated(b, 7), rotated(c, 12), rotated(d, 18)].reduce(add);
      for (const each of four) hash = add(times(xor(hash, round([0, 0], each)), P1), P4);
    }
    hash = add(hash, [Math.floor(length / 2 ** 32), length | 0]);
    let at = 0;
    for (; at + 8 <= holding; at += 8) {
      const word: Word64 = [le32(held, at + 4), le32(held, at)];
      hash = add(times(rotated(xor(hash, round([0, 0], word)), 27), P1), P4);
    }
    if (at + 4 <= holding) {
      hash = add(times(rotated(xor(hash, times([0, le32(held, at)], P1)), 23), P2), P3);
      at += 4;
    }
    for (; at < holding; at++) hash = times(rotated(xor(hash, times([0, u8(held, at)], P5)), 11), P1);
    hash = times(xor(hash, shifted(hash, 33)), P2);
    hash = times(xor(hash, shifted(hash, 29)), P3);
    return xor(hash, shifted(hash, 32));
  }
}

/** Each lane takes eight bytes of a stripe: lane = rol(lane + word · P2, 31) · P1, written out as it is all the work. */
function stripes(lanes: Int32Array, data: Uint8Array, from: number, end: number): void {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  for (let lane = 0; lane < LANE; lane += 2) {
    let high = lanes[lane] ?? 0;
    let low = lanes[lane + 1] ?? 0;
    for (let at = from + 4 * lane; at < end; at += STRIPE) {
      const word = view.getInt32(at, true);
      const product = Math.imul(word, P2_LOW);
      const upper =
        (upperOf(word, P2_LOW) + Math.imul(word, P2_HIGH) + Math.imul(view.getInt32(at + 4, true), P2_LOW)) | 0;
      const sum = (low + product) | 0;
      high = (high + upper + (sum >>> 0 < product >>> 0 ? 1 : 0)) | 0;
      low = (sum << ROUND_BITS) | (high >>> 1);
      high = (high << ROUND_BITS) | (sum >>> 1);
      high = (upperOf(low, P1_LOW) + Math.imul(low, P1_HIGH) + Math.imul(high, P1_LOW)) | 0;
      low = Math.imul(low, P1_LOW);
    }
    lanes[lane] = high;
    lanes[lane + 1] = low;
  }
}

/** The upper half of a product of two halves, by parts of 16 bits. No sum here exceeds 32 bits. */
function upperOf(a: number, b: number): number {
  const middle = (Math.imul(a >>> 16, b & 0xffff) + (Math.imul(a & 0xffff, b & 0xffff) >>> 16)) | 0;
  const other = (Math.imul(a & 0xffff, b >>> 16) + (middle & 0xffff)) | 0;
  return (Math.imul(a >>> 16, b >>> 16) + (middle >>> 16) + (other >>> 16)) | 0;
}

const carry = (sum: number, part: number): number => (sum >>> 0 < part >>> 0 ? 1 : 0);

function round(lane: Word64, word: Word64): Word64 {
  return times(rotated(add(lane, times(word, P2)), ROUND_BITS), P1);
}

function add([aHigh, aLow]: Word64, [bHigh, bLow]: Word64): Word64 {
  const low = (aLow + bLow) | 0;
  return [(aHigh + bHigh + carry(low, aLow)) | 0, low];
}

const minus = ([high, low]: Word64): Word64 => add([~high, ~low], [0, 1]);
const xor = ([aHigh, aLow]: Word64, [bHigh, bLow]: Word64): Word64 => [aHigh ^ bHigh, aLow ^ bLow];

function times([aHigh, aLow]: Word64, [bHigh, bLow]: Word64): Word64 {
  return [(upperOf(aLow, bLow) + Math.imul(aHigh, bLow) + Math.imul(aLow, bHigh)) | 0, Math.imul(aLow, bLow)];
}

function rotated([high, low]: Word64, bits: number): Word64 {
  return [(high << bits) | (low >>> (32 - bits)), (low << bits) | (high >>> (32 - bits))];
}

/** To the right, by 29, 32 or 33. */
function shifted([high, low]: Word64, bits: number): Word64 {
  if (bits >= 32) return [0, high >>> (bits - 32)];
  return [high >>> bits, (low >>> bits) | (high << (32 - bits))];
}

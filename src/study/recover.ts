import { jhash2 } from '../hash/index.ts';

/** The values of a filter's keys for one packet, lowest key first, and the bucket (class minus base class) it fell into. */
export interface Sample {
  readonly keys: Int32Array;
  readonly bucket: number;
}

/**
 * All seeds from `first` to `first + count - 1` (unsigned) under which every sample falls into its bucket, as
 * net/sched/cls_flow.c: flow_classify() places it in hash mode. The loop counts int32: twice as slow with floats.
 * `left`, if given, gets for each sample the number of seeds that fit it and all before it. Only the first `most` are
 * returned: one sample alone fits a quarter of all seeds, which no array holds.
 */
export function searchSeeds(
  samples: readonly Sample[],
  divisor: number,
  first: number,
  count: number,
  left: number[] = [],
  most = Number.POSITIVE_INFINITY,
): number[] {
  const [head, ...rest] = samples;
  if (head === undefined) throw new RangeError('no samples');
  const scan = divisor > 1 && (divisor & (divisor - 1)) === 0 ? masked(head, divisor) : divided(head, divisor);
  const found: number[] = [];
  for (const sample of samples.keys()) left[sample] ??= 0;
  const tell = (seed: number): void => {
    left[0] = (left[0] ?? 0) + 1;
    for (const [i, { keys, bucket }] of rest.entries()) {
      if ((jhash2(keys, keys.length, seed) >>> 0) % divisor !== bucket) return;
      left[i + 1] = (left[i + 1] ?? 0) + 1;
    }
    if (found.length < most) found.push(seed >>> 0);
  };
  for (let done = 0; done < count; done += SLICE) {
    scan((first + done) | 0, Math.min(SLICE, count - done), tell);
  }
  return found;
}

/** Seeds tried between two looks at the clock, so that counters stay small integers. */
const SLICE = 1 << 20;

type Scan = (first: number, count: number, tell: (seed: number) => void) => void;

/** Powers of two need no division: for up to three keys only the last mix of jhash2() is run, written out. */
function masked({ keys, bucket }: Sample, divisor: number): Scan {
  if (keys.length > 3) return divided({ keys, bucket }, divisor);
  const mask = divisor - 1;
  const base = (0xdeadbeef + (keys.length << 2)) | 0;
  const ka = (base + (keys[0] ?? 0)) | 0;
  const kb = (base + (keys[1] ?? 0)) | 0;
  const kc = (base + (keys[2] ?? 0)) | 0;
  return (first, count, tell) => {
    let seed = first | 0;
    for (let left = count | 0; left > 0; left = (left - 1) | 0) {
      let a = (ka + seed) | 0;
      let b = (kb + seed) | 0;
      let c = (kc + seed) | 0;
      c = ((c ^ b) - ((b << 14) | (b >>> 18))) | 0;
      a = ((a ^ c) - ((c << 11) | (c >>> 21))) | 0;
      b = ((b ^ a) - ((a << 25) | (a >>> 7))) | 0;
      c = ((c ^ b) - ((b << 16) | (b >>> 16))) | 0;
      a = ((a ^ c) - ((c << 4) | (c >>> 28))) | 0;
      b = ((b ^ a) - ((a << 14) | (a >>> 18))) | 0;
      c = ((c ^ b) - ((b << 24) | (b >>> 8))) | 0;
      if ((c & mask) === bucket) tell(seed);
      seed = (seed + 1) | 0;
    }
  };
}

function divided({ keys, bucket }: Sample, divisor: number): Scan {
  return (first, count, tell) => {
    let seed = first | 0;
    for (let left = count | 0; left > 0; left = (left - 1) | 0) {
      if ((jhash2(keys, keys.length, seed) >>> 0) % divisor === bucket) tell(seed);
      seed = (seed + 1) | 0;
    }
  };
}

/** A 128-bit SipHash key as four 32-bit halves: k0 = k0hi:k0lo, k1 = k1hi:k1lo (siphash_key_t on a little-endian machine). */
export interface SipKey {
  readonly k0lo: number;
  readonly k0hi: number;
  readonly k1lo: number;
  readonly k1hi: number;
}

/**
 * lib/siphash.c: siphash() — SipHash-2-4 of `words` (little-endian 32-bit words, the last one zero-padded)
 * of which `length` bytes count. Returns the low 32 bits as an int32: the kernel keeps no more of it here.
 *
 * 64-bit halves in plain int32 variables: BigInt made the same loop 40 times slower.
 */
export function siphashLow(words: ArrayLike<number>, length: number, key: SipKey): number {
  let v0l = key.k0lo ^ 0x70736575;
  let v0h = key.k0hi ^ 0x736f6d65;
  let v1l = key.k1lo ^ 0x6e646f6d;
  let v1h = key.k1hi ^ 0x646f7261;
  let v2l = key.k0lo ^ 0x6e657261;
  let v2h = key.k0hi ^ 0x6c796765;
  let v3l = key.k1lo ^ 0x79746573;
  let v3h = key.k1hi ^ 0x74656462;
  const blocks = (length >>> 3) + 1;
  // One turn more than there are blocks: the last is the finalisation, with no message and four rounds.
  for (let block = 0; block <= blocks; block++) {
    const finish = block === blocks;
    let ml = 0;
    let mh = 0;
    if (finish) {
      v2l ^= 0xff;
    } else {
      const last = block === blocks - 1;
      const left = last ? length & 7 : 8;
      if (left > 0) ml = words[2 * block] ?? 0;
      if (left > 4) mh = words[2 * block + 1] ?? 0;
      if (last) mh |= length << 24;
    }
    v3l ^= ml;
    v3h ^= mh;
    for (let round = finish ? 4 : 2; round > 0; round--) {
      let low = (v0l + v1l) | 0;
      v0h = (v0h + v1h + carry(low, v1l)) | 0;
      v0l = low;
      let l = ((v1l << 13) | (v1h >>> 19)) ^ v0l;
      v1h = ((v1h << 13) | (v1l >>> 19)) ^ v0h;
      v1l = l;
      l = v0l;
      v0l = v0h;
      v0h = l;
      low = (v2l + v3l) | 0;
      v2h = (v2h + v3h + carry(low, v3l)) | 0;
      v2l = low;
      l = ((v3l << 16) | (v3h >>> 16)) ^ v2l;
      v3h = ((v3h << 16) | (v3l >>> 16)) ^ v2h;
      v3l = l;
      low = (v0l + v3l) | 0;
      v0h = (v0h + v3h + carry(low, v3l)) | 0;
      v0l = low;
      l = ((v3l << 21) | (v3h >>> 11)) ^ v0l;
      v3h = ((v3h << 21) | (v3l >>> 11)) ^ v0h;
      v3l = l;
      low = (v2l + v1l) | 0;
      v2h = (v2h + v1h + carry(low, v1l)) | 0;
      v2l = low;
      l = ((v1l << 17) | (v1h >>> 15)) ^ v2l;
      v1h = ((v1h << 17) | (v1l >>> 15)) ^ v2h;
      v1l = l;
      l = v2l;
      v2l = v2h;
      v2h = l;
    }
    v0l ^= ml;
    v0h ^= mh;
  }
  return v0l ^ v1l ^ v2l ^ v3l;
}

/** 1 if the 32-bit sum wrapped: it then came out below either addend. */
function carry(sum: number, addend: number): number {
  return sum >>> 0 < addend >>> 0 ? 1 : 0;
}

/** lib/siphash.c: siphash_1u64(), low 32 bits: the pointer `hi:lo` under `key`. */
export function siphash1u64Low(lo: number, hi: number, key: SipKey): number {
  return siphashLow([lo, hi], 8, key);
}

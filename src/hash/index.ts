/** The kernel's two hashes: words in, one int32 out, no state. And the one that zstd checks what it made with. */

export { jhash2, jhash3wordsOld } from './jhash.ts';
export { type JhashRound, jhash2Rounds } from './jhash-rounds.ts';
export { type SipKey, siphash1u64Low, siphashLow } from './siphash.ts';
export { Xxh64 } from './xxhash.ts';

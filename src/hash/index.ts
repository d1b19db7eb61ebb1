/** The kernel's two hashes, nothing else: words in, one int32 out, no state. */
export { jhash2, jhash3wordsOld } from './jhash.ts';
export { type SipKey, siphash1u64Low, siphashLow } from './siphash.ts';

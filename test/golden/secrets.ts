import type { SipKey } from '../../src/hash/index.ts';

/** Two 64-bit numbers in hex, k0 first, with or without 0x: how the recorder wrote a 128-bit key. */
export function sipKey(words: readonly string[]): SipKey {
  const [k0 = 0n, k1 = 0n] = words.map((word) => BigInt(word.startsWith('0x') ? word : `0x${word}`));
  const low = (k: bigint): number => Number(BigInt.asIntN(32, k));
  return { k0lo: low(k0), k0hi: low(k0 >> 32n), k1lo: low(k1), k1hi: low(k1 >> 32n) };
}

/** hash/secrets.json: by hook. */
export type Secrets = Readonly<Record<string, { readonly rxhashKey: string[]; readonly foldKey: string[] }>>;

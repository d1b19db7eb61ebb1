import { jhash3wordsOld, type SipKey, siphashLow } from '../hash/index.ts';
import { swab16, swab32, word } from '../u32.ts';
import { AddrType, type FlowKeys } from './flow-keys.ts';

/** Length in bytes of what is hashed, by address type: flow_keys_hash_length(). */
function hashLength(addrType: AddrType): number {
  switch (addrType) {
    case AddrType.IPV4:
      return 48;
    case AddrType.IPV6:
      return 72;
    case AddrType.TIPC:
      return 44;
    default:
      return 40;
  }
}

/**
 * net/core/flow_dissector.c: __flow_hash_from_keys() of Linux 6.1 — SipHash-2-4 of the sorted keys; 0 becomes 1.
 * `keys` come from a dissect() that stops at the flow label. Ports and addresses are sorted each for themselves,
 * compared as little-endian numbers (quirk 8). Returns an int32.
 */
export function rxhash(keys: FlowKeys, key: SipKey): number {
  const words = keys.hashed;
  words.fill(0);
  words[0] = swab16(keys.proto) | (keys.ipProto << 16);
  words[1] = keys.flowLabel;
  words[2] = keys.vlanTci | (swab16(keys.vlanTpid) << 16);
  words[3] = swab16(keys.vlanNext);
  words[6] = swab32(keys.greKey);
  const sport = swab16(keys.ports >>> 16);
  const dport = swab16(keys.ports & 0xffff);
  const isIp = keys.addrType === AddrType.IPV4 || keys.addrType === AddrType.IPV6;
  words[7] = isIp && dport < sport ? dport | (sport << 16) : sport | (dport << 16);
  // Of these, too, only as many count as the length has.
  for (let i = 0; i < 8; i++) words[9 + i] = swab32(word(keys.addr, i));
  if (addressesSwap(keys)) swapAddresses(words, keys.addrType === AddrType.IPV6 ? 4 : 1);
  return siphashLow(words, hashLength(keys.addrType), key) || 1;
}

/** net/core/flow_dissector.c: __flow_hash_consistentify() — IPv4 as little-endian numbers, IPv6 byte by byte. */
function addressesSwap(keys: FlowKeys): boolean {
  if (keys.addrType === AddrType.IPV4) return swab32(keys.dst) >>> 0 < swab32(keys.src) >>> 0;
  if (keys.addrType !== AddrType.IPV6) return false;
  for (let i = 0; i < 4; i++) {
    const src = word(keys.addr, i) >>> 0;
    const dst = word(keys.addr, 4 + i) >>> 0;
    if (src !== dst) return dst < src;
  }
  return false;
}

function swapAddresses(words: Int32Array, count: number): void {
  for (let i = 0; i < count; i++) {
    const source = word(words, 9 + i);
    words[9 + i] = word(words, 9 + count + i);
    words[9 + count + i] = source;
  }
}

/**
 * net/core/flow_dissector.c: __skb_get_hash() of Linux 3.14 — jhash of both addresses and the ports, sorted together.
 * `secret` is hashrnd, one word. 0 where dissection failed.
 */
export function rxhashSeed(keys: FlowKeys, dissected: boolean, secret: number): number {
  if (!dissected) return 0;
  let src = swab32(keys.src);
  let dst = swab32(keys.dst);
  let sport = swab16(keys.ports >>> 16);
  let dport = swab16(keys.ports & 0xffff);
  if (dst >>> 0 < src >>> 0 || (dst === src && dport < sport)) {
    [src, dst] = [dst, src];
    [sport, dport] = [dport, sport];
  }
  return jhash3wordsOld(dst, src, sport | (dport << 16), secret) || 1;
}

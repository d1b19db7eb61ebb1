import { getU32, ipv6Bytes, tcIpv4 } from '../../lang/index.ts';

/** An address as tc reads it with the number of its leading bits that count. */
export interface TcPrefix {
  readonly family: 4 | 6;
  /** 4 or 16 bytes; none for `any`, `all` and `default`, which have no family of their own. */
  readonly bytes: Uint8Array;
  readonly bits: number;
}

/** iproute2 lib/utils.c: get_prefix_1() — `family` 0: what the text looks like. undefined: tc says no. */
export function tcPrefix(text: string, family: 0 | 4 | 6): TcPrefix | undefined {
  if (['default', 'any', 'all'].includes(text)) return { family: family || 4, bytes: new Uint8Array(0), bits: 0 };
  const slash = text.indexOf('/');
  const bytes = addressBytes(slash < 0 ? text : text.slice(0, slash));
  if (bytes === undefined) return undefined;
  const found = bytes.length === 4 ? 4 : 6;
  if (family !== 0 && family !== found) return undefined;
  const width = bytes.length * 8;
  const bits = slash < 0 ? width : maskLength(text.slice(slash + 1));
  return bits === undefined || bits > width ? undefined : { family: found, bytes, bits };
}

function addressBytes(text: string): Uint8Array | undefined {
  if (text.includes(':')) return ipv6Bytes(text);
  const word = tcIpv4(text);
  return word === undefined ? undefined : Uint8Array.from([24, 16, 8, 0], (shift) => word >>> shift);
}

/** get_netmask(): a number of bits, or a dotted mask without holes. */
function maskLength(text: string): number | undefined {
  const bits = getU32(text);
  if (bits !== undefined || text.includes(':')) return bits;
  const mask = tcIpv4(text);
  return mask === undefined ? undefined : leadingOnes(mask);
}

/** mask2bits(); undefined: bits are set behind one that is not. */
function leadingOnes(mask: number): number | undefined {
  const ones = Math.clz32(~mask);
  return ones === 32 || mask << ones === 0 ? ones : undefined;
}

/** `length` bytes of which the first `bits` bits are set. */
export function maskBytes(bits: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => 0xff00 >> Math.min(8, Math.max(0, bits - 8 * i)));
}

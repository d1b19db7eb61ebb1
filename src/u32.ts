/**
 * The arithmetic everything else is built on: 32-bit words, big-endian reads, folds and class ids.
 *
 * Words travel as int32 (`| 0`) inside and become unsigned (`>>> 0`) where they are shown or divided.
 * This is the only file that reads bytes with `!`: callers check the length first, once per header.
 */

export function u8(data: Uint8Array, at: number): number {
  return data[at]!;
}

export function be16(data: Uint8Array, at: number): number {
  return (data[at]! << 8) | data[at + 1]!;
}

export function be32(data: Uint8Array, at: number): number {
  return (data[at]! << 24) | (data[at + 1]! << 16) | (data[at + 2]! << 8) | data[at + 3]!;
}

export function le16(data: Uint8Array, at: number): number {
  return data[at]! | (data[at + 1]! << 8);
}

export function le32(data: Uint8Array, at: number): number {
  return data[at]! | (data[at + 1]! << 8) | (data[at + 2]! << 16) | (data[at + 3]! << 24);
}

/** One word of an array whose index the caller knows to be in range. */
export function word(words: Int32Array, index: number): number {
  return words[index]!;
}

export function rol(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

/** Swaps the two bytes of a 16-bit number: what a little-endian machine sees in a network-order field. */
export function swab16(half: number): number {
  return ((half & 0xff) << 8) | ((half >>> 8) & 0xff);
}

export function swab32(word: number): number {
  return ((word & 0xff) << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24);
}

/** Number of bits set: hweight32(). */
export function popcount(word: number): number {
  let count = 0;
  for (let rest = word; rest !== 0; rest &= rest - 1) count++;
  return count;
}

/** TC_H_MAKE: the class id `major:minor`, both 16 bits, unsigned. */
export function tcH(major: number, minor: number): number {
  return ((major << 16) | (minor & 0xffff)) >>> 0;
}

export function tcMajor(classid: number): number {
  return classid >>> 16;
}

export function tcMinor(classid: number): number {
  return classid & 0xffff;
}

/** A class id as tc prints it: `root`, `none`, `:5`, `1:`, `1:2a`. */
export function classidText(classid: number): string {
  if (classid >>> 0 === 0xffffffff) return 'root';
  if (classid === 0) return 'none';
  const major = tcMajor(classid);
  const minor = tcMinor(classid);
  return `${major ? major.toString(16) : ''}:${minor ? minor.toString(16) : ''}`;
}

/** A packet's class, both numbers always written: `1:0`, `ffff:2a`. */
export function classText(classid: number): string {
  return `${tcMajor(classid).toString(16)}:${tcMinor(classid).toString(16)}`;
}

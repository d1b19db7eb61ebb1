import { hex8 } from '../../lang/index.ts';
import { be32, encode, s32, struct } from '../../netlink/index.ts';
import { Layer } from '../../packet/index.ts';
import { type Arg, type Args, numberOf, textOf, toU32 } from './args.ts';
import { evaluate, type FieldTest } from './field-test.ts';
import { type EmatchKind, NO_REST, withRest } from './kind.ts';

/** include/uapi/linux/pkt_cls.h: struct tc_u32_key */
const CODEC = withRest(struct({ mask: be32, val: be32, off: s32, offmask: s32 }));
type U32 = ReturnType<(typeof CODEC)['read']>;

const NEXTHDR = 'nexthdr+';
const SIZES: Readonly<Record<string, number>> = { u8: 1, u16: 2, u32: 4 };

function number(args: Args, arg: Arg | undefined, name: string): bigint {
  if (arg === undefined) throw args.error(`u32: missing ${name}`);
  const value = numberOf(arg);
  if (value === undefined) throw args.error(`u32: invalid ${name}, must be numeric`, arg);
  return value;
}

/** `at` is behind us: the offset, and the word it is in. */
function speakOffset(args: Args): { offset: bigint | undefined; offmask: number; last: Arg } {
  const arg = args.next();
  if (arg === undefined) throw args.error('u32: missing offset');
  const text = textOf(arg);
  if (text.startsWith(NEXTHDR) && text !== NEXTHDR) {
    const digits = { quoted: false, bytes: arg.bytes.subarray(NEXTHDR.length) };
    return { offset: startsWithNumber(text) ? numberOf(digits) : 0n, offmask: -1, last: arg };
  }
  if (text !== NEXTHDR) return { offset: numberOf(arg), offmask: 0, last: arg };
  // Quirk 26: written as a word of its own, `nexthdr+` leaves no trace.
  const next = args.next();
  if (next === undefined) throw args.error('u32: missing offset');
  return { offset: numberOf(next), offmask: 0, last: next };
}

/** strtoul() is taken at its word here: no number is 0. */
function startsWithNumber(text: string): boolean {
  return /^[ \t\n\v\f\r]*[+-]?[0-9]/.test(text.slice(NEXTHDR.length));
}

/** iproute2 tc/em_u32.c: u32_parse_eopt() */
function speakU32(args: Args): U32 {
  const first = args.next();
  const size = first === undefined ? undefined : SIZES[textOf(first)];
  if (size === undefined) throw args.error('u32: invalid alignment', first);
  const key = number(args, args.next(), 'key');
  const mask = number(args, args.next(), 'mask');
  const at = args.next();
  if (at === undefined || textOf(at) !== 'at') throw args.error('u32: missing "at"', at);
  const { offset, offmask, last } = speakOffset(args);
  if (offset === undefined) throw args.error('u32: invalid offset', last);
  const trailer = args.next();
  if (trailer !== undefined) throw args.error('u32: unexpected trailer', trailer);
  const most = size === 1 ? 0xffn : 0xffffn;
  if (size < 4 && key > most) throw args.error(`Illegal key (>0x${most.toString(16).toUpperCase()})`, last);
  if (size < 4 && mask > most) throw args.error(`Illegal mask (>0x${most.toString(16).toUpperCase()})`, last);
  const low = Number(offset & 3n);
  if (size === 4 && low !== 0) throw args.error('u32: invalid offset alignment, must be aligned to 4.', last);
  // Quirk 27: a u16 at an odd offset, too, means the lower half of the word around it.
  const shift = size === 1 ? 24 - 8 * low : size === 2 && low === 0 ? 16 : 0;
  const [val, bits] = [toU32(key << BigInt(shift)), toU32(mask << BigInt(shift))];
  return { mask: bits, val: (val & bits) >>> 0, off: toU32(offset - BigInt(low)) | 0, offmask, rest: NO_REST };
}

/**
 * net/sched/em_u32.c: em_u32_match() — from the network header on. Quirk 28: what `nexthdr+` needs is never passed on by
 * this classifier, so it has no effect.
 */
function testOf({ mask, val, off }: U32): FieldTest {
  return { layer: Layer.NETWORK, off, size: 4, mask, operand: 'eq', value: (val & mask) >>> 0 };
}

export const u32: EmatchKind<U32> = {
  kind: 'u32',
  id: 3,
  usage: 'Usage: u32({ u8 | u16 | u32 } VALUE MASK at [nexthdr+]OFFSET)',
  codec: CODEC,
  scope: () => 'packet',
  speak: (args, w) => w.bytes(encode(CODEC, speakU32(args))),
  dump: (value, w) => CODEC.write(value, w),
  print({ mask, val, off, offmask }, write) {
    write(`${hex8(val)}/${hex8(mask)} at ${offmask === 0 ? '' : NEXTHDR}${off}`);
    return true;
  },
  compile: (value) => evaluate(testOf(value)),
  test: testOf,
};

import { jhash2 } from '../../hash/index.ts';
import { word } from '../../u32.ts';

/** include/uapi/linux/pkt_cls.h: FLOW_MODE_*. The kernel takes every other number as MAP. */
export const Mode = { MAP: 0, HASH: 1 } as const;

/** The numbers of a filter that turn key values into a class id. */
export interface Arithmetic {
  readonly mode: number;
  readonly nkeys: number;
  readonly mask: number;
  readonly xor: number;
  readonly rshift: number;
  readonly addend: number;
  readonly divisor: number;
  readonly baseclass: number;
  readonly hashrnd: number;
}

/**
 * net/sched/cls_flow.c: flow_classify(), from the key values to the class id (unsigned).
 * The sum's carry out of the minor number is lost: the major always is the base class's (quirk 10).
 */
export function classid(f: Arithmetic, keys: Int32Array): number {
  return placeInClass(
    f,
    divide(f, f.mode === Mode.HASH ? jhash2(keys, f.nkeys, f.hashrnd) : mapLine(f, word(keys, 0))),
  );
}

/**
 * The map line: mask, xor, shift, add, whatever order they were typed in. Of several keys only the lowest counts (quirk 11).
 * The shift count is taken modulo 32, as x86 does with the larger ones that older kernels let pass (quirk 12).
 */
export function mapLine(f: Arithmetic, key: number): number {
  return ((((key & f.mask) ^ f.xor) >>> f.rshift) + f.addend) | 0;
}

/** `divisor`, unsigned; 0 leaves the number alone. */
export function divide(f: Arithmetic, value: number): number {
  return f.divisor === 0 ? value : (value >>> 0) % (f.divisor >>> 0);
}

/** include/uapi/linux/pkt_sched.h: TC_H_MAKE(TC_H_MAJ(baseclass), baseclass + value) */
export function placeInClass(f: Arithmetic, value: number): number {
  return ((f.baseclass & 0xffff0000) | ((f.baseclass + value) & 0xffff)) >>> 0;
}

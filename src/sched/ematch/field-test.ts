import { byteAt, layerStart, type Packet, readsLinear } from '../../packet/index.ts';
import { swab16, swab32 } from '../../u32.ts';
import type { Match } from '../notation.ts';

/** A number of the packet, `size` bytes in network order `off` bytes into a layer, masked and compared; false where it is not all there. */
export interface FieldTest {
  /** A Layer. */
  readonly layer: number;
  readonly off: number;
  readonly size: 1 | 2 | 4;
  readonly mask: number;
  readonly operand: 'eq' | 'gt' | 'lt';
  /** Unsigned. */
  readonly value: number;
}

/** What a test does, as a function. `swapped`: the number's bytes are turned around. */
export function evaluate({ layer, off, size, mask, operand, value }: FieldTest, swapped = false): Match {
  const masked = (p: Packet): number => {
    const at = layerStart(p, layer) + off;
    return readsLinear(p, at, size) ? (numberAt(p, at, size, swapped) & mask) >>> 0 : NOT_THERE;
  };
  switch (operand) {
    case 'eq':
      return (p) => masked(p) === value;
    case 'gt':
      return (p) => masked(p) > value;
    case 'lt':
      return (p) => {
        const number = masked(p);
        return number !== NOT_THERE && number < value;
      };
  }
}

const NOT_THERE = -1;

function numberAt(p: Packet, at: number, size: FieldTest['size'], swapped: boolean): number {
  if (size === 1) return byteAt(p, at);
  const half = (byteAt(p, at) << 8) | byteAt(p, at + 1);
  if (size === 2) return swapped ? swab16(half) : half;
  const word = (half << 16) | (byteAt(p, at + 2) << 8) | byteAt(p, at + 3);
  return swapped ? swab32(word) : word;
}

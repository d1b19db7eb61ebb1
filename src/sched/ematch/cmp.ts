import { bits, encode, struct, u8, u16, u32 } from '../../netlink/index.ts';
import { Layer } from '../../packet/index.ts';
import { type Args, numberOf, textOf, toU32 } from './args.ts';
import { evaluate, type FieldTest } from './field-test.ts';
import { type EmatchKind, NO_REST, withRest } from './kind.ts';
import { speakLayer } from './layer.ts';

/** include/uapi/linux/tc_ematch/tc_em_cmp.h: struct tcf_em_cmp */
const CODEC = withRest(
  struct({
    val: u32,
    mask: u32,
    off: u16,
    size: bits(u8, { align: 4, flags: 4 }),
    where: bits(u8, { layer: 4, opnd: 4 }),
  }),
);
type Cmp = ReturnType<(typeof CODEC)['read']>;

/** Bytes that are compared, by the word for them. */
const ALIGN: Readonly<Record<string, number>> = { u8: 1, u16: 2, u32: 4 };
const TRANS = 1;
/** TCF_EM_OPND_*, by number. */
export const OPERANDS: readonly string[] = ['eq', 'gt', 'lt'];

/** iproute2 tc/em_cmp.c: cmp_parse_eopt() */
function speakCmp(args: Args): Cmp {
  const first = args.next();
  const align = first === undefined ? undefined : ALIGN[textOf(first)];
  if (align === undefined) throw args.error('cmp: invalid alignment', first);
  let off: bigint | undefined;
  let val: bigint | undefined;
  let [mask, layer, flags, opnd]: [bigint, number, number, number] = [0n, Layer.NETWORK, 0, 0];
  for (let arg = args.next(); arg !== undefined; arg = args.next()) {
    const word = textOf(arg);
    if (word === 'trans') {
      flags = TRANS;
      continue;
    }
    const operand = OPERANDS.indexOf(word);
    if (operand < 0 && word !== 'at' && word !== 'layer' && word !== 'mask') {
      // Quirk 24: tc's words name another kind here.
      throw args.error('nbyte: unknown parameter', arg);
    }
    const value = args.after(arg, 'cmp: missing argument');
    if (word === 'layer') {
      layer = speakLayer('cmp', value, (message, mark) => args.error(message, mark));
      continue;
    }
    const number = numberOf(value);
    if (word === 'at') {
      if (number === undefined) throw args.error('cmp: invalid offset, must be numeric', value);
      off = number;
    } else if (word === 'mask') {
      if (number === undefined) throw args.error('cmp: invalid mask', value);
      mask = number;
    } else {
      if (number === undefined) throw args.error('cmp: invalid value', value);
      [val, opnd] = [number, operand];
    }
  }
  if (off === undefined || val === undefined) throw args.error('cmp: offset and value required');
  const [size, where] = [
    { align, flags },
    { layer, opnd },
  ];
  return { val: toU32(val), mask: toU32(mask), off: toU32(off) & 0xffff, size, where, rest: NO_REST };
}

/** net/sched/em_cmp.c: em_cmp_match() — null: a size or an operand that matches nothing. A mask of 0 is none. */
function testOf({ val, mask, off, size: { align }, where }: Cmp): FieldTest | null {
  const operand = OPERANDS[where.opnd] as FieldTest['operand'] | undefined;
  if (operand === undefined || (align !== 1 && align !== 2 && align !== 4)) return null;
  return { layer: where.layer, off, size: align, mask: mask === 0 ? 0xffffffff : mask, operand, value: val };
}

/** Quirk 25: "trans" turns the network's order around once more, after it was turned into the host's. */
const isTrans = ({ size }: Cmp): boolean => (size.flags & TRANS) !== 0;

export const cmp: EmatchKind<Cmp> = {
  kind: 'cmp',
  id: 1,
  usage: 'Usage: cmp({ u8 | u16 | u32 } at OFFSET [ layer LAYER ] [ mask MASK ] [ trans ] { eq | lt | gt } VALUE)',
  codec: CODEC,
  scope: () => 'packet',
  speak: (args, w) => w.bytes(encode(CODEC, speakCmp(args))),
  dump: (value, w) => CODEC.write(value, w),
  /** iproute2 tc/em_cmp.c: cmp_print_eopt() — the value as a signed number. */
  print({ val, mask, off, size, where }, write) {
    const name = Object.keys(ALIGN).find((word) => ALIGN[word] === size.align);
    const operand = OPERANDS[where.opnd];
    write(`${name === undefined ? '' : `${name} `}at ${off} layer ${where.layer} `);
    write(`${mask === 0 ? '' : `mask 0x${mask.toString(16)} `}${(size.flags & TRANS) !== 0 ? 'trans ' : ''}`);
    write(`${operand === undefined ? '' : `${operand} `}${val | 0}`);
    return true;
  },
  compile(value) {
    const test = testOf(value);
    return test === null ? () => false : evaluate(test, isTrans(value));
  },
  test: (value) => (value.size.flags === 0 ? testOf(value) : null),
};

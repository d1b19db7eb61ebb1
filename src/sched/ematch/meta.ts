import type { Env } from '../../env.ts';
import { Errno, KernelError } from '../../errors.ts';
import { hex8 } from '../../lang/index.ts';
import { bytes, type Codec, type Decoded, struct, table, u8, u16 } from '../../netlink/index.ts';
import type { Packet } from '../../packet/index.ts';
import { u8 as byteOf, le32 } from '../../u32.ts';
import type { Match, World } from '../notation.ts';
import { type Arg, type Args, ArgsError, numberOf, textOf, toU32 } from './args.ts';
import { OPERANDS } from './cmp.ts';
import type { EmatchKind } from './kind.ts';
import { META_IDS, META_SECTIONS, type MetaId, Wide } from './meta-ids.ts';
import { hexAndText } from './nbyte.ts';

/** include/uapi/linux/tc_ematch/tc_em_meta.h: struct tcf_meta_val, struct tcf_meta_hdr */
const SIDE = { kind: u16, shift: u8, op: u8 };
const TCA_EM_META = {
  hdr: [1, struct({ left: struct(SIDE), right: struct(SIDE) })],
  left: [2, bytes],
  right: [3, bytes],
} as const;
const CODEC = table(TCA_EM_META);
type Meta = Decoded<typeof TCA_EM_META>;
type Side = { readonly kind: number; readonly shift: number; readonly op: number };

/** TCF_META_TYPE_* */
const Type = { VAR: 0, INT: 1 } as const;
const ID_VALUE = 0;
const ID_MAX = 47;

const typeOf = ({ kind }: Side): number => kind >>> 12;
const idOf = ({ kind }: Side): number => kind & 0x7ff;
const rowOf = (id: number): MetaId | undefined => META_IDS.find((row) => row.id === id);
const hasType = (row: MetaId, type: number): boolean => type === Type.INT || row.bytes !== undefined;

/** One side of the comparison as spoken: its value if it is one, else its mask. */
interface Spoken {
  type: number;
  readonly row: MetaId | undefined;
  shift: number;
  value: Uint8Array;
}

function u32Bytes(value: bigint): Uint8Array {
  const low = toU32(value);
  return Uint8Array.of(low & 0xff, (low >>> 8) & 0xff, (low >>> 16) & 0xff, low >>> 24);
}

/** iproute2 tc/em_meta.c: parse_object() */
function speakSide(args: Args, arg: Arg, left: Spoken | undefined): { spoken: Spoken; next: Arg | undefined } {
  const number = arg.quoted ? undefined : numberOf(arg);
  if (arg.quoted || number !== undefined) {
    const [type, value] = number === undefined ? [Type.VAR, arg.bytes] : [Type.INT, u32Bytes(number)];
    return { spoken: { type, row: undefined, shift: 0, value }, next: args.next() };
  }
  const row = META_IDS.find(({ name }) => name !== '' && name === textOf(arg));
  if (row === undefined) throw args.error('meta: unknown meta id\n', arg);
  const spoken: Spoken = { type: Type.INT, row, shift: 0, value: u32Bytes(0n) };
  // A string on the left makes a string of what stands on the right, if that has one. Quirk 23: not the other way.
  if (left !== undefined && left.type === Type.VAR) {
    if (row.bytes === undefined) throw args.error('lvalue and rvalue are not compatible.', arg);
    spoken.type = Type.VAR;
  }
  let next = args.next();
  for (; next !== undefined; next = args.next()) {
    const word = textOf(next);
    if (word !== 'shift' && word !== 'mask') break;
    const value = args.after(next, 'meta: missing argument');
    const extra = numberOf(value);
    if (extra === undefined) throw args.error(`meta: invalid ${word}, must be numeric`, value);
    if (word === 'shift') spoken.shift = toU32(extra) & 0xff;
    else spoken.value = u32Bytes(extra);
  }
  return { spoken, next };
}

/** iproute2 tc/em_meta.c: list_meta_ids() */
function listOfIds(): string {
  const line = '-'.repeat(56);
  const sections = META_SECTIONS.map(({ title, ids }) => {
    const rows = ids.map(({ name, bytes: string, description }) => {
      const types = string === undefined ? 'INT' : 'INT,VAR';
      return `  ${name.padEnd(16)} ${types.padEnd(10)} ${description}\n`;
    });
    return `\n${title}:\n${rows.join('')}`;
  });
  return `${line}\n  ID               Type       Description\n${line}${sections.join('')}${line}`;
}

/** iproute2 tc/em_meta.c: meta_parse_eopt() */
function speakMeta(args: Args): Meta {
  const first = args.next();
  if (first === undefined) throw args.error('meta: missing arguments');
  if (textOf(first) === 'list') throw new ArgsError(listOfIds(), null, undefined, true);
  const left = speakSide(args, first, undefined);
  if (left.next === undefined) throw args.error('meta: missing operand', first);
  const op = OPERANDS.indexOf(textOf(left.next));
  if (op < 0) throw args.error('meta: invalid operand', left.next);
  const object = args.next();
  if (object === undefined) throw args.error('meta: missing rvalue', first);
  const right = speakSide(args, object, left.spoken);
  if (right.next !== undefined) throw args.error('meta: unexpected trailer', right.next);
  return {
    hdr: { left: { ...sideOf(left.spoken), op }, right: sideOf(right.spoken) },
    ...sent('left', left.spoken),
    ...sent('right', right.spoken),
  };
}

function sideOf({ type, row, shift }: Spoken): Side {
  return { kind: (type << 12) | (row?.id ?? ID_VALUE), shift, op: 0 };
}

/** iproute2 tc/em_meta.c: dump_value() — a mask is sent even if it is 0; a string has none. */
function sent(name: 'left' | 'right', { type, row, value }: Spoken): Pick<Meta, 'left' | 'right'> {
  return type === Type.INT || row === undefined ? { [name]: value } : {};
}

/** net/sched/em_meta.c: struct meta_value of an integer — eight bytes, or four. */
function intOf(value: Uint8Array | undefined): Wide & { readonly length: number } {
  const wide = { hi: 0, lo: 0, length: 0 };
  if (value === undefined) return wide;
  if (value.length < 8 && value.length !== 4) throw new KernelError(Errno.EINVAL);
  wide.lo = le32(value, 0);
  if (value.length >= 8) wide.hi = le32(value, 4);
  wide.length = value.length >= 8 ? 8 : 4;
  return wide;
}

/** net/sched/em_meta.c: em_meta_change(), up to the values */
function check(hdr: Meta['hdr']): NonNullable<Meta['hdr']> {
  if (hdr === undefined) throw new KernelError(Errno.EINVAL);
  const sides = [hdr.left, hdr.right];
  const types = typeOf(hdr.left) === typeOf(hdr.right) && typeOf(hdr.left) <= Type.INT;
  if (!types || sides.some((side) => idOf(side) > ID_MAX)) throw new KernelError(Errno.EINVAL);
  for (const side of sides) {
    const row = rowOf(idOf(side));
    const supported = idOf(side) === ID_VALUE || (row !== undefined && hasType(row, typeOf(side)));
    if (!supported) throw new KernelError(Errno.EOPNOTSUPP);
  }
  return hdr;
}

/** meta_int_apply_extras(): shift (x86 takes it modulo 64), then mask unless that is 0. */
function refine(out: Wide, shift: number, mask: Wide): void {
  const by = shift & 63;
  if (by >= 32) {
    out.lo = out.hi >>> (by - 32);
    out.hi = 0;
  } else if (by > 0) {
    out.lo = (out.lo >>> by) | (out.hi << (32 - by));
    out.hi >>>= by;
  }
  if ((mask.hi | mask.lo) === 0) return;
  out.hi &= mask.hi;
  out.lo &= mask.lo;
}

/** meta_get() of an integer. */
function getter(side: Side, value: Wide, env: Env): (p: Packet, out: Wide) => boolean {
  const row = rowOf(idOf(side));
  if (idOf(side) === ID_VALUE || row === undefined) {
    return (_, out) => {
      out.hi = value.hi;
      out.lo = value.lo;
      return true;
    };
  }
  const collect = row.int(env);
  const { shift } = side;
  return (p, out) => {
    if (!collect(p, out)) return false;
    refine(out, shift, value);
    return true;
  };
}

/** meta_int_compare() */
function compareInts(a: Wide, b: Wide): number {
  return (a.hi >>> 0) - (b.hi >>> 0) || (a.lo >>> 0) - (b.lo >>> 0);
}

/** What the operand makes of a comparison: TCF_EM_OPND_*. */
function judge(op: number): (comparison: number) => boolean {
  if (op === 0) return (comparison) => comparison === 0;
  if (op === 1) return (comparison) => comparison > 0;
  return op === 2 ? (comparison) => comparison < 0 : () => false;
}

function matchInts(hdr: NonNullable<Meta['hdr']>, meta: Meta, env: Env): Match {
  const left = getter(hdr.left, intOf(meta.left), env);
  const right = getter(hdr.right, intOf(meta.right), env);
  const [a, b] = [new Wide(), new Wide()];
  const holds = judge(hdr.left.op);
  return (p) => left(p, a) && right(p, b) && holds(compareInts(a, b));
}

const NOTHING = new Uint8Array(0);

function bytesGetter(side: Side, value: Uint8Array = NOTHING, world: World): (p: Packet) => Uint8Array | null {
  return rowOf(idOf(side))?.bytes?.(world) ?? (() => value);
}

/** meta_var_apply_extras(): the last `shift` bytes do not count. */
function lengthOf(value: Uint8Array, side: Side): number {
  const shift = idOf(side) === ID_VALUE ? 0 : side.shift;
  return shift < value.length ? value.length - shift : value.length;
}

/** meta_var_compare(): the shorter one is the lesser. */
function matchBytes(hdr: NonNullable<Meta['hdr']>, meta: Meta, world: World): Match {
  const left = bytesGetter(hdr.left, meta.left, world);
  const right = bytesGetter(hdr.right, meta.right, world);
  const holds = judge(hdr.left.op);
  return (p) => {
    const a = left(p);
    const b = a === null ? null : right(p);
    if (a === null || b === null) return false;
    const length = lengthOf(a, hdr.left);
    let difference = length - lengthOf(b, hdr.right);
    for (let i = 0; difference === 0 && i < length; i++) difference = byteOf(a, i) - byteOf(b, i);
    return holds(difference);
  };
}

/** iproute2 tc/em_meta.c: print_object() */
function printSide(side: Side, value: Uint8Array | undefined, write: (text: string) => void): boolean {
  const isInt = typeOf(side) === Type.INT;
  if (idOf(side) === ID_VALUE) {
    if (value === undefined || (isInt && value.length < 4)) return false;
    if (isInt) write(String(le32(value, 0)));
    else if (typeOf(side) === Type.VAR) write(stringText(value));
    return true;
  }
  const name = rowOf(idOf(side))?.name ?? '';
  write(name === '' ? `[unknown meta id ${idOf(side)}]` : name);
  if (side.shift !== 0) write(` shift ${side.shift}`);
  if (!isInt || value === undefined) return true;
  if (value.length < 4) return false;
  const mask = le32(value, 0) >>> 0;
  if (mask !== 0) write(` mask 0x${hex8(mask)}`);
  return true;
}

/** iproute2 tc/em_meta.c: print_binary() */
function stringText(value: Uint8Array): string {
  const plain = value.every((byte) => byte >= 0x20 && byte < 0x7f);
  return plain ? String.fromCharCode(...value) : hexAndText(value);
}

export const meta: EmatchKind<Meta> = {
  kind: 'meta',
  id: 4,
  usage:
    'Usage: meta(OBJECT { eq | lt | gt } OBJECT), OBJECT := { ID [ shift N ] [ mask M ] | N | "STRING" }, or meta(list)',
  codec: { ...CODEC, sample: sampleMeta },
  scope: ({ hdr }) => {
    const sides = hdr === undefined ? [] : [hdr.left, hdr.right];
    return sides.some((side) => rowOf(idOf(side))?.scope === 'all') ? 'all' : 'packet';
  },
  speak: (args, w) => CODEC.write(speakMeta(args), w),
  /** net/sched/em_meta.c: em_meta_dump() — an integer as the eight or four bytes that it was, a string unless empty. */
  dump({ hdr, left, right }, w) {
    const isInt = hdr !== undefined && typeOf(hdr.left) === Type.INT;
    const kept = (value: Uint8Array | undefined) => (isInt ? value?.subarray(0, intOf(value).length) : value);
    const values = { left: kept(left), right: kept(right) };
    CODEC.write(
      {
        ...(hdr && { hdr }),
        ...(values.left && { left: values.left }),
        ...(values.right && { right: values.right }),
      },
      w,
    );
  },
  print({ hdr, left, right }, write) {
    if (hdr === undefined || !printSide(hdr.left, left, write)) return false;
    const operand = OPERANDS[hdr.left.op];
    if (operand !== undefined) write(` ${operand} `);
    return printSide(hdr.right, right, write);
  },
  compile(value, world, env) {
    const hdr = check(value.hdr);
    if (value.left?.length === 0 || value.right?.length === 0) throw new KernelError(Errno.EINVAL);
    return typeOf(hdr.left) === Type.INT ? matchInts(hdr, value, env) : matchBytes(hdr, value, world);
  },
};

/** Two sides of one type. */
function sampleMeta(draw: Parameters<Codec<Meta>['sample']>[0]): Meta {
  const type = draw(2);
  const side = () => ({ kind: (type << 12) | draw(ID_MAX + 1), shift: draw(9), op: draw(3) });
  const value = () => Uint8Array.from({ length: type === Type.INT ? 4 + 4 * draw(2) : 1 + draw(8) }, () => draw(256));
  return { hdr: { left: side(), right: side() }, left: value(), right: value() };
}

import { Errno, KernelError } from '../../errors.ts';
import { bits, struct, u16 } from '../../netlink/index.ts';
import { byteAt, Layer, layerStart, readsLinear } from '../../packet/index.ts';
import { u8 } from '../../u32.ts';
import { type Args, numberOf, textOf, toU32 } from './args.ts';
import { type EmatchKind, withRest } from './kind.ts';
import { speakLayer } from './layer.ts';

/** include/uapi/linux/tc_ematch/tc_em_nbyte.h: struct tcf_em_nbyte, then the bytes. */
const CODEC = withRest(struct({ off: u16, size: bits(u16, { len: 12, layer: 4 }) }));
type Nbyte = ReturnType<(typeof CODEC)['read']>;

/** iproute2 tc/em_nbyte.c: nbyte_parse_eopt() */
function speakNbyte(args: Args): Nbyte {
  const needle = args.next();
  if (needle === undefined || needle.bytes.length === 0) throw args.error('nbyte: needle length is 0', needle);
  let off: bigint | undefined;
  let layer: number = Layer.NETWORK;
  for (let arg = args.next(); arg !== undefined; arg = args.next()) {
    const word = textOf(arg);
    if (word !== 'at' && word !== 'layer') throw args.error('nbyte: unknown parameter', arg);
    const value = args.after(arg, 'nbyte: missing argument');
    if (word === 'at') {
      off = numberOf(value);
      if (off === undefined) throw args.error('nbyte: invalid offset, must be numeric', value);
    } else layer = speakLayer('nbyte', value, (message, mark) => args.error(message, mark));
  }
  if (off === undefined) throw args.error('nbyte: offset required');
  return { off: toU32(off) & 0xffff, size: { len: needle.bytes.length, layer }, rest: needle.bytes };
}

/** C's isprint() in the "C" locale, else a dot. */
export function printable(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('');
}

/** `61 00 "a."` with a blank after each byte. */
export function hexAndText(bytes: Uint8Array): string {
  const hex = Array.from(bytes, (byte) => `${byte.toString(16).padStart(2, '0')} `).join('');
  return `${hex}"${printable(bytes)}"`;
}

export const nbyte: EmatchKind<Nbyte> = {
  kind: 'nbyte',
  id: 2,
  usage: 'Usage: nbyte({ WORD | "C STRING" } at OFFSET [ layer LAYER ])',
  codec: CODEC,
  scope: () => 'packet',
  speak: (args, w) => CODEC.write(speakNbyte(args), w),
  /** net/sched/em_nbyte.c: em_nbyte_change() keeps as many bytes as `len` says. */
  dump: (value, w) => CODEC.write({ ...value, rest: value.rest.subarray(0, value.size.len) }, w),
  print({ off, size, rest }, write) {
    if (rest.length < size.len) return false;
    write(`${hexAndText(rest.subarray(0, size.len))} at ${off} layer ${size.layer}`);
    return true;
  },
  /** net/sched/em_nbyte.c: em_nbyte_match() */
  compile({ off, size, rest }) {
    const { len, layer } = size;
    if (rest.length < len) throw new KernelError(Errno.EINVAL);
    const needle = rest.slice(0, len);
    return (p) => {
      const at = layerStart(p, layer) + off;
      if (!readsLinear(p, at, len)) return false;
      for (let i = 0; i < len; i++) if (byteAt(p, at + i) !== u8(needle, i)) return false;
      return true;
    };
  },
};

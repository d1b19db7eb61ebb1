import { Errno, KernelError } from '../../errors.ts';
import { bytes, type Codec, struct, u8, u16 } from '../../netlink/index.ts';
import { ETH_P, isReadable } from '../../packet/index.ts';
import type { World } from '../notation.ts';
import { type Args, textOf } from './args.ts';
import type { EmatchKind } from './kind.ts';

/** include/uapi/linux/netfilter/xt_set.h: struct xt_set_info; bit i of `flags`: dimension i is the packet's source. */
const INFO = struct({ index: u16, dim: u8, flags: u8 });
const DIMENSIONS_MAX = 6;
/** include/uapi/linux/netfilter/ipset/ip_set.h: IPSET_MAXNAMELEN */
const NAME_MAX = 32;

/** iproute2 tc/em_ipset.c: parse_dirs() — words are known by their first three letters. */
function speakDirections(text: string): { dim: number; flags: number } | string {
  const words = text.split(',');
  let flags = 0;
  for (const [i, word] of words.slice(0, DIMENSIONS_MAX).entries()) {
    if (word.startsWith('src')) flags |= 2 << i;
    else if (!word.startsWith('dst')) return "You must specify (the comma separated list of) 'src' or 'dst'\n";
  }
  if (words.length > DIMENSIONS_MAX) return `Can't be more src/dst options than ${DIMENSIONS_MAX}`;
  return { dim: words.length, flags };
}

/** iproute2 tc/em_ipset.c: ipset_parse_eopt() */
function speakIpset(args: Args, world: World): { index: number; dim: number; flags: number } {
  const name = args.next();
  if (name === undefined) throw args.error('ipset: missing set name');
  if (name.bytes.length >= NAME_MAX) throw args.error(`ipset: set name too long (max ${NAME_MAX - 1})`, name);
  const set = world.set(textOf(name));
  if (set === null) throw args.error(`ipset: unknown set name '${textOf(name)}'`, name);
  const directions = args.next();
  if (directions === undefined) throw args.error('ipset: missing set flags', name);
  const spoken = speakDirections(textOf(directions));
  if (typeof spoken === 'string') throw args.errorFrom(`${spoken}ipset: error parsing set flags`, directions);
  const trailer = args.next();
  if (trailer !== undefined) throw args.errorFrom('ipset: unknown parameter', trailer);
  return { index: set.index, ...spoken };
}

const CODEC: Codec<Uint8Array> = {
  ...bytes,
  show: (value) => (value.length === INFO.size ? INFO.show(INFO.read(value, 0, INFO.size)) : bytes.show(value)),
  sample: (draw) => Uint8Array.from({ length: INFO.size }, () => draw(7)),
};

export const ipset: EmatchKind<Uint8Array> = {
  kind: 'ipset',
  id: 8,
  usage: 'Usage: ipset(NAME { src | dst }[,{ src | dst }]...)',
  codec: CODEC,
  scope: () => 'packet',
  speak: (args, w, world) => INFO.write(speakIpset(args, world), w),
  dump: (value, w) => w.bytes(value),
  print(value, write, world) {
    if (value.length !== INFO.size) return false;
    const { index, dim, flags } = INFO.read(value, 0, INFO.size);
    const set = world.set(index);
    if (set === null) return false;
    const directions = Array.from({ length: dim }, (_, i) => ((flags & (2 << i)) !== 0 ? 'src' : 'dst'));
    write(dim === 0 ? set.name : `${set.name} ${directions.join(',')}`);
    return true;
  },
  /** net/sched/em_ipset.c: em_ipset_change(), em_ipset_match() */
  compile(value, world, { era }) {
    if (value.length !== INFO.size) throw new KernelError(Errno.EINVAL);
    const { index, dim, flags } = INFO.read(value, 0, INFO.size);
    const set = world.set(index);
    if (set === null) throw new KernelError(Errno.ENOENT);
    return (p) => {
      const type = era.etherType(p);
      if (type !== ETH_P.IPV4 && type !== ETH_P.IPV6) return false;
      const family = type === ETH_P.IPV4 ? 4 : 6;
      return isReadable(p, p.network, family === 4 ? 20 : 40) && set.has(p, dim, flags >>> 1, family);
    };
  },
};

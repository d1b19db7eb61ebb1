import { Errno, KernelError } from '../../errors.ts';
import { bits, u8 as byte, bytes, type Fixed, struct, u16 } from '../../netlink/index.ts';
import { byteAt, Input, layerStart, type Packet, Reader } from '../../packet/index.ts';
import { u8, word } from '../../u32.ts';
import { fsmDumped, fsmFinder } from './fsm.ts';
import { type EmatchKind, withRest } from './kind.ts';

/** Sixteen bytes with a name and at least one NUL. */
const algorithm: Fixed<Uint8Array> = {
  ...bytes,
  size: 16,
  read: (data, at) => data.slice(at, at + 16),
  sample: (draw) => named(['kmp', 'bm', 'fsm'][draw(3)] ?? ''),
};

/** include/uapi/linux/tc_ematch/tc_em_text.h: struct tcf_em_text, then the pattern. */
const CODEC = withRest(
  struct({
    algo: algorithm,
    fromOffset: u16,
    toOffset: u16,
    patternLength: u16,
    layers: bits(byte, { from: 4, to: 4 }),
    pad: byte,
  }),
);
type Text = ReturnType<(typeof CODEC)['read']>;

/** Where the pattern begins in the packet from `from` on, or -1. */
type Finder = (p: Packet, from: number) => number;

/** struct ts_ops: the algorithms that the kernel registers. They find the same, but for fsm, which has patterns of its own. */
const ALGORITHMS: Readonly<Record<string, (pattern: Uint8Array) => Finder>> = {
  kmp: substringFinder,
  bm: substringFinder,
  fsm: fsmFinder,
};

function named(name: string): Uint8Array {
  const field = new Uint8Array(16);
  for (let i = 0; i < name.length; i++) field[i] = name.charCodeAt(i);
  return field;
}

/** undefined: no NUL in it. */
function nameOf(algo: Uint8Array): string | undefined {
  const nul = algo.indexOf(0);
  return nul < 0 ? undefined : String.fromCharCode(...algo.subarray(0, nul));
}

/** lib/ts_kmp.c: compute_prefix_tbl() */
function prefixes(pattern: Uint8Array): Int32Array {
  const table = new Int32Array(pattern.length);
  for (let i = 1, k = 0; i < pattern.length; i++) {
    while (k > 0 && u8(pattern, k) !== u8(pattern, i)) k = word(table, k - 1);
    if (u8(pattern, k) === u8(pattern, i)) k++;
    table[i] = k;
  }
  return table;
}

/** lib/ts_kmp.c: kmp_find() */
function substringFinder(pattern: Uint8Array): Finder {
  const table = prefixes(pattern);
  return (p, from) => {
    for (let at = from, k = 0; at < p.end; at++) {
      const read = byteAt(p, at);
      while (k > 0 && u8(pattern, k) !== read) k = word(table, k - 1);
      if (u8(pattern, k) === read) k++;
      if (k === pattern.length) return at + 1 - k;
    }
    return -1;
  };
}

function patternOf({ rest, patternLength }: Text): Uint8Array {
  return rest.slice(0, patternLength);
}

export const text: EmatchKind<Text> = {
  kind: 'text',
  id: 5,
  usage: '',
  codec: CODEC,
  scope: () => 'packet',
  /** iproute2 has no parser for it: tree.ts never comes here. */
  speak(args) {
    throw args.error('text: has no words');
  },
  dump(value, w) {
    const name = nameOf(value.algo) ?? '';
    const pattern = patternOf(value);
    CODEC.write({ ...value, algo: named(name), pad: 0, rest: name === 'fsm' ? fsmDumped(pattern) : pattern }, w);
  },
  print: () => false,
  /**
   * net/sched/em_text.c: em_text_change(), em_text_match(), net/core/skbuff.c: skb_find_text() — the pattern has to
   * begin in from … to; it may end behind. Positions are counted from skb->data: nothing before it is searched.
   */
  compile(value) {
    const { algo, fromOffset, toOffset, layers, patternLength, rest } = value;
    const backwards = layers.from > layers.to || (layers.from === layers.to && fromOffset > toOffset);
    const name = nameOf(algo);
    const invalid = rest.length < patternLength || backwards || patternLength === 0 || name === undefined;
    if (invalid) throw new KernelError(Errno.EINVAL);
    const prepare = Object.hasOwn(ALGORITHMS, name) ? ALGORITHMS[name] : undefined;
    if (prepare === undefined) throw new KernelError(Errno.ENOENT);
    const find = prepare(patternOf(value));
    return (p) => {
      const from = layerStart(p, layers.from) + fromOffset;
      const to = layerStart(p, layers.to) + toOffset;
      if (from < p.at || from >= to) return false;
      const found = find(p, from);
      if (p.isCutBefore(p.end + 1)) p.reads(Input.CUT, Reader.MATCH);
      return found >= 0 && found <= to;
    };
  },
};

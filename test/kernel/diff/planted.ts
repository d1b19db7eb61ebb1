/** A deliberate error: in a compiled file, this text becomes that. */
export interface PlantedError {
  readonly name: string;
  /** Below dist/. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** Errors of the kind that could be made, one in each thing that an answer rests on. */
export const PLANTED: readonly PlantedError[] = [
  { name: 'jhash begins with another constant', file: 'src/hash/jhash.js', from: '0xdeadbeef', to: '0xdeadbeee' },
  {
    name: 'the divisor is off by one',
    file: 'src/sched/flow/classid.js',
    from: '% (f.divisor >>> 0)',
    to: '% ((f.divisor + 1) >>> 0)',
  },
  {
    name: 'xor comes before and',
    file: 'src/sched/flow/classid.js',
    from: '((key & f.mask) ^ f.xor)',
    to: '((key ^ f.xor) & f.mask)',
  },
  {
    name: 'the type that dst falls back with is in the other byte order',
    file: 'src/sched/flow/key.js',
    from: 'p.dst ^ swab16(era.etherType(p))',
    to: 'p.dst ^ era.etherType(p)',
  },
  {
    name: 'one port alone falls back',
    file: 'src/sched/flow/key.js',
    from: 'keys.ports !== 0 ? keys.ports & 0xffff',
    to: '(keys.ports & 0xffff) !== 0 ? keys.ports & 0xffff',
  },
  {
    name: 'a tag keeps its drop bit',
    file: 'src/sched/flow/key.js',
    from: 'p.at + 14) & 0xfff',
    to: 'p.at + 14) & 0x1fff',
  },
  {
    name: 'ports are read in the first of several fragments',
    file: 'src/packet/header/ipv4.js',
    from: 'MORE_FRAGMENTS_OR_OFFSET = 0x3fff',
    to: 'MORE_FRAGMENTS_OR_OFFSET = 0x1fff',
  },
  {
    name: 'the flow hash does not sort addresses',
    file: 'src/packet/rxhash.js',
    from: 'if (addressesSwap(keys))',
    to: 'if (addressesSwap(keys) && keys.src === 0)',
  },
  {
    name: 'one header less is looked at',
    file: 'src/packet/dissect.js',
    from: 'MAX_HEADERS = 15',
    to: 'MAX_HEADERS = 14',
  },
  {
    name: 'extension headers are counted in words of four bytes',
    file: 'src/packet/header/ipv6.js',
    from: 'keys.at += 8 * (u8(',
    to: 'keys.at += 4 * (u8(',
  },
  {
    name: 'a new filter has minor number 0',
    file: 'src/sched/flow/filter.js',
    from: 'tcMinor(requested) || 1',
    to: 'tcMinor(requested)',
  },
  {
    name: 'a dump is silent about the divisor',
    file: 'src/sched/flow/options.js',
    from: "'addend', 'divisor', 'baseclass'",
    to: "'addend', 'baseclass'",
  },
  {
    name: 'reclassify starts over at the chain it was said in',
    file: 'src/kernel/chain/chain.js',
    from: 'chains(verdict & EXT_VAL_MASK) : this;',
    to: 'chains(verdict & EXT_VAL_MASK) : chain;',
  },
  {
    name: 'a policer gives exceed and conform the wrong way round',
    file: 'src/sched/action/police.js',
    from: 'return dropped(result);',
    to: 'return dropped(action);',
  },
  {
    name: 'a mask of skbedit keeps the bits that it is to set',
    file: 'src/sched/action/skbedit.js',
    from: '(p.mark & ~mask) | (mark & mask)',
    to: '(p.mark & mask) | (mark & ~mask)',
  },
  {
    name: 'jump counts from the action behind it',
    file: 'src/sched/action/exec.js',
    from: 'i = -1;',
    to: '',
  },
];

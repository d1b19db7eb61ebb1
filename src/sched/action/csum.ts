import type { Words } from '../../lang/index.ts';
import { type Decoded, struct, table, u32 } from '../../netlink/index.ts';
import { Verdict } from '../../verdict.ts';
import { updateChecksums } from './checksum.ts';
import { checkControl, printControl, takeControlOr } from './control.ts';
import {
  type Action,
  BARE,
  Counters,
  dumpRows,
  GEN,
  NO_GEN,
  NOBODY,
  PARMS,
  printIndex,
  printTm,
  TM,
  takeIndex,
  usage,
} from './kind.ts';

/** net/sched/act_csum.c, tc/m_csum.c: computes checksums anew. */

const CSUM = struct({ ...GEN, updateFlags: u32 });

/** include/uapi/linux/tc_act/tc_csum.h: TCA_CSUM_* */
const TCA_CSUM = { parms: [1, CSUM], tm: [2, TM] } as const;
type Csum = Decoded<typeof TCA_CSUM>;
const NO_CSUM = { ...NO_GEN, updateFlags: 0 };

/** TCA_CSUM_UPDATE_FLAG_*, bit by bit: what tc prints, and the words it takes in its order. */
const TARGETS = [
  { name: 'iph', words: ['iph', 'ip4h', 'ipv4h'] },
  { name: 'icmp', words: ['icmp'] },
  { name: 'igmp', words: ['igmp'] },
  { name: 'tcp', words: ['tcp'] },
  { name: 'udp', words: ['udp'] },
  { name: 'udplite', words: ['udplite'] },
  { name: 'sctp', words: ['sctp'] },
];
/** Words that mean nothing. */
const FILLERS = ['and', 'or', '+'];

const USAGE = 'Usage: ... csum ip4h|icmp|igmp|tcp|udp|udplite|sctp [ and ... ] [ CONTROL ] [ index INDEX ]';

function takeTargets(words: Words): number {
  let flags = 0;
  for (; !words.done; words.next()) {
    const bit = TARGETS.findIndex((row) => row.words.some((keyword) => words.is(keyword)));
    if (bit >= 0) flags |= 1 << bit;
    else if (!FILLERS.some((keyword) => words.is(keyword))) break;
  }
  return flags;
}

export const csum: Action<Csum> = {
  ...PARMS,
  kind: 'csum',
  codec: table(TCA_CSUM),
  scope: () => 'packet',
  speak(words, w, { warn } = NOBODY) {
    let updateFlags = 0;
    while (words.take('csum')) {
      words.need();
      updateFlags |= takeTargets(words);
    }
    if (words.take('help')) throw usage(words, USAGE);
    if (updateFlags === 0) throw words.error('Illegal csum construct, empty <UPDATE> list');
    const action = takeControlOr(words, Verdict.OK, warn);
    const index = takeIndex(words, 'Illegal "index" (%s) <csum>') ?? 0;
    w.put(TCA_CSUM.parms, { ...NO_CSUM, action, index, updateFlags });
  },
  settle({ parms = NO_CSUM }, _old, place) {
    checkControl(parms.action, place);
    return { parms };
  },
  dump: (value, w) => dumpRows(TCA_CSUM, ['parms', 'tm'], value, w),
  print({ parms = NO_CSUM, tm }, out, show = BARE) {
    const names = TARGETS.filter((_, bit) => parms.updateFlags & (1 << bit)).map(({ name }) => name);
    const text = names.length === 0 ? '?empty' : names.join(', ');
    out.put('kind', 'csum', 'csum ');
    out.put('csum', text, `(${text}) `);
    printControl(out, 'action ', parms.action, '\n');
    printIndex(out, parms, '\tindex ');
    printTm(out, tm, show);
    out.text('\n');
  },
  /** A checksum over bytes that were not captured stays as it is; SCTP's, which no key or ematch looks at, does too. */
  compile({ parms = NO_CSUM }, _world, _env, counters = new Counters()) {
    const { action, updateFlags } = parms;
    return (p) => {
      if (action !== Verdict.SHOT && updateChecksums(p, updateFlags)) return action;
      counters.drops++;
      return Verdict.SHOT;
    };
  },
};

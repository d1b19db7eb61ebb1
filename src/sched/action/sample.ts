import { Errno, KernelError } from '../../errors.ts';
import { getU32, type Words } from '../../lang/index.ts';
import { type Decoded, struct, table, u32 } from '../../netlink/index.ts';
import { Verdict } from '../../verdict.ts';
import { checkControl, printControl, takeControlOr } from './control.ts';
import {
  type Action,
  BARE,
  dumpRows,
  GEN,
  NO_GEN,
  NOBODY,
  PARMS,
  printTail,
  skip,
  TM,
  takeIndex,
  usage,
} from './kind.ts';

/** net/sched/act_sample.c, tc/m_sample.c: hands one packet in so many to psample; nothing here listens. */

/** include/uapi/linux/tc_act/tc_sample.h: TCA_SAMPLE_* */
const TCA_SAMPLE = {
  tm: [1, TM],
  parms: [2, struct(GEN)],
  rate: [3, u32],
  truncSize: [4, u32],
  group: [5, u32],
} as const;
type Sample = Decoded<typeof TCA_SAMPLE>;

const USAGE = 'Usage: ... sample rate N group GROUP [ trunc BYTES ] [ CONTROL ] [ index INDEX ]';

function take(words: Words, illegal: string): number {
  const word = words.next();
  const value = getU32(word, 10);
  if (value === undefined) throw usage(words, USAGE, `${illegal} ${word}`);
  return value;
}

export const sample: Action<Sample> = {
  ...PARMS,
  kind: 'sample',
  codec: table(TCA_SAMPLE),
  scope: () => 'packet',
  speak(words, w, { warn } = NOBODY) {
    if (words.at + 1 >= words.list.length) {
      throw words.missing('sample count');
    }
    skip(words);
    let rate: number | undefined;
    let group: number | undefined;
    let trunc: number | undefined;
    for (;;) {
      if (words.take('rate')) rate = take(words, 'Illegal rate');
      else if (words.take('group')) group = take(words, 'Illegal group num');
      else if (words.take('trunc')) trunc = take(words, 'Illegal truncation size');
      else if (words.take('help')) throw usage(words, USAGE);
      else break;
    }
    const action = takeControlOr(words, Verdict.PIPE, warn);
    const index = takeIndex(words, 'sample: Illegal "index"') ?? 0;
    if (index === 0 && group === undefined) throw usage(words, USAGE, 'param "group" not set');
    if (index === 0 && rate === undefined) throw usage(words, USAGE, 'param "rate" not set');
    w.put(TCA_SAMPLE.parms, { ...NO_GEN, action, index });
    if (rate !== undefined) w.put(TCA_SAMPLE.rate, rate);
    if (group !== undefined) w.put(TCA_SAMPLE.group, group);
    if (trunc !== undefined) w.put(TCA_SAMPLE.truncSize, trunc);
  },
  settle({ parms = NO_GEN, rate, group, truncSize }, _old, place) {
    if (rate === undefined || group === undefined) {
      throw new KernelError(Errno.EINVAL, 'sample rate and group are required');
    }
    checkControl(parms.action, place);
    if (rate === 0) throw new KernelError(Errno.EINVAL, 'invalid sample rate');
    return { parms, rate, group, ...(truncSize === undefined ? {} : { truncSize }) };
  },
  dump: (value, w) => dumpRows(TCA_SAMPLE, ['parms', 'tm', 'rate', 'truncSize', 'group'], value, w),
  print({ parms = NO_GEN, rate = 0, group = 0, truncSize, tm }, out, show = BARE) {
    out.put('kind', 'sample', 'sample ');
    out.put('rate', rate, `rate 1/${rate} `);
    out.put('group', group, `group ${group}`);
    if (truncSize !== undefined) out.put('trunc_size', truncSize, ` trunc_size ${truncSize}`);
    printControl(out, ' ', parms.action, '');
    printTail(out, parms, tm, show);
  },
  /** net/sched/act_sample.c: tcf_sample_act() */
  compile: ({ parms = NO_GEN }) => {
    const { action } = parms;
    return () => action;
  },
};

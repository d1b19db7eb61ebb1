import { Errno, KernelError, UsageError } from '../../errors.ts';
import { getU16, type Printer, type Words } from '../../lang/index.ts';
import { type Decoded, s32, struct, table, u16 } from '../../netlink/index.ts';
import { Input, Reader } from '../../packet/index.ts';
import { Verdict } from '../../verdict.ts';
import { checkControl, checkFallback, printControl, takeControl } from './control.ts';
import { type Action, BARE, Counters, dumpRows, GEN, NO_GEN, PARMS, printTail, TM, takeIndex, usage } from './kind.ts';

/** net/sched/act_gact.c, tc/m_gact.c: says a verdict, always or for one packet in so many. */

const PROB = struct({ ptype: u16, pval: u16, paction: s32 });

/** include/uapi/linux/tc_act/tc_gact.h: TCA_GACT_* */
const TCA_GACT = { tm: [1, TM], parms: [2, struct(GEN)], prob: [3, PROB] } as const;
type Gact = Decoded<typeof TCA_GACT>;

const Random = { NONE: 0, NETRAND: 1, DETERM: 2 } as const;
const RANDOM_NAMES = ['none', 'netrand', 'determ'];
const PVAL_MAX = 10000;

const USAGE = [
  'Usage: ... gact CONTROL [ random netrand|determ CONTROL N ] [ index INDEX ]',
  'CONTROL is one of reclassify drop continue pass pipe trap, goto chain INDEX, jump COUNT; N is at most 10000',
].join('\n');

/** gact's own parsers exit where they do not understand a control word. */
function control(words: Words): number {
  try {
    return takeControl(words);
  } catch (error) {
    const { message, exit } = error as UsageError;
    throw exit === 255 ? error : usage(words, USAGE, message);
  }
}

function takeRandom(words: Words): ReturnType<typeof PROB.read> {
  words.need();
  const ptype = words.take('netrand') ? Random.NETRAND : words.take('determ') ? Random.DETERM : Random.NONE;
  if (ptype === Random.NONE) throw new UsageError('Illegal "random type"', words.at);
  words.need();
  const paction = control(words);
  const pval = words.done ? undefined : getU16(words.next(), 10);
  // Quirk 36: what stood in tc's memory.
  if (pval === undefined) throw words.error('Illegal probability val 0x1000');
  if (pval > PVAL_MAX) throw words.error(`Illegal probability val  0x${pval.toString(16)}`);
  return { ptype, pval, paction };
}

/** Env.random stream of the action with this index: below those of the environment itself. */
function streamOf(index: number): number {
  return -0x10000 - index;
}

export const gact: Action<Gact> = {
  ...PARMS,
  kind: 'gact',
  codec: table(TCA_GACT),
  scope: ({ prob }) => (prob === undefined ? 'packet' : 'all'),
  speak(words, w) {
    if (words.take('gact')) words.need();
    let action = 0;
    let prob: ReturnType<typeof PROB.read> | undefined;
    let index = takeIndex(words);
    if (index === undefined) {
      action = control(words);
      if (words.take('random')) prob = takeRandom(words);
      else if (words.take('help')) throw usage(words, USAGE);
      index = takeIndex(words);
      if (index === undefined && words.take('help')) throw usage(words, USAGE);
    }
    w.put(TCA_GACT.parms, { ...NO_GEN, action, index: index ?? 0 });
    if (prob !== undefined) w.put(TCA_GACT.prob, prob);
  },
  check({ parms, prob }) {
    if (parms === undefined) throw new KernelError(Errno.EINVAL);
    if (prob === undefined) return;
    if (prob.ptype >= RANDOM_NAMES.length) throw new KernelError(Errno.EINVAL);
    checkFallback(prob.paction);
  },
  settle({ parms = NO_GEN, prob }, old, place) {
    checkControl(parms.action, place);
    const kept = prob === undefined ? old?.prob : { ...prob, pval: Math.max(1, prob.pval) };
    return { parms, ...(kept === undefined || kept.ptype === Random.NONE ? {} : { prob: kept }) };
  },
  dump: (value, w) => dumpRows(TCA_GACT, ['parms', 'prob', 'tm'], value, w),
  print({ parms = NO_GEN, prob, tm }, out: Printer, show = BARE) {
    const { ptype, pval, paction } = prob ?? { ptype: 0, pval: 0, paction: 0 };
    const name = RANDOM_NAMES[ptype] ?? 'none';
    out.put('kind', 'gact', 'gact ');
    printControl(out, 'action ', parms.action, '');
    out.open('{', 'prob');
    out.text('\n');
    out.put('random_type', name, `\t random type ${name}`);
    printControl(out, ' ', paction, ' ');
    out.put('val', pval, `val ${pval}`);
    out.close();
    printTail(out, parms, tm, show);
  },
  constant: ({ parms, prob }) => (prob === undefined ? (parms?.action ?? null) : null),
  verdicts: ({ parms = NO_GEN, prob }) => (prob === undefined ? [parms.action] : [parms.action, prob.paction]),
  assumed: ({ prob }) => prob?.ptype === Random.NETRAND,
  /** net/sched/act_gact.c: tcf_gact_act(), gact_net_rand(), gact_determ() */
  compile({ parms = NO_GEN, prob }, _world, env, counters = new Counters()) {
    const { action, index } = parms;
    const settle = (verdict: number): number => {
      if (verdict === Verdict.SHOT) counters.drops++;
      return verdict;
    };
    if (prob === undefined) return () => settle(action);
    const { ptype, pval, paction } = prob;
    let count = 0;
    if (ptype === Random.DETERM) {
      return () => {
        count = (count + 1) >>> 0;
        return settle(count % pval !== 0 ? action : paction);
      };
    }
    const stream = streamOf(index);
    return (p) => {
      p.reads(Input.DRAWN, Reader.ACTION);
      const drawn = Math.floor(((env.random(stream, count++) >>> 0) * pval) / 2 ** 32);
      return settle(drawn !== 0 ? action : paction);
    };
  },
};

import { Errno, KernelError, UsageError } from '../../errors.ts';
import type { Words } from '../../lang/index.ts';
import { type Decoded, FAILED_POLICY, s32, struct, table, u32 } from '../../netlink/index.ts';
import { Verdict } from '../../verdict.ts';
import { checkControl, printControl, takeControlOr } from './control.ts';
import {
  type Action,
  type Ask,
  atIngress,
  BARE,
  Counters,
  dumpRows,
  GEN,
  NO_GEN,
  NOBODY,
  PARMS,
  printIndex,
  printTm,
  skip,
  TM,
  takeIndex,
  usage,
} from './kind.ts';

/** net/sched/act_mirred.c, tc/m_mirred.c: sends a packet, or a copy of it, to a device. */

const MIRRED = struct({ ...GEN, eaction: s32, ifindex: u32 });

/** include/uapi/linux/tc_act/tc_mirred.h: TCA_MIRRED_* */
const TCA_MIRRED = { tm: [1, TM], parms: [2, MIRRED] } as const;
type Mirred = Decoded<typeof TCA_MIRRED>;
const NO_MIRRED = { ...NO_GEN, eaction: 0, ifindex: 0 };

/** TCA_EGRESS_REDIR and so on, from 1. */
const EACTIONS = [
  { direction: 'egress', what: 'redirect', text: 'Egress Redirect' },
  { direction: 'egress', what: 'mirror', text: 'Egress Mirror' },
  { direction: 'ingress', what: 'redirect', text: 'Ingress Redirect' },
  { direction: 'ingress', what: 'mirror', text: 'Ingress Mirror' },
] as const;

/** IFNAMSIZ - 1 */
const NAME_MAX = 15;

const USAGE = 'Usage: ... mirred egress|ingress mirror|redirect [ index INDEX ] dev NAME [ CONTROL ]';

interface Spoken {
  direction: 'egress' | 'ingress' | null;
  what: 'mirror' | 'redirect' | null;
  index: number | undefined;
  device: string;
}

/** parse_direction()'s loop; words it does not know are passed over (quirk 33). */
function takeWords(words: Words, s: Spoken, ask: Ask): void {
  for (;;) {
    if (words.done) return;
    if (words.take('action')) {
      words.need();
      return;
    }
    if (s.direction !== 'egress' && words.is('egress')) setDirection(words, s, 'egress');
    else if (s.direction !== 'ingress' && words.is('ingress')) setDirection(words, s, 'ingress');
    else if (takeOption(words, s, ask)) return;
    words.need();
  }
}

function setDirection(words: Words, s: Spoken, direction: 'egress' | 'ingress'): void {
  words.next();
  if (s.direction !== null) throw words.error(`Can't have both ${direction} and ${s.direction}`);
  s.direction = direction;
}

/** One word behind the direction; true: the loop is over. */
function takeOption(words: Words, s: Spoken, { warn }: Ask): boolean {
  const word = words.peek();
  const index = takeIndex(words);
  if (index !== undefined) {
    s.index = index;
    return s.direction === null;
  }
  if (s.direction === null) {
    warn(`was expecting egress or ingress (${word})`);
    return true;
  }
  words.next();
  for (const what of ['mirror', 'redirect'] as const) {
    if (s.what === what || !words.was(what)) continue;
    if (s.what !== null) throw words.error("Can't have both mirror and redir");
    s.what = what;
    return false;
  }
  if (s.what === null || !words.was('dev')) return false;
  s.device = words.next().slice(0, NAME_MAX);
  return true;
}

function eactionOf({ direction, what }: Spoken): number {
  return 1 + EACTIONS.findIndex((row) => row.direction === direction && row.what === what);
}

export const mirred: Action<Mirred> = {
  ...PARMS,
  kind: 'mirred',
  codec: table(TCA_MIRRED, FAILED_POLICY),
  scope: () => 'packet',
  speak(words, w, ask = NOBODY) {
    skip(words);
    const word = words.peek();
    if (!['egress', 'ingress', 'index'].some((keyword) => words.is(keyword))) {
      if (words.is('help')) throw usage(words, USAGE);
      throw new UsageError(`mirred option not supported ${word}`, words.at);
    }
    const s: Spoken = { direction: null, what: null, index: undefined, device: '' };
    takeWords(words, s, ask);
    const ifindex = s.device === '' ? 0 : ask.ifindex(s.device);
    if (s.device !== '' && ifindex === 0) throw words.error(`Cannot find device "${s.device}"`);
    let action: number = s.what === null ? Verdict.OK : s.what === 'mirror' ? Verdict.PIPE : Verdict.STOLEN;
    if (s.what === 'mirror') action = takeControlOr(words, Verdict.PIPE, ask.warn);
    if (s.index !== undefined && words.is('index')) throw words.error('mirred: Illegal double index');
    const index = s.index ?? takeIndex(words, 'mirred: Illegal "index"') ?? 0;
    w.put(TCA_MIRRED.parms, { ...NO_MIRRED, action, index, eaction: eactionOf(s), ifindex });
  },
  check({ parms }) {
    if (parms === undefined) throw new KernelError(Errno.EINVAL, 'Missing required mirred parameters');
  },
  settle({ parms = NO_MIRRED }, old, place) {
    const { eaction, ifindex } = parms;
    if (EACTIONS[eaction - 1] === undefined) throw new KernelError(Errno.EINVAL, 'Unknown mirred option');
    if (old === null && ifindex === 0) throw new KernelError(Errno.EINVAL, 'Specified device does not exist');
    checkControl(parms.action, place);
    if (ifindex === 0) return { parms: { ...parms, ifindex: old?.parms?.ifindex ?? 0 } };
    if (place.world.device(ifindex) === null) throw new KernelError(Errno.ENODEV);
    return { parms };
  },
  target: ({ parms = NO_MIRRED }) => parms.ifindex,
  dump: (value, w) => dumpRows(TCA_MIRRED, ['parms', 'tm'], value, w),
  print({ parms = NO_MIRRED, tm }, out, show = BARE) {
    const { eaction, ifindex } = parms;
    const { direction, what, text } = EACTIONS[eaction - 1] ?? {
      direction: 'unknown',
      what: 'unknown',
      text: 'unknown',
    };
    const device = show.device(ifindex) ?? (ifindex === 0 ? '*' : `if${ifindex}`);
    out.put('kind', 'mirred', 'mirred ');
    out.text(`(${text} to device ${device})`);
    out.member('mirred_action', what);
    out.member('direction', direction);
    out.member('to_dev', device);
    printControl(out, ' ', parms.action, '');
    out.text('\n');
    printIndex(out, parms, '\tindex ');
    printTm(out, tm, show);
    out.text('\n');
  },
  /** net/sched/act_mirred.c: tcf_mirred_act() — a device that is gone loses the copy, and the packet if it was to go there. */
  compile({ parms = NO_MIRRED }, world, _env, counters = new Counters()) {
    const { action, eaction, ifindex } = parms;
    const { direction, what } = EACTIONS[eaction - 1] ?? { direction: 'egress', what: 'mirror' };
    const reinserts = action === Verdict.STOLEN || action === Verdict.QUEUED || action === Verdict.TRAP;
    return (p) => {
      if (world.device(ifindex) === null) {
        counters.overlimits++;
        return what === 'redirect' ? Verdict.SHOT : action;
      }
      world.copied?.(p, ifindex, direction, what);
      return what === 'redirect' && reinserts && atIngress(p) ? Verdict.CONSUMED : action;
    };
  },
};

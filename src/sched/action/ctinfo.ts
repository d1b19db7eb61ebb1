import { Errno, KernelError } from '../../errors.ts';
import { getU16, getU32, hex8, hexText, type Words } from '../../lang/index.ts';
import { type Decoded, FAILED_POLICY, struct, table, u16, u32, u64 } from '../../netlink/index.ts';
import { Input, type Packet, Reader } from '../../packet/index.ts';
import { Verdict } from '../../verdict.ts';
import { Asks } from '../notation.ts';
import { dsfield, ipVersion, setDscp } from './bytes.ts';
import { checkControl, printControl, takeControlOr } from './control.ts';
import {
  type Action,
  BARE,
  Counters,
  dumpRows,
  GEN,
  NO_GEN,
  NOBODY,
  printIndex,
  printTm,
  TM,
  takeIndex,
  usage,
} from './kind.ts';

/** net/sched/act_ctinfo.c, tc/m_ctinfo.c: the connection's mark becomes the packet's DSCP, or its mark. */

/** include/uapi/linux/tc_act/tc_ctinfo.h: TCA_CTINFO_* */
const TCA_CTINFO = {
  tm: [2, TM],
  act: [3, struct(GEN)],
  zone: [4, u16],
  dscpMask: [5, u32],
  dscpStatemask: [6, u32],
  cpmarkMask: [7, u32],
  dscpSet: [8, u64],
  dscpError: [9, u64],
  cpmarkSet: [10, u64],
} as const;
type Ctinfo = Decoded<typeof TCA_CTINFO>;

const USAGE =
  'Usage: ... ctinfo [ dscp MASK [ STATEMASK ] ] [ cpmark [ MASK ] ] [ zone ZONE ] [ CONTROL ] [ index INDEX ]';

/** Position of the lowest bit set; 0 for none. */
function lowestBit(mask: number): number {
  return mask === 0 ? 0 : 31 - Math.clz32(mask & -mask);
}

/** A number that may stand next; 0 and nothing taken if it does not. */
function takeOptional(words: Words, otherwise: number): number {
  const value = words.done ? undefined : getU32(words.peek());
  if (value === undefined) return otherwise;
  words.next();
  return value;
}

export const ctinfo: Action<Ctinfo> = {
  kind: 'ctinfo',
  codec: table(TCA_CTINFO, FAILED_POLICY),
  scope: () => 'packet',
  sets: Input.MARK,
  asks: Asks.ENTRY,
  speak(words, w, { warn } = NOBODY) {
    while (words.take('ctinfo'));
    if (words.take('help')) throw usage(words, USAGE);
    let dscpMask: number | undefined = 0;
    let statemask = 0;
    if (words.take('dscp')) {
      dscpMask = getU32(words.next());
      if (dscpMask === undefined) throw words.error('ctinfo: Illegal dscp "mask"');
      statemask = takeOptional(words, 0);
    }
    const cpmark = words.take('cpmark') ? takeOptional(words, 0xffffffff) : 0;
    let zone: number | undefined = 0;
    if (words.take('zone')) {
      zone = getU16(words.next(), 10);
      if (zone === undefined) throw words.error('ctinfo: Illegal "zone"');
    }
    const action = takeControlOr(words, Verdict.PIPE, warn);
    const index = takeIndex(words, 'ctinfo: Illegal "index"') ?? 0;
    if ((dscpMask & statemask) !== 0) throw words.error('ctinfo: dscp mask & statemask must NOT overlap');
    if (dscpMask !== 0 && dscpMask >>> lowestBit(dscpMask) !== 0x3f) {
      throw words.error('ctinfo: dscp mask must be 6 contiguous bits long');
    }
    w.put(TCA_CTINFO.act, { ...NO_GEN, action, index });
    w.put(TCA_CTINFO.zone, zone);
    if (dscpMask) w.put(TCA_CTINFO.dscpMask, dscpMask);
    if (statemask) w.put(TCA_CTINFO.dscpStatemask, statemask);
    if (cpmark) w.put(TCA_CTINFO.cpmarkMask, cpmark);
  },
  gen: ({ act }) => act,
  stamp: (value, gen, tm, counters) => ({
    ...value,
    act: gen,
    ...(tm === undefined ? {} : { tm }),
    dscpSet: BigInt(counters.dscpSet),
    dscpError: BigInt(counters.dscpError),
    cpmarkSet: BigInt(counters.cpmarkSet),
  }),
  check({ act, dscpMask, dscpStatemask = 0 }) {
    if (act === undefined) throw new KernelError(Errno.EINVAL, 'Missing required TCA_CTINFO_ACT attribute');
    if (dscpMask === undefined) return;
    if (dscpMask >>> lowestBit(dscpMask) !== 0x3f) {
      throw new KernelError(Errno.EINVAL, 'dscp mask must be 6 contiguous bits');
    }
    if ((dscpMask & dscpStatemask) !== 0) {
      throw new KernelError(Errno.EINVAL, 'dscp statemask must not overlap dscp mask');
    }
  },
  settle({ act = NO_GEN, zone = 0, dscpMask, dscpStatemask = 0, cpmarkMask }, _old, place) {
    checkControl(act.action, place);
    return {
      act,
      zone,
      ...(dscpMask === undefined ? {} : { dscpMask, dscpStatemask }),
      ...(cpmarkMask === undefined ? {} : { cpmarkMask }),
    };
  },
  dump(value, w) {
    const masks = ['dscpMask', 'dscpStatemask', 'cpmarkMask'] as const;
    dumpRows(TCA_CTINFO, ['tm', 'act', 'zone', ...masks, 'dscpSet', 'dscpError', 'cpmarkSet'], value, w);
  },
  print(value, out, show = BARE) {
    const { act = NO_GEN, zone = 0, dscpMask, dscpStatemask = 0, cpmarkMask, tm } = value;
    const padded = (mask: number): string => (mask === 0 ? '0'.repeat(10) : `0x${hex8(mask)}`);
    out.put('kind', 'ctinfo', 'ctinfo ');
    out.put('zone', zone, `zone ${zone}`);
    printControl(out, ' ', act.action, '');
    out.text('\n');
    printIndex(out, act);
    if (dscpMask !== undefined) {
      out.put('dscpmask', hexText(dscpMask), ` dscp ${padded(dscpMask)}`);
      out.put('dscpstatemask', hexText(dscpStatemask), ` ${padded(dscpStatemask)}`);
    }
    if (cpmarkMask !== undefined) out.put('cpmark', hexText(cpmarkMask), ` cpmark ${padded(cpmarkMask)}`);
    printTm(out, tm, show);
    if (show.stats) {
      const { dscpSet, dscpError, cpmarkSet } = value;
      if (dscpSet !== undefined) out.put('dscpset', dscpSet, ` DSCP set ${dscpSet}`);
      if (dscpError !== undefined) out.put('dscperror', dscpError, ` error ${dscpError}`);
      if (cpmarkSet !== undefined) out.put('cpmarkset', cpmarkSet, ` CPMARK set ${cpmarkSet}`);
    }
    out.text('\n');
  },
  /** net/sched/act_ctinfo.c: tcf_ctinfo_act() — as connmark, it looks up the entry that is not attached. */
  compile({ act = NO_GEN, dscpMask, dscpStatemask = 0, cpmarkMask }, _world, _env, counters = new Counters()) {
    const { action } = act;
    const shift = lowestBit(dscpMask ?? 0);
    const restore = (p: Packet, version: 4 | 6, mark: number): void => {
      const dscp = (((mark & (dscpMask ?? 0)) >>> shift) << 2) & 0xfc;
      if ((dsfield(p, version) & 0xfc) === dscp) return;
      setDscp(p, version, dscp);
      counters.dscpSet++;
    };
    return (p) => {
      const version = ipVersion(p);
      if (version === 0) return action;
      const ct = p.ct ?? p.entry;
      if (ct?.knowsMark !== true) p.reads(Input.CONNMARK, Reader.ACTION);
      if (ct === null) return action;
      const { mark } = ct;
      if (dscpMask !== undefined && (dscpStatemask === 0 || (mark & dscpStatemask) !== 0)) restore(p, version, mark);
      if (cpmarkMask !== undefined) {
        p.mark = mark & cpmarkMask;
        p.writes(Input.MARK, ct.knowsMark);
        counters.cpmarkSet++;
      }
      return action;
    };
  },
};

import { getU16 } from '../../lang/index.ts';
import { type Decoded, struct, table, u16 } from '../../netlink/index.ts';
import { Input, Reader } from '../../packet/index.ts';
import { Verdict } from '../../verdict.ts';
import { Asks } from '../notation.ts';
import { ipVersion } from './bytes.ts';
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
  printTail,
  TM,
  takeIndex,
  usage,
} from './kind.ts';

/** net/sched/act_connmark.c, tc/m_connmark.c: the connection's mark becomes the packet's. */

const CONNMARK = struct({ ...GEN, zone: u16 }, 24);

/** include/uapi/linux/tc_act/tc_connmark.h: TCA_CONNMARK_* */
const TCA_CONNMARK = { parms: [1, CONNMARK], tm: [2, TM] } as const;
type Connmark = Decoded<typeof TCA_CONNMARK>;
const NO_CONNMARK = { ...NO_GEN, zone: 0 };

const USAGE = 'Usage: ... connmark [ zone ZONE ] [ CONTROL ] [ index INDEX ]';

export const connmark: Action<Connmark> = {
  ...PARMS,
  kind: 'connmark',
  codec: table(TCA_CONNMARK),
  scope: () => 'packet',
  sets: Input.MARK,
  asks: Asks.ENTRY,
  speak(words, w, { warn } = NOBODY) {
    while (words.take('connmark'));
    if (words.take('help')) throw usage(words, USAGE);
    let zone: number | undefined = 0;
    if (words.take('zone')) {
      zone = getU16(words.next(), 10);
      if (zone === undefined) throw words.error('connmark: Illegal "zone"');
    }
    const action = takeControlOr(words, Verdict.PIPE, warn);
    const index = takeIndex(words, 'connmark: Illegal "index"') ?? 0;
    w.put(TCA_CONNMARK.parms, { ...NO_CONNMARK, action, index, zone });
  },
  settle({ parms = NO_CONNMARK }, _old, place) {
    checkControl(parms.action, place);
    return { parms };
  },
  dump: (value, w) => dumpRows(TCA_CONNMARK, ['parms', 'tm'], value, w),
  print({ parms = NO_CONNMARK, tm }, out, show = BARE) {
    out.put('kind', 'connmark', 'connmark ');
    out.put('zone', parms.zone, `zone ${parms.zone}`);
    printControl(out, ' ', parms.action, '');
    printTail(out, parms, tm, show);
  },
  /**
   * net/sched/act_connmark.c: tcf_connmark_act() — marked packets count as overlimits. Where no entry is attached the
   * table's is looked up for its mark alone: the packet does not keep it.
   */
  compile({ parms = NO_CONNMARK }, _world, _env, counters = new Counters()) {
    const { action } = parms;
    return (p) => {
      if (ipVersion(p) === 0) return action;
      const ct = p.ct ?? p.entry;
      if (ct?.knowsMark !== true) p.reads(Input.CONNMARK, Reader.ACTION);
      if (ct !== null) {
        p.mark = ct.mark;
        p.writes(Input.MARK, ct.knowsMark);
        counters.overlimits++;
      }
      return action;
    };
  },
};

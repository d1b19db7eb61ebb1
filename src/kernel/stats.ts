import { type AttrWriter, TCA_STATS } from '../netlink/index.ts';
import { TCA_TYPE } from './validate.ts';

/** struct tc_stats */
const OLD_SIZE = 40;
/** Its contents are the kind's. */
const TCA_STATS_APP = 4;

/** The same of a class whose kind has no ->dump_stats(): the frame without contents. */
export function writeNoStats(w: AttrWriter): void {
  w.nest(TCA_TYPE.STATS2, () => {});
  w.nest(TCA_TYPE.STATS, () => w.zeros(OLD_SIZE));
}

/**
 * net/core/gen_stats.c: gnet_stats_start_copy_compat() to gnet_stats_finish_copy() — the statistics of something that
 * no packet went through, new form and old. `estimated`: with the rates of an estimator. `own`: what the kind adds.
 */
export function writeZeroStats(w: AttrWriter, estimated: boolean, own?: (w: AttrWriter) => void): void {
  w.nest(TCA_TYPE.STATS2, () => {
    w.put(TCA_STATS.basic, { bytes: 0n, packets: 0 });
    if (estimated) w.put(TCA_STATS.rate, { bps: 0, pps: 0 });
    w.put(TCA_STATS.queue, { qlen: 0, backlog: 0, drops: 0, requeues: 0, overlimits: 0 });
    if (own !== undefined) w.nest(TCA_STATS_APP, () => own(w));
  });
  w.nest(TCA_TYPE.STATS, () => w.zeros(OLD_SIZE));
  if (own !== undefined) w.nest(TCA_TYPE.XSTATS, () => own(w));
}

import type { AttrWriter } from '../../netlink/index.ts';
import { TCA_TYPE } from './validate.ts';

/** TCA_STATS_* */
const BASIC = 1;
const RATE_EST = 2;
const QUEUE = 3;
const BASIC_SIZE = 16;
const RATE_EST_SIZE = 8;
const QUEUE_SIZE = 20;
/** struct tc_stats */
const OLD_SIZE = 40;

/** The same of a class whose kind has no ->dump_stats(): the frame without contents. */
export function writeNoStats(w: AttrWriter): void {
  w.nest(TCA_TYPE.STATS2, () => {});
  w.nest(TCA_TYPE.STATS, () => w.zeros(OLD_SIZE));
}

/**
 * net/core/gen_stats.c: gnet_stats_start_copy_compat() to gnet_stats_finish_copy() — the statistics of something that
 * no packet went through, new form and old. `estimated`: with the rates of an estimator.
 */
export function writeZeroStats(w: AttrWriter, estimated: boolean): void {
  w.nest(TCA_TYPE.STATS2, () => {
    w.nest(BASIC, () => w.zeros(BASIC_SIZE));
    if (estimated) w.nest(RATE_EST, () => w.zeros(RATE_EST_SIZE));
    w.nest(QUEUE, () => w.zeros(QUEUE_SIZE));
  });
  w.nest(TCA_TYPE.STATS, () => w.zeros(OLD_SIZE));
}

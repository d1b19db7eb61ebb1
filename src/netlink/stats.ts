import { type Printer, rateText, sizeText } from '../lang/index.ts';
import { struct, table, u32, u64 } from './attr.ts';

/*
 * What a qdisc, class or action has counted: the nest TCA_STATS2 of qdiscs and classes, TCA_ACT_STATS of actions.
 */

const BASIC = struct({ bytes: u64, packets: u32 }, 16);
const QUEUE = struct({ qlen: u32, backlog: u32, drops: u32, requeues: u32, overlimits: u32 });
const RATE = struct({ bps: u32, pps: u32 });

/** include/uapi/linux/gen_stats.h: TCA_STATS_* */
export const TCA_STATS = { basic: [1, BASIC], rate: [2, RATE], queue: [3, QUEUE], basicHw: [7, BASIC] } as const;
const STATS = table(TCA_STATS);

/** iproute2 tc/tc_util.c: print_tcstats2_attr() — each line begun with `prefix`, the last one not ended. */
export function printStats(payload: Uint8Array, prefix: string, out: Printer): void {
  const { basic, rate, queue } = STATS.read(payload, 0, payload.length);
  if (basic !== undefined) {
    out.text(prefix);
    out.put('bytes', basic.bytes, `Sent ${basic.bytes} bytes`);
    out.put('packets', basic.packets, ` ${basic.packets} pkt`);
  }
  if (queue !== undefined) {
    out.put('drops', queue.drops, ` (dropped ${queue.drops}`);
    out.put('overlimits', queue.overlimits, `, overlimits ${queue.overlimits}`);
    out.put('requeues', queue.requeues, ` requeues ${queue.requeues}) `);
  }
  if (rate !== undefined) {
    out.text(`\n${prefix}`);
    out.put('rate', rate.bps, `rate ${rateText(rate.bps)}`);
    out.put('pps', rate.pps, ` ${rate.pps}pps`);
  }
  if (queue !== undefined) {
    // Behind a rate tc forgets to begin a new line (quirk 31).
    out.text(rate === undefined ? `\n${prefix}` : prefix);
    out.put('backlog', queue.backlog, `backlog ${sizeText(queue.backlog)}`);
    out.put('qlen', queue.qlen, ` ${queue.qlen}p`);
    out.text(` requeues ${queue.requeues}`);
  }
}

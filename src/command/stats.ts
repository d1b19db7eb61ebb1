import { type Printer, rateText, sizeText } from '../lang/index.ts';
import { AttrReader } from '../netlink/index.ts';
import { le32 } from '../u32.ts';

/** What a qdisc, class or action has counted, as attributes say it. */
export interface Stats {
  bytes: bigint;
  packets: number;
  drops: number;
  overlimits: number;
  requeues: number;
  queued: number;
  backlog: number;
  /** Bytes and packets a second of the estimator; null: there is none. */
  rate: { bytes: number; packets: number } | null;
}

const TCA_STATS_BASIC = 1;
const TCA_STATS_RATE_EST = 2;
const TCA_STATS_QUEUE = 3;
const TCA_STATS_PKT64 = 8;

function u64(data: Uint8Array, at: number): bigint {
  return BigInt(le32(data, at) >>> 0) | (BigInt(le32(data, at + 4) >>> 0) << 32n);
}

function u32(data: Uint8Array, at: number): number {
  return at + 4 <= data.length ? le32(data, at) >>> 0 : 0;
}

/** TCA_STATS2, a nest of basic, estimator and queue counts (include/uapi/linux/gen_stats.h). */
export function readStats2(payload: Uint8Array): Stats {
  const stats: Stats = {
    bytes: 0n,
    packets: 0,
    drops: 0,
    overlimits: 0,
    requeues: 0,
    queued: 0,
    backlog: 0,
    rate: null,
  };
  const reader = new AttrReader(payload);
  while (reader.next()) {
    const data = reader.payload();
    if (reader.type === TCA_STATS_BASIC && data.length >= 12) {
      stats.bytes = u64(data, 0);
      stats.packets = u32(data, 8);
    } else if (reader.type === TCA_STATS_PKT64 && data.length >= 8) {
      stats.packets = Number(u64(data, 0));
    } else if (reader.type === TCA_STATS_RATE_EST && data.length >= 8) {
      stats.rate = { bytes: u32(data, 0), packets: u32(data, 4) };
    } else if (reader.type === TCA_STATS_QUEUE) {
      stats.queued = u32(data, 0);
      stats.backlog = u32(data, 4);
      stats.drops = u32(data, 8);
      stats.requeues = u32(data, 12);
      stats.overlimits = u32(data, 16);
    }
  }
  return stats;
}

/** tc/tc_util.c: print_tcstats2_attr(), each line begun with `prefix`; without the last newline. */
export function printStats2(stats: Stats, prefix: string, out: Printer): void {
  const { bytes, packets, drops, overlimits, requeues, queued, backlog } = stats;
  out.text(`${prefix}Sent `);
  out.put('bytes', bytes, `${bytes} bytes`);
  out.put('packets', packets, ` ${packets} pkt`);
  out.put('drops', drops, ` (dropped ${drops}`);
  out.put('overlimits', overlimits, `, overlimits ${overlimits}`);
  out.put('requeues', requeues, ` requeues ${requeues}) `);
  if (stats.rate !== null) {
    const { bytes: rate, packets: pps } = stats.rate;
    out.put('rate', rate, `\n${prefix}rate ${rateText(rate)}`);
    out.put('pps', pps, ` ${pps}pps `);
  }
  if (stats.rate === null) out.text(`\n${prefix}`);
  out.put('backlog', backlog, `backlog ${sizeText(backlog)}`);
  out.put('qlen', queued, ` ${queued}p`);
  out.put('requeues', requeues, ` requeues ${requeues}`);
}

/** tc/tc_util.c: print_tcstats_attr() of an old struct tc_stats, with the blank and the newline tc puts around it. */
export function printOldStats(payload: Uint8Array, out: Printer): void {
  if (payload.length < 20) return;
  const dropped = `(dropped ${u32(payload, 12)}, overlimits ${u32(payload, 16)})`;
  out.unconverted((plain) => plain.text(` Sent ${u64(payload, 0)} bytes ${u32(payload, 8)} pkts ${dropped} `));
  out.text('\n');
}

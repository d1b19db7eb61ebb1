import type { Printer } from '../lang/index.ts';
import { printStats, struct, u32, u64 } from '../netlink/index.ts';

/** include/uapi/linux/pkt_sched.h: struct tc_stats, as far as tc prints it. */
const OLD_STATS = struct({ bytes: u64, packets: u32, drops: u32, overlimits: u32 });

/** tc/tc_util.c: print_tcstats_attr() of an old struct tc_stats, with the blank and the newline tc puts around it. */
export function printOldStats(payload: Uint8Array, out: Printer): void {
  if (!OLD_STATS.fits(payload.length)) return;
  const { bytes, packets, drops, overlimits } = OLD_STATS.read(payload, 0, payload.length);
  const text = ` Sent ${bytes} bytes ${packets} pkts (dropped ${drops}, overlimits ${overlimits}) `;
  out.unconverted((plain) => plain.text(text));
  out.text('\n');
}

/** tc/tc_util.c: print_tcstats_attr() of TCA_STATS2, the same way. */
export function printNewStats(payload: Uint8Array, out: Printer): void {
  printStats(payload, ' ', out);
  out.text('\n');
}

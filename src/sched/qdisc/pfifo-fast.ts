import { UsageError } from '../../errors.ts';
import type { QdiscKind } from './kind.ts';
import { einval, putOptions, QUEUE } from './options.ts';
import { DEFAULT_PRIO, PRIO_QOPT, printPrio } from './prio.ts';

/** net/sched/sch_generic.c: pfifo_fast, what a device has by default; tc knows no words for it. */
export const PFIFO_FAST: QdiscKind<null> = {
  ...QUEUE,
  kind: 'pfifo_fast',
  codec: PRIO_QOPT,
  speak(words) {
    if (!words.done) throw new UsageError("qdisc 'pfifo_fast' does not support option parsing", words.at, '', 255);
  },
  /** pfifo_fast_init(): rings of no length cannot be. */
  settle(_, __, { device }) {
    if (device.txqlen === 0) throw einval();
    return null;
  },
  changes: false,
  unasked: true,
  bypassed: true,
  dump: (_, w) => putOptions(w, PRIO_QOPT, DEFAULT_PRIO),
  print: printPrio,
};

import { Errno, KernelError } from '../../errors.ts';
import type { Words } from '../../lang/index.ts';
import { nest, TC_H } from '../../netlink/index.ts';
import type { BandKind, QdiscKind } from './kind.ts';
import { QUEUE } from './options.ts';
import { byQueue } from './place.ts';

/** tc/tc.c: parse_noqopt() — a kind that tc has no file for. */
export function speakNone(kind: string, words: Words): void {
  if (words.done) return;
  const word = words.next();
  throw words.error(`Unknown qdisc "${kind}", hence option "${word}" is unparsable`);
}

const PLAIN = { ...QUEUE, codec: nest, changes: false, unasked: true, dump: () => {} } as const;

/** tc/tc.c: print_noqopt() */
const print: QdiscKind['print'] = (options, out) => {
  if (options !== null && options.length > 0) out.text(`[Unknown qdisc, optlen=${options.length}] `);
};

/** net/sched/sch_generic.c: noqueue, of devices that queue nothing. */
export const NOQUEUE: QdiscKind<null> = {
  ...PLAIN,
  kind: 'noqueue',
  print,
  speak: (words) => speakNone('noqueue', words),
  settle: () => null,
  sendsAtOnce: true,
};

/** Number of transmit queues. */
type Mq = { readonly queues: number };

const QUEUES: BandKind<Mq> = {
  count: ({ queues }) => queues,
  root: true,
  listed: true,
  child: 'default',
  anyClass: null,
  leavesNoop: true,
  perQueue: true,
  ofQueues: (queues) => ({ queues }),
  change: null,
};

/** net/sched/sch_mq.c: a child for each of a device's transmit queues. */
export const MQ: QdiscKind<Mq> = {
  ...PLAIN,
  kind: 'mq',
  print,
  speak: (words) => speakNone('mq', words),
  settle(_, __, { device, parent }) {
    if (parent !== TC_H.ROOT || device.txQueues <= 1) throw new KernelError(Errno.EOPNOTSUPP);
    return { queues: device.txQueues };
  },
  place: ({ queues }, at) => byQueue(at, queues),
  classful: true,
  bands: QUEUES,
};

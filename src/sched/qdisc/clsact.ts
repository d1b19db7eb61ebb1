import { nest } from '../../netlink/index.ts';
import { hook } from './ingress.ts';
import type { QdiscKind } from './kind.ts';
import { options, QUEUE, speakAll } from './options.ts';

/** net/sched/sch_ingress.c, iproute2 tc/q_clsact.c: hooks for filters on both ways. */
export const CLSACT: QdiscKind<null> = {
  ...QUEUE,
  kind: 'clsact',
  codec: nest,
  speak: (words) => speakAll(words, [], null, { kind: 'clsact', help: false }),
  settle: (_, __, place) => hook(place),
  changes: false,
  ingress: true,
  egress: true,
  anyMinor: true,
  classful: true,
  filters: 'hooks',
  dump: (_, w) => options(w, () => {}),
  print: () => {},
};

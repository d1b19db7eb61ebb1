import { Errno, KernelError } from '../../errors.ts';
import { nest, TC_H } from '../../netlink/index.ts';
import type { QdiscKind, QdiscPlace } from './kind.ts';
import { options, QUEUE, speakAll } from './options.ts';

/** net/sched/sch_ingress.c, iproute2 tc/q_ingress.c: no queue, a hook for filters on what comes in. */
export const INGRESS: QdiscKind<null> = {
  ...QUEUE,
  kind: 'ingress',
  codec: nest,
  speak(words) {
    speakAll(words, [{ word: 'handle', argument: 'ID', speak: (rest) => void rest.next() }], null, {
      kind: 'ingress',
      help: false,
    });
  },
  settle: (_, __, place) => hook(place),
  changes: false,
  ingress: true,
  anyMinor: true,
  classful: true,
  filters: 'hooks',
  dump: (_, w) => options(w, () => {}),
  print: (_, out) => out.text('---------------- '),
};

/** ingress_init(), clsact_init() */
export function hook({ parent }: QdiscPlace): null {
  if (parent !== TC_H.INGRESS) throw new KernelError(Errno.EOPNOTSUPP);
  return null;
}

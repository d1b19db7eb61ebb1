import { Errno, KernelError } from '../../errors.ts';
import { struct, u16 } from '../../netlink/index.ts';
import type { BandKind, QdiscKind } from './kind.ts';
import { putOptions, QUEUE, readStruct, speakAll } from './options.ts';
import { byQueue } from './place.ts';

/** struct tc_multiq_qopt: bands in use and at most. */
const QOPT = struct({ bands: u16, maxBands: u16 });
type Multiq = ReturnType<typeof QOPT.read>;

const BANDS: BandKind<Multiq> = {
  count: ({ bands }) => bands,
  root: false,
  listed: true,
  child: 'fifo',
  anyClass: null,
  leavesNoop: true,
  perQueue: false,
  ofQueues: (bands) => ({ bands, maxBands: bands }),
  change: null,
};

/** net/sched/sch_multiq.c, iproute2 tc/q_multiq.c: a band for each of a device's transmit queues. */
export const MULTIQ: QdiscKind<Multiq> = {
  ...QUEUE,
  kind: 'multiq',
  codec: QOPT,
  speak(words, w) {
    speakAll(words, [], null, { kind: 'multiq' });
    putOptions(w, QOPT, { bands: 0, maxBands: 0 });
  },
  /** multiq_tune(): what the request says of bands does not count. */
  settle(_, payload, { device }) {
    if (payload !== null && device.txQueues <= 1) throw new KernelError(Errno.EOPNOTSUPP);
    readStruct(QOPT, payload);
    return { bands: device.txQueues, maxBands: device.txQueues };
  },
  classful: true,
  bands: BANDS,
  anyMinor: true,
  filters: 'qdisc',
  /** multiq_classify(): the filters are asked, their class does not count. */
  place: ({ bands }, at) => (at.ask(at.handle).taken ? at.taken() : byQueue(at, bands)),
  dump: (multiq, w) => putOptions(w, QOPT, multiq),
  print(payload, out) {
    if (payload === null || !QOPT.fits(payload.length)) return;
    const { bands, maxBands } = QOPT.read(payload, 0, payload.length);
    out.unconverted((plain) => {
      plain.put('bands', bands, `bands ${bands}/`);
      plain.put('max_bands', maxBands, `${maxBands} `);
    });
  },
};

import { getSize, type Printer, sizeText } from '../../lang/index.ts';
import { decode, struct, u32 } from '../../netlink/index.ts';
import type { QdiscKind, QdiscPlace } from './kind.ts';
import { pschedMtu, putOptions, QUEUE, readStruct, speakAll } from './options.ts';

/** struct tc_fifo_qopt: bytes for bfifo, packets for the others. */
const FIFO = struct({ limit: u32 });
type Fifo = ReturnType<typeof FIFO.read>;

/** net/sched/sch_fifo.c, iproute2 tc/q_fifo.c: the three are one family. */
function fifo(kind: string, dflt: (place: QdiscPlace) => number, print: (limit: number, out: Printer) => void) {
  const queue: QdiscKind<Fifo> = {
    ...QUEUE,
    kind,
    codec: FIFO,
    speak(words, w) {
      const spoken: { limit?: number } = {};
      const limit = {
        word: 'limit',
        argument: 'NUMBER',
        speak() {
          const text = words.next();
          const value = getSize(text);
          if (value === undefined) throw words.error(`${kind}: Illegal value for "limit": "${text}"`);
          spoken.limit = value;
        },
      };
      speakAll(words, [limit], spoken, { kind, unknown: (word) => `${kind}: unknown parameter "${word}"` });
      if (spoken.limit !== undefined) putOptions(w, FIFO, { limit: spoken.limit });
    },
    bypassed: true,
    /** __fifo_init() */
    settle: (_, options, place) => (options === null ? { limit: dflt(place) } : readStruct(FIFO, options)),
    dump: (settings, w) => putOptions(w, FIFO, settings),
    print(options, out) {
      if (options !== null && FIFO.fits(options.length)) print(decode(FIFO, options).limit, out);
    },
  };
  return queue;
}

const printPackets = (limit: number, out: Printer): void => out.put('limit', limit, `limit ${limit}p`);
const packets = (place: QdiscPlace): number => place.device.txqlen;

export const PFIFO = fifo('pfifo', packets, printPackets);
export const PFIFO_HEAD_DROP = fifo('pfifo_head_drop', packets, printPackets);
export const BFIFO = fifo(
  'bfifo',
  (place) => (place.device.txqlen * pschedMtu(place)) >>> 0,
  (limit, out) => out.put('limit', limit, `limit ${sizeText(limit)}`),
);

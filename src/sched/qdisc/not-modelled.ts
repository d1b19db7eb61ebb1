import type { Words } from '../../lang/index.ts';
import { bytes, TYPED, typedWords } from '../../netlink/index.ts';
import { type BandKind, By, type QdiscKind } from './kind.ts';
import { options, QUEUE } from './options.ts';
import { speakNone } from './plain.ts';

/**
 * The kinds that tc 6.1 and Linux 6.1 have and that are not modelled here. Such a qdisc is there with its handle, its
 * parent and what hangs below it. Its options are the words as typed, and none of them is judged.
 */

/** TCA_OPTIONS as the request had it: the words or, where tc was not ours, its bytes. null: there were none. */
type Typed = Uint8Array | null;

const CHILDREN: BandKind<Typed> = {
  count: () => 0,
  root: false,
  listed: false,
  child: 'none',
  anyClass: null,
  leavesNoop: true,
  perQueue: false,
  ofQueues: null,
  change: null,
};
/** Any class id names the one child. */
const ONE_CHILD: BandKind<Typed> = { ...CHILDREN, anyClass: 'one child' };
/** A child for each transmit queue; how many a device has is not known here. */
const QUEUES: BandKind<Typed> = { ...CHILDREN, anyClass: 'queues' };

/** What is known of a kind. */
type Known = Pick<QdiscKind<Typed>, 'changes'> & Partial<Pick<QdiscKind<Typed>, 'classful' | 'bands'>>;

const WITH_OPTIONS: Readonly<Record<string, Known>> = {
  cbs: { changes: true, classful: true, bands: ONE_CHILD },
  etf: { changes: false },
  gred: { changes: true },
  hhf: { changes: true },
  mqprio: { changes: false, classful: true, bands: QUEUES },
  netem: { changes: true, classful: true, bands: ONE_CHILD },
  plug: { changes: true },
  // It has classes for its statistics; nothing can be hung on them.
  skbprio: { changes: true, classful: true },
  taprio: { changes: true, classful: true, bands: QUEUES },
};

const TEQL = /^teql\d+$/;

function row(kind: string, known: Known, speak: QdiscKind['speak']): QdiscKind<Typed> {
  return {
    ...QUEUE,
    ...known,
    kind,
    modelled: false,
    codec: bytes,
    speak(words, w) {
      words.leaveOut(`qdisc kind "${kind}"`);
      speak(words, w);
    },
    settle: (_, payload) => payload,
    place: (_, at) => at.notModelled(),
    dump(typed, w) {
      if (typed !== null) options(w, () => w.bytes(typed));
    },
    print(payload, out) {
      const typed = typedWords(payload);
      if (typed !== null) out.put('words', typed, `${typed} `);
      else if (payload !== null) out.text(`[not modelled, optlen=${payload.length}] `);
    },
  };
}

const speakTyped: QdiscKind['speak'] = (words, w) => {
  if (!words.done) options(w, () => w.put(TYPED, words.takeRest()));
};

/** A kind that tc has no words for. */
const withoutWords = (kind: string): QdiscKind<Typed> =>
  row(kind, { changes: false }, (words: Words) => speakNone(kind, words));

/** net/sched/sch_blackhole.c: what becomes of a packet is known even so. */
const BLACKHOLE: QdiscKind<Typed> = {
  ...withoutWords('blackhole'),
  place: (_, at) => at.nowhere(By.LIKE_EVERY_PACKET),
};

export const NOT_MODELLED: readonly QdiscKind<Typed>[] = [
  ...Object.entries(WITH_OPTIONS).map(([kind, known]) => row(kind, known, speakTyped)),
  BLACKHOLE,
];

/** net/sched/sch_teql.c: a kind for each of its master devices, teql0 and on; null: another name. */
export function teql(kind: string): QdiscKind<Typed> | null {
  return TEQL.test(kind) ? withoutWords(kind) : null;
}

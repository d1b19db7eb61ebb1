import fc from 'fast-check';
import { expect, test } from 'vitest';
import { answer, classPlace, HOOK, kindOf, payloadOf, ROOT, refusal, written } from '../../../test/qdiscs.ts';
import { Printer, Words } from '../../lang/index.ts';
import { AttrWriter } from '../../netlink/index.ts';
import { PLAIN } from '../notation.ts';
import { findClass, findQdisc, QDISCS } from './index.ts';
import type { QdiscKind } from './kind.ts';

const placeOf = (kind: QdiscKind) => (kind.ingress ? HOOK : ROOT);
const KINDS = QDISCS.map((kind) => [kind.kind, kind] as const);

/** Words that make any kind: with no words at all some do not. */
const MINIMAL: Readonly<Record<string, string>> = {
  tbf: 'rate 1mbit burst 10k latency 50ms',
  ets: 'bands 3',
  red: 'limit 100k avpkt 1000',
  choke: 'limit 100 bandwidth 10mbit',
};

/** Kinds that the kernel would not make alike from its own dump. */
const DUMP_DIFFERS: Readonly<Record<string, string>> = {
  red: 'a request needs the table of idle times',
  choke: 'a request needs the table of idle times',
  codel: 'times lose a little each turn',
  fq_codel: 'times lose a little each turn',
  htb: 'a dump has the kernel’s version, a request tc’s',
  sfq: 'a limit that is given bounds the flows',
};

test('each kind has a name of its own, and unknown ones are not found', () => {
  expect(new Set(QDISCS.map((kind) => kind.kind)).size).toBe(QDISCS.length);
  expect(findQdisc('constructor')).toBeNull();
  expect(findQdisc('ht')).toBeNull();
});

test('words of classes: those that users make, bands that can change, no others', () => {
  expect(QDISCS.filter((kind) => findClass(kind.kind) !== null).map((kind) => kind.kind)).toEqual(
    expect.arrayContaining(['drr', 'htb', 'hfsc', 'qfq', 'ets']),
  );
  expect(findClass('prio')).toBeNull();
});

test.each(KINDS)('%s: words, bytes, settings and dump settle after one turn', (name, kind) => {
  const words = new Words((MINIMAL[name] ?? '').split(' ').filter((word) => word !== ''));
  const request = payloadOf(written((w) => kind.speak(words, w)));
  const settings = kind.settle(null, request, placeOf(kind));
  const dump = written((w) => kind.dump(settings, w));
  if (name in DUMP_DIFFERS) return;
  const again = kind.settle(null, payloadOf(dump), placeOf(kind));
  expect(written((w) => kind.dump(again, w))).toEqual(dump);
});

/** Attribute lists with numbers that kinds know, and payloads of any length; or bytes that are none. */
const optionBytes = fc.oneof(
  fc.uint8Array({ maxLength: 96 }),
  fc
    .array(fc.tuple(fc.integer({ min: 0, max: 20 }), fc.uint8Array({ maxLength: 72 })), { maxLength: 6 })
    .map((rows) => {
      const w = new AttrWriter();
      for (const [type, payload] of rows) w.nest(type, () => w.bytes(payload));
      return w.done();
    }),
);

test.each(KINDS)('%s: any option bytes are settled or refused, and printed', (_, kind) => {
  fc.assert(
    fc.property(optionBytes, (bytes) => {
      answer(() => written((w) => kind.dump(kind.settle(null, bytes, placeOf(kind)), w)));
      for (const style of ['text', 'json'] as const) {
        kind.print(bytes, new Printer(style), { details: true, raw: true, iec: false });
      }
    }),
    { numRuns: 300 },
  );
});

const CLASSES = ['drr', 'htb', 'hfsc', 'qfq'].map((name) => [name] as const);

test.each(CLASSES)('%s: any option bytes of a class are settled or refused, and printed', (name) => {
  const classes = kindOf(name).classes;
  if (classes === null) throw new Error(name);
  fc.assert(
    fc.property(optionBytes, (bytes) => {
      const settle = () => classes.settle(null, bytes, classPlace(name));
      answer(() => written((w) => classes.dump(settle(), w, { depth: 0, leaf: true, height: 0 })));
      classes.print(bytes, new Printer(), PLAIN);
    }),
    { numRuns: 300 },
  );
});

test('samples of a codec, printed and dumped, never fail in a way of their own', () => {
  let seed = 1;
  const draw = (bound: number): number => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return (seed >>> 8) % bound;
  };
  for (const kind of QDISCS) {
    for (let i = 0; i < 200; i++) {
      const bytes = written((w) => kind.codec.write(kind.codec.sample(draw), w));
      kind.print(bytes, new Printer('json'), { details: true, raw: false, iec: true });
      answer(() => written((w) => kind.dump(kind.settle(null, bytes, placeOf(kind)), w)));
    }
  }
});

const VOCABULARY = [
  ...['limit', 'rate', 'burst', 'default', 'bands', 'priomap', 'quanta', 'strict', 'quantum', 'target', 'sc', 'rt'],
  ...['m1', 'd', 'm2', 'umax', 'dmax', 'ul', 'avpkt', 'bandwidth', 'min', 'max', 'probability', 'ecn', 'ceil', 'mtu'],
  ...['mpu', 'overhead', 'linklayer', 'atm', 'latency', 'peakrate', 'qevent', 'mark', 'block', 'memory_limit', 'rtt'],
  ...['0', '1', '-1', '10', '1mbit', '10k', '1.5k/8', '4294967295', '1e30', '5ms', '0x10', '', 'é', 'help', 'x'],
];

test('any words are understood or refused in tc’s way', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...QDISCS),
      fc.array(fc.constantFrom(...VOCABULARY), { maxLength: 9 }),
      (kind, words) => {
        refusal(() => written((w) => kind.speak(new Words(words), w)));
        refusal(() => written((w) => findClass(kind.kind)?.speak(new Words(words), w)));
      },
    ),
    { numRuns: 5000 },
  );
});

import { expect, test } from 'vitest';
import { Frame, openCapture, PcapWriter } from '../capture/index.ts';
import { Tracker } from '../conntrack/index.ts';
import { createEnv } from '../env.ts';
import { ERAS } from '../era.ts';
import { describeFrame, NO_METADATA } from '../packet/index.ts';
import { planFilter } from '../plan.ts';
import { classHosts } from '../report/index.ts';
import { Run } from '../run.ts';
import { type EngineName, Replay } from './index.ts';

const TTL = 14 + 8;
const TCP_LENGTH = 14 + 20 + 12;
const UDP_LENGTH = 14 + 20 + 4;
/** Five words of header, and ACK. */
const TCP_REST = [0x50, 0x10];

function runOf(filters: readonly string[], sharing: boolean, tracker: Tracker | null): Run {
  const clock = { now: 0 };
  const env = createEnv({ era: ERAS['6.1'], seed: 0, clock });
  return new Run({
    env,
    clock,
    device: { hook: 'egress', vlan: 'offload' },
    metadata: NO_METADATA,
    sharing,
    tracker,
    known: { rxhashKey: false, foldKey: false },
    filters: filters.map((spec) => planFilter(spec)),
  });
}

/** Has the frames classified, written as a file; so many of them in a second. */
function replayed(run: Run, engine: EngineName, frames: Iterable<Uint8Array>, rate = Number.POSITIVE_INFINITY): Run {
  const replay = new Replay(run, engine);
  const reader = openCapture(replay.room);
  // Bit by bit: what does not fit in the loop's room is the plain engine's.
  const writer = new PcapWriter({ linkType: 1 }, (chunk) => {
    reader.push(chunk);
    replay.take(reader);
  });
  let number = 0;
  for (const data of frames) {
    const seconds = Math.floor(number++ / rate);
    writer.write(Object.assign(new Frame(), { data, end: data.length, length: data.length, linkType: 1, seconds }));
  }
  writer.finish();
  reader.finish();
  replay.take(reader);
  replay.settle();
  return run;
}

/** The classes of packets, each told by its words and its time to live. */
function classes(engine: EngineName, filters: readonly string[], packets: readonly (readonly [string, number])[]) {
  const frames = packets.map(([words, ttl]) => {
    const data = describeFrame(words);
    data[TTL] = ttl;
    data.set(TCP_REST, TCP_LENGTH);
    return data;
  });
  return [...replayed(runOf(filters, false, new Tracker()), engine, frames).tally.rows()];
}

test('a connection is known by the packets that the tracker saw, not by what an action made of them', () => {
  const filters = [
    "map key mark match 'cmp(u8 at 8 eq 1)' baseclass 1:1 action pedit munge ip src set 10.0.0.9 continue",
    'map key nfct-src and 0xff baseclass 1:1',
  ];
  const near = 'tcp 10.0.0.1:1000 > 192.0.2.1:53';
  const far = 'tcp 10.0.0.9:1000 > 192.0.2.1:53';
  const packets = [
    [near, 1],
    [near, 1],
    [near, 1],
    [far, 64],
    [far, 64],
  ] as const;
  const plain = classes('plain', filters, packets);
  expect(plain.map(({ classid, packets: count }) => [classid, count])).toEqual([
    [0x10002, 3],
    [0x1000a, 2],
  ]);
  expect(classes('auto', filters, packets)).toEqual(plain);
});

/** What a table of connections keeps to itself. */
interface Inside {
  readonly top: number;
  readonly stride: number;
  readonly mask: number;
  readonly entries: Int32Array;
  readonly index: Int32Array;
  readonly cells: Int32Array;
}

test('a table of connections that grows, and forgets the expired, is the same word for word in both engines', () => {
  const frames = Array.from({ length: 12_000 }, (_, i) => {
    // Each comes by twice; the second is an answer now and then.
    const [near, far] = [`10.0.${(i >> 1) & 255}.${(i >> 9) & 255}:${1000 + (i >> 1)}`, '192.0.2.1:53'];
    const data = describeFrame(i % 6 === 3 ? `udp ${far} > ${near}` : `udp ${near} > ${far}`);
    data[UDP_LENGTH + 1] = 8;
    return data;
  });
  const inside = (engine: EngineName, max: number) => {
    const tracker = new Tracker({ max });
    const { tally, fullTable } = replayed(
      runOf(['hash keys nfct-src divisor 16'], false, tracker),
      engine,
      frames,
      100,
    );
    const { top, stride, mask, entries, index, cells } = (tracker as unknown as { readonly v4: Inside }).v4;
    return {
      fullTable,
      rests: [...tally.rests],
      unclassified: tally.unclassified(),
      cells: [...cells.subarray(0, 6)],
      entries: [...entries.subarray(0, top * stride)],
      index: [...index.subarray(0, 2 * (mask + 1))],
      size: tracker.size,
    };
  };
  const plain = inside('plain', 0);
  // Of 6000 connections that last 30 or 120 seconds in two minutes.
  expect(plain.size).toBeGreaterThan(1024);
  expect(plain.size).toBeLessThan(6000);
  expect(inside('compiled', 0)).toEqual(plain);
  // With room for some of them, which are known to be so many at the first that has none.
  for (const max of [1, 500, 1000]) {
    const full = inside('plain', max);
    expect([full.size <= max, full.fullTable?.max]).toEqual([true, max]);
    expect(inside('compiled', max)).toEqual(full);
  }
}, 20_000);

const SOURCE = 14 + 12;
const PORTS = 14 + 20;

test.each([
  ['tcp 10.0.0.1:1000 > 192.0.2.1:53', SOURCE, PORTS],
  ['tcp [2001:db8::1]:1000 > [2001:db8::2]:53', 14 + 20, 14 + 40],
])(
  "flows and hosts are the plain engine's, also when the tables of the loop have grown: %s",
  (words, source, ports) => {
    function* frames(): Generator<Uint8Array> {
      const data = describeFrame(words);
      const view = new DataView(data.buffer);
      for (const count of [100_000, 100_000]) {
        for (let i = 0; i < count; i++) {
          view.setUint16(source, i % 30_011);
          view.setUint16(ports, i >>> 4);
          yield data;
        }
      }
    }
    const shared = (engine: EngineName) =>
      replayed(runOf(['hash keys src divisor 3', 'hash keys dst divisor 5'], true, null), engine, frames()).sharing;
    const compiled = shared('compiled');
    const plain = shared('plain');
    expect(compiled?.perClass()).toEqual(plain?.perClass());
    expect(compiled && classHosts(compiled, 100_000)).toEqual(plain && classHosts(plain, 100_000));
    expect(compiled?.isEstimate).toBe(false);
  },
);

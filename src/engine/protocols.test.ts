import { describe, expect, it, test } from 'vitest';
import { ethernet, frameOf, ipv4, ipv6 } from '../../test/frames.ts';
import { openCapture, PcapWriter } from '../capture/index.ts';
import { createEnv } from '../env.ts';
import { ERAS } from '../era.ts';
import { NO_METADATA, TRANSPORT_HEADERS } from '../packet/index.ts';
import { planFilter } from '../plan.ts';
import { type EngineName, Replay } from '../replay/index.ts';
import { Run } from '../run.ts';
import { protocolTable } from './headers.ts';

const NUMBERS = Array.from({ length: 256 }, (_, number) => number);

/** Bytes that are ports to some, and a whole header naming another protocol to others. */
const BEHIND = `2f010203 06000405 45000028 ${'060a0b0c'.repeat(12)}`;
const A6 = '20010db8000000000000000000000001';
const B6 = '20010db8000000000000000000000002';

const FRAMES = {
  IPv4: (number: number) => ethernet('0800', ipv4('192.0.2.1', '198.51.100.2', number, BEHIND)),
  IPv6: (number: number) => ethernet('86dd', ipv6(A6, B6, number, BEHIND)),
};
const HEADERS = { IPv4: 34, IPv6: 54 };

/** What comes of the frames: class, packets and bytes, and how far each can be trusted. `kept`: bytes captured. */
function outcome(engine: EngineName, frames: readonly Uint8Array[], kept: number): unknown {
  const clock = { now: 0 };
  const run = new Run({
    ...{ env: createEnv({ era: ERAS['6.1'], seed: 0, clock }), clock, metadata: NO_METADATA, sharing: false },
    ...{ device: { hook: 'egress', vlan: 'offload' }, tracker: null, known: { rxhashKey: false, foldKey: true } },
    filters: [planFilter('hash keys src,dst,proto,proto-src,proto-dst divisor 65535 baseclass 1:1')],
  });
  const replay = new Replay(run, engine);
  const reader = openCapture(replay.room);
  const writer = new PcapWriter({ linkType: 1 }, (chunk) => reader.push(chunk));
  for (const data of frames) {
    const frame = frameOf(data.subarray(0, kept));
    writer.write(Object.assign(frame, { length: data.length }));
  }
  writer.finish();
  reader.finish();
  replay.take(reader);
  replay.settle();
  expect(replay.why === null).toBe(engine !== 'plain');
  const { tally } = run;
  return { rows: [...tally.rows()], missed: tally.unclassified(), trust: tally.exactness };
}

describe.each(['IPv4', 'IPv6'] as const)('both engines agree on %s of every protocol', (family) => {
  const frames = NUMBERS.map(FRAMES[family]);
  const header = HEADERS[family];
  it.each([
    ['whole', 1000],
    ['cut behind the ports', header + 4],
    ['cut in the ports', header + 3],
    ['cut behind the network header', header],
    ['cut in the network header', header - 7],
  ])('%s', (_, kept) => {
    // The first packet is always the plain engine's.
    const captured = [FRAMES.IPv4(6), ...frames];
    expect(outcome('compiled', captured, kept)).toEqual(outcome('plain', captured, kept));
  });

  it('one by one, so that a failure names the protocol', () => {
    const differing = NUMBERS.filter((number) => {
      const captured = [FRAMES.IPv4(6), FRAMES[family](number)];
      const [plain, compiled] = (['plain', 'compiled'] as const).map((engine) => outcome(engine, captured, 1000));
      return JSON.stringify(plain) !== JSON.stringify(compiled);
    });
    expect(differing).toEqual([]);
  });
});

test('the loop takes a protocol only if the dissector has a row for it and reads nothing behind it', () => {
  const table = protocolTable();
  const plain = table[255];
  const taken = NUMBERS.filter((number) => table[number] !== plain);
  const rows = TRANSPORT_HEADERS.filter(({ read, ports }) => read === null && (ports === null || ports === 0));
  expect(taken).toEqual(rows.map(({ number }) => number).sort((a, b) => a - b));
});

import { expect, test } from 'vitest';
import { Frame, PcapWriter } from '../capture/index.ts';
import { createEnv } from '../env.ts';
import { ERAS } from '../era.ts';
import { describeFrame, NO_METADATA } from '../packet/index.ts';
import { planFilter } from '../plan.ts';
import { Run } from '../run.ts';
import { Replay } from './compiled.ts';

function runOf(): Run {
  const clock = { now: 0 };
  return new Run({
    env: createEnv({ era: ERAS['6.1'], seed: 0, clock }),
    clock,
    device: { hook: 'egress', vlan: 'offload' },
    metadata: NO_METADATA,
    sharing: true,
    tracker: null,
    known: { rxhashKey: false, foldKey: false },
    filters: [planFilter('hash keys src,dst divisor 64')],
  });
}

/** A capture of UDP and, every so often, of a frame that the compiled engine leaves to the plain one. */
function capture(packets: number): Uint8Array {
  const chunks: Uint8Array[] = [];
  const writer = new PcapWriter({ linkType: 1 }, (chunk) => void chunks.push(chunk.slice()));
  for (let i = 0; i < packets; i++) {
    const data = i % 50 === 7 ? new Uint8Array(60) : describeFrame(`udp 10.0.${i >> 8}.${i & 255}:1 > 192.0.2.1:53`);
    writer.write(Object.assign(new Frame(), { data, end: data.length, length: data.length, linkType: 1 }));
  }
  writer.finish();
  return Buffer.concat(chunks);
}

test('chunks of any size come to the same counts, and as many packets go each way', () => {
  const bytes = capture(9000);
  const found = [1, 7, 4096, 64 << 10, 256 << 10, 1 << 20, 64 << 20].map((size) => {
    const run = runOf();
    const replay = new Replay(run, 'auto');
    for (let at = 0; at < bytes.length; at += size) replay.push(bytes.subarray(at, at + size));
    expect(replay.finish()).toBeNull();
    const { packets, why } = replay;
    return {
      packets,
      why,
      tally: [...run.tally.rows()],
      missed: run.tally.unclassified(),
      flows: run.sharing?.perClass(),
    };
  });
  const [first] = found;
  expect(first?.why).toBeNull();
  expect(first?.packets).toEqual({ compiled: 8819, plain: 181 });
  for (const other of found) expect(other).toEqual(first);
});

test('a capture that ends in a record says where, and the next push begins another', () => {
  const bytes = capture(3);
  const replay = new Replay(runOf(), 'auto');
  replay.push(bytes.subarray(0, bytes.length - 1));
  expect(replay.finish()).toMatchObject({ offset: 24 + (2 * (bytes.length - 24)) / 3 });
  replay.push(bytes);
  expect(replay.finish()).toBeNull();
  // The first packet of each capture is the plain engine's.
  expect(replay.packets).toEqual({ compiled: 3, plain: 2 });
});

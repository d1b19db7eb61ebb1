import { afterEach, describe, expect, it, vi } from 'vitest';
import { ETHERNET, frameOf } from '../../test/frames.ts';
import { openCapture, PcapWriter } from '../capture/index.ts';
import { restsCell } from '../engine/layout.ts';
import { createEnv } from '../env.ts';
import { ERAS } from '../era.ts';
import { describeFrame, NO_METADATA } from '../packet/index.ts';
import { planFilter } from '../plan.ts';
import { Run } from '../run.ts';
import { Replay } from './compiled.ts';

function replayOf(spec: string): { run: Run; replay: Replay } {
  const clock = { now: 0 };
  const run = new Run({
    env: createEnv({ era: ERAS['6.1'], seed: 0, clock }),
    clock,
    device: { hook: 'egress', vlan: 'offload' },
    filters: [planFilter(spec)],
    known: { rxhashKey: true, foldKey: true },
    metadata: NO_METADATA,
    tracker: null,
    sharing: false,
  });
  return { run, replay: new Replay(run, 'auto') };
}

/** Takes ten packets, of which ICMP has no ports: their keys rest on the pointer. */
function counted(replay: Replay): void {
  const reader = openCapture(replay.room);
  const writer = new PcapWriter({ linkType: ETHERNET }, (chunk) => reader.push(chunk));
  for (let i = 0; i < 10; i++) {
    const words = i % 2 === 0 ? 'udp 192.0.2.1:53 > 198.51.100.1:53' : 'icmp 192.0.2.1 > 198.51.100.1';
    writer.write(frameOf(describeFrame(words)));
  }
  writer.finish();
  replay.take(reader);
}

describe('Replay where WebAssembly fails, and where numbers are large', () => {
  afterEach(() => void vi.unstubAllGlobals());
  const fails = class {
    constructor() {
      throw new RangeError('could not allocate memory');
    }
  };
  const failsWhenLong = class {
    constructor(bytes: Uint8Array) {
      if (bytes.length > 8) throw new RangeError('no room for code');
    }
  };

  it.each([
    ['has no memory', { Memory: fails }, 'no memory for WebAssembly here'],
    ['may not compile', { Module: fails }, 'WebAssembly may not compile here'],
    ['has no room for code', { Module: failsWhenLong }, 'WebAssembly may not compile here'],
  ])('takes the plain engine, and says so, where WebAssembly %s', (_, stub, why) => {
    const all = replayOf('map key src');
    counted(all.replay);
    all.replay.settle();
    expect(all.replay.why).toBeNull();
    vi.stubGlobal('WebAssembly', { Memory: WebAssembly.Memory, Module: WebAssembly.Module, ...stub });
    const { run, replay } = replayOf('map key src');
    counted(replay);
    replay.settle();
    expect(replay.why).toBe(why);
    expect([...run.tally.rows()]).toEqual([...all.run.tally.rows()]);
  });

  it('counts what results rest on in 64 bits', () => {
    const { run, replay } = replayOf('map key proto-src');
    counted(replay);
    const words = new Int32Array(replay.room?.buffer ?? new ArrayBuffer(0));
    const unusual = words[restsCell(1) >> 2] ?? 0;
    expect(unusual).toBeGreaterThan(0);
    words[(restsCell(1) >> 2) + 1] = 3;
    replay.settle();
    const rests = [...run.tally.rests.values()].reduce((sum, packets) => sum + packets, 0);
    expect(rests).toBeGreaterThanOrEqual(3 * 2 ** 32 + unusual);
  });
});

import { Frame } from '../../../src/capture/index.ts';
import { Tracker } from '../../../src/conntrack/index.ts';
import { createEnv } from '../../../src/env.ts';
import { ERAS, type EraName } from '../../../src/era.ts';
import { NO_METADATA } from '../../../src/packet/index.ts';
import { Run } from '../../../src/run.ts';
import { parseFlowOptions } from '../../../src/sched/flow/index.ts';
import type { Trial as Packet } from '../../fuzz/generate.ts';
import { deepFrames } from '../../limits/broken.ts';
import type { Found, Row } from '../row.ts';

const BAR = 50;
/** Its walk ends where the packet ends: 16 000 tags. */
const SEED_BAR = 400;
const LIMITED = (Object.keys(ERAS) as EraName[]).filter((name) => name !== 'seed');
/** Where a machine is busy: what lies above is no noise. */
const ALLOWANCE = 5;
const SPEC = 'hash keys src,dst,proto,proto-src,proto-dst,nfct-src,nfct-proto-src,vlan-tag,rxhash divisor 1024';
const [ROUNDS, PACKETS] = [8, 100];

export const R9: Row = {
  id: 'R9',
  test: 'packets of 64 KiB that are headers all the way, through everything that `classify` does with a packet',
  bar: 'the worst takes less than 50 µs; the kernel of the seed era had no limit on headers',
  inCi: true,
  run(): Found {
    const limited = measured(LIMITED);
    const seed = measured(['seed']);
    const [worst, ofSeed] = [limited, seed].map(slowest);
    const figure = `${limited.length} packets; the worst: ${worst?.text}; of the seed era: ${ofSeed?.text}`;
    const slow = [...over(limited, BAR * ALLOWANCE), ...over(seed, SEED_BAR * ALLOWANCE)];
    const failures = slow.map(({ text }) => text);
    return over(limited, BAR).length > 0 ? { figure, failures, short: worst?.text ?? '' } : { figure, failures };
  },
};

interface Measured {
  readonly time: number;
  readonly text: string;
}

const measured = (eras: readonly EraName[]): Measured[] =>
  Object.entries(deepFrames()).flatMap(([name, packet]) =>
    eras.map((era) => {
      const time = timeOf(packet, era);
      return { time, text: `${time.toFixed(1)} µs (${name}, ${era})` };
    }),
  );

const slowest = (all: readonly Measured[]): Measured | undefined => all.toSorted((a, b) => b.time - a.time)[0];
const over = (all: readonly Measured[], bar: number): Measured[] => all.filter(({ time }) => time > bar);

/** µs of processor time for a packet, in the quickest of some rounds: other processes do not count. */
function timeOf({ linkType, bytes }: Packet, era: EraName): number {
  const run = runOf(era);
  const frame = new Frame();
  Object.assign(frame, { linkType, data: bytes, at: 0, end: bytes.length, length: bytes.length });
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const began = process.cpuUsage();
    for (let i = 0; i < PACKETS; i++) run.step(frame);
    const { user, system } = process.cpuUsage(began);
    best = Math.min(best, user + system);
  }
  return best / PACKETS;
}

function runOf(era: EraName): Run {
  const clock = { now: 0 };
  return new Run({
    env: createEnv({ era: ERAS[era], seed: 0, clock }),
    clock,
    device: { hook: 'egress', vlan: 'offload' },
    metadata: NO_METADATA,
    sharing: true,
    known: { rxhashKey: false, foldKey: false },
    tracker: new Tracker(),
    filters: [{ spec: SPEC, options: parseFlowOptions(SPEC) }],
  });
}

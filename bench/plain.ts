import { readFrames } from '../node/files.ts';
import { createEnv } from '../src/env.ts';
import { ERAS } from '../src/era.ts';
import { NO_METADATA } from '../src/packet/index.ts';
import { Run } from '../src/run.ts';
import { parseFlowOptions } from '../src/sched/flow/index.ts';

/** What one process measured of itself. */
export interface Measurement {
  readonly packets: number;
  readonly classes: number;
  /** Wall time of reading and classifying, without the start of the process. */
  readonly seconds: number;
  /** CPU time of the whole process, user and system. */
  readonly cpuSeconds: number;
  readonly peakMb: number;
}

const SPEC = 'hash keys src,dst,proto,proto-src,proto-dst divisor 1024';

/** `node plain.js FILE flows|no-flows`: the plain engine over a capture; prints a Measurement. */
async function main(file: string, sharing: boolean): Promise<void> {
  const clock = { now: 0 };
  const env = createEnv({ era: ERAS['6.1'], seed: 0, clock });
  const run = new Run({
    ...{ env, clock, device: { hook: 'egress', vlan: 'offload' }, metadata: NO_METADATA, tracker: null, sharing },
    known: { rxhashKey: false, foldKey: false },
    filters: [{ spec: SPEC, options: parseFlowOptions(SPEC) }],
  });
  const began = performance.now();
  await readFrames(file, (frame) => run.step(frame));
  const seconds = (performance.now() - began) / 1000;
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  const measurement: Measurement = {
    ...{ packets: run.number, classes: [...run.tally.rows()].length, seconds },
    ...{ cpuSeconds: (userCPUTime + systemCPUTime) / 1e6, peakMb: (maxRSS * 1024) / 1e6 },
  };
  console.log(JSON.stringify(measurement));
}

const [file, flows] = process.argv.slice(2);
if (file !== undefined) await main(file, flows === 'flows');

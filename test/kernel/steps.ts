import type { Era } from '../../src/era.ts';
import type { SipKey } from '../../src/hash/index.ts';
import type { RunningKernel } from './harness.ts';
import { type KernelPacket, PacketReader } from './sk-buff.ts';
import {
  Control,
  entries,
  guestScript,
  readBtf,
  seedAt,
  sipKeyAt,
  Visit,
  visitSize,
  visits,
  watchPlan,
} from './watch.ts';

/** A frame that is sent on the device, or a shell command; `at`: not before so many seconds from the start. */
export type Step = { readonly at: number } & ({ readonly frame: Uint8Array } | { readonly run: string });

/** What one classifier said of a packet. */
export interface StepAnswer {
  readonly pref: number;
  readonly classid: number;
  readonly verdict: number;
  readonly hashrnd: number;
}

export interface Taken {
  /** When it began and when it was over, in seconds from the start. */
  readonly began: number;
  readonly over: number;
  readonly answers: readonly StepAnswer[];
  /** The packet that was classified first; null: none was. */
  readonly packet: KernelPacket | null;
}

export interface StepsTaken {
  readonly steps: readonly Taken[];
  readonly rxhashKey: SipKey;
  readonly foldKey: SipKey;
  file(name: string): Buffer;
}

const VISITS = 4096;

/** Takes the steps in a network namespace of their own, and says what every flow classifier of the machine answered. */
export async function takeSteps(
  k: RunningKernel,
  era: Era,
  setup: string,
  device: string,
  steps: readonly Step[],
): Promise<StepsTaken> {
  const btf = await readBtf(k);
  const reader = new PacketReader(btf);
  const watching = watchPlan(btf, [visits(btf)], { visits: VISITS, packets: steps.length + 1 });
  const plan = {
    ...watching.plan,
    setup,
    device,
    steps: steps.map((step) =>
      'frame' in step ? { at: step.at, frame: Buffer.from(step.frame).toString('hex') } : step,
    ),
  };
  const files = { ...watching.files, 'plan.json': JSON.stringify(plan) };
  const job = await k.run(guestScript('steps.py'), files, 120);
  if (job.exit !== 0) throw new Error(`steps.py ended with ${job.exit}: ${job.stderr}${job.stdout}`);
  if (job.stderr !== '') console.log(job.stderr.trim());
  const { times } = JSON.parse(job.file('report.json').toString('utf8')) as { times: [number, number][] };
  const control = job.file('control');
  const foldKey = sipKeyAt(control, Control.foldKey);
  const word = (pointer: bigint): number => Number(BigInt.asIntN(32, pointer));
  const fold = (pointer: bigint): number => era.fold(word(pointer), word(pointer >> 32n), foldKey) >>> 0;
  const answers = answersOf(job.file('visits'), steps.length);
  const packets = job.file('packets');
  return {
    steps: times.map(([began, over], i) => {
      const copy = packets.subarray((i + 1) * reader.size, (i + 2) * reader.size);
      const mine = answers[i] ?? [];
      return { began, over, answers: mine, packet: mine.length === 0 ? null : reader.read(copy, fold) };
    }),
    rxhashKey: sipKeyAt(control, Control.rxhashKey),
    foldKey,
    file: (name) => job.file(name),
  };
}

function answersOf(noted: Buffer, steps: number): StepAnswer[][] {
  const answers: StepAnswer[][] = Array.from({ length: steps }, () => []);
  for (const visit of entries(noted, visitSize(1))) {
    answers[visit.readUInt32LE(Visit.frame) - 1]?.push({
      pref: visit.readUInt32LE(Visit.pref) >>> 16,
      classid: visit.readUInt32LE(Visit.classid),
      verdict: visit.readInt32LE(Visit.verdict),
      hashrnd: seedAt(visit).hashrnd,
    });
  }
  return answers;
}

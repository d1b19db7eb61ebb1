import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Era } from '../../src/era.ts';
import type { SipKey } from '../../src/hash/index.ts';
import { sipKeyAt } from './classify.ts';
import type { RunningKernel } from './harness.ts';
import { GUEST } from './root.ts';
import { type KernelPacket, PacketReader } from './sk-buff.ts';
import { Control, packetSize, readBtf, Visit, watchProgram } from './watch.ts';

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
const script = (name: string): string => readFileSync(path.join(GUEST, name), 'utf8');

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
  const plan = {
    setup,
    device,
    steps: steps.map((step) =>
      'frame' in step ? { at: step.at, frame: Buffer.from(step.frame).toString('hex') } : step,
    ),
    maps: [
      [Control.size, 1],
      [Visit.size, VISITS],
      [packetSize(btf), steps.length + 1],
    ],
    function: btf.functionId('flow_classify'),
    control: Control,
  };
  const files = { 'bpf.py': script('bpf.py'), 'plan.json': JSON.stringify(plan), program: watchProgram(btf) };
  const job = await k.run(script('steps.py'), files, 120);
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

function answersOf(visits: Buffer, steps: number): StepAnswer[][] {
  const answers: StepAnswer[][] = Array.from({ length: steps }, () => []);
  for (let at = 0; at + Visit.size <= visits.length; at += Visit.size) {
    answers[visits.readUInt32LE(at + Visit.frame) - 1]?.push({
      pref: visits.readUInt32LE(at + Visit.pref) >>> 16,
      classid: visits.readUInt32LE(at + Visit.classid),
      verdict: visits.readInt32LE(at + Visit.verdict),
      hashrnd: visits.readUInt32LE(at + Visit.hashrnd),
    });
  }
  return answers;
}

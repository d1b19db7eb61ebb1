import { statSync } from 'node:fs';
import { CaptureFile } from '../../node/files.ts';
import { Frame } from '../../src/capture/index.ts';
import { Tracker } from '../../src/conntrack/index.ts';
import { createEnv } from '../../src/env.ts';
import { ERAS } from '../../src/era.ts';
import { FormatError } from '../../src/errors.ts';
import { FlowKeys, NO_METADATA } from '../../src/packet/index.ts';
import { Run } from '../../src/run.ts';
import { parseFlowOptions } from '../../src/sched/flow/index.ts';

/** A file's walk: how it ended, and what it cost. */
export interface Outcome {
  readonly frames: number;
  /** `result`, `cut: …`, or the typed error's name, offset and message. */
  readonly end: string;
  readonly seconds: number;
  /** Of the file, or of what it inflates to if that is more. */
  readonly bytes: number;
}

/** A frame as the classifier saw it. */
export type Visit = (run: Run, keys: FlowKeys, frame: Frame) => void;

const SPEC = 'hash keys src,dst,proto,proto-src,proto-dst,nfct-src,nfct-proto-src,vlan-tag,rxhash divisor 1024';

/** Classifies a capture with everything on: connections, flow hash, flows and hosts counted. Untyped errors are thrown. */
export async function walk(path: string, visit: Visit = () => {}): Promise<Outcome> {
  const clock = { now: 0 };
  const env = createEnv({ era: ERAS['6.1'], seed: 0, clock });
  const run = new Run({
    env,
    clock,
    device: { hook: 'egress', vlan: 'offload' },
    metadata: NO_METADATA,
    sharing: true,
    known: { rxhashKey: false, foldKey: false },
    tracker: new Tracker(),
    filters: [{ spec: SPEC, options: parseFlowOptions(SPEC) }],
  });
  const keys = run.filters[0]?.classifier.flow ?? new FlowKeys();
  const file = new CaptureFile(path);
  const frame = new Frame();
  const began = performance.now();
  let end = 'result';
  try {
    await file.take((reader) => {
      while (reader.next(frame)) {
        run.step(frame);
        visit(run, keys, frame);
      }
      return true;
    });
    if (file.cut !== null) end = `cut at ${file.cut.offset}: ${file.cut.message}`;
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    end = `${error.constructor.name} at ${error.offset}: ${error.message}`;
  }
  const seconds = (performance.now() - began) / 1000;
  return { frames: run.number, end, seconds, bytes: Math.max(statSync(path).size, file.reader.offset) };
}

import { Frame, openCapture, PcapWriter } from '../capture/index.ts';
import { Engine } from '../engine/index.ts';
import type { Run } from '../run.ts';
import { type EngineName, optionsOf, Replaying } from './replay.ts';

/** Captures through a run, with the compiled engine at hand. */
export class Replay extends Replaying {
  /**
   * `each`: what is to be done with every packet instead of Run.step(). Throws the UsageError of `compiled` where it
   * cannot be.
   */
  constructor(run: Run, wanted: EngineName, each: ((frame: Frame) => void) | null = null) {
    super(run, wanted, each, (options) => Engine.of(options));
  }
}

/** Which engine takes this packet of a capture, once its connection is known; of `plain`, why. */
export function engineFor(run: Run, frame: Frame): string {
  const options = optionsOf(run, false);
  const why = typeof options === 'string' ? options : Engine.refusal(options);
  const engine = typeof options === 'string' ? options : Engine.of({ ...options, tracker: null });
  if (why !== null || typeof engine === 'string') return `plain: ${why ?? engine}`;
  const reader = openCapture(engine.room);
  const writer = new PcapWriter({ linkType: frame.linkType }, (chunk) => reader.push(chunk));
  // The plain reader takes the first, and the file's header with it.
  writer.write(frame);
  writer.write(frame);
  writer.finish();
  reader.next(new Frame());
  return engine.run(reader, run.began) === 1 ? 'compiled' : 'plain: not one of the frames that the compiled one knows';
}

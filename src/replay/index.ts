/**
 * Captures through a run, by the fastest engine that can.
 *
 *   new Replay(run, 'auto')     push(chunk) as often as there are chunks of any size, finish(); then run.tally has the counts
 *   new Replaying(run, 'auto', null, make)  the same for those who load the engine (src/engine) when they need it
 *   replay.packets              how many each engine took; replay.why: why the compiled one takes none
 *   explain(run, frame)         the way of one packet step by step; explainText() as lines
 */
export { engineFor, Replay } from './compiled.ts';
export {
  type ArithmeticStep,
  type Explanation,
  explain,
  explainText,
  type FilterStep,
  type HeaderStep,
  type KeyStep,
  type RuleStep,
} from './explain.ts';
export { type EngineName, type LaneWork, type MakeEngine, PIECE, Replaying } from './replay.ts';
